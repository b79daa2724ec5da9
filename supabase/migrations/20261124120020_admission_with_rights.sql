-- Purpose: a surface that shows only what is allowed learns the caller's rights with the admission, not after it.
-- Affected: internal.admit_with_rights.
-- Special: measured, each round trip is a quarter of a small MCP call.

create function internal.admit_with_rights(
  credential jsonb, bucket text, bucket_key text, capacity integer, per_seconds integer, cost integer default 1)
returns jsonb
language plpgsql volatile security definer set search_path = '' as $$
declare
  admission constant jsonb := internal.admit($1, $2, $3, $4, $5, $6);
begin
  -- The admission has put the credential in hand where liveness and rights are read from.
  return admission || jsonb_build_object('rights', private.my_rights());
end
$$;
comment on function internal.admit_with_rights(jsonb, text, text, integer, integer, integer) is 'internal.admit, and in rights what private.my_rights says of the same credential: null unless it is a live person''s.';
revoke execute on function internal.admit_with_rights(jsonb, text, text, integer, integer, integer) from public;
grant execute on function internal.admit_with_rights(jsonb, text, text, integer, integer, integer) to service_role;
