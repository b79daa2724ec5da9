-- Purpose: what is redacted for everybody, whatever they may see of the settings; patterns that every
--          part can match in linear time.
-- Affected: public.redaction_policies, private.are_redaction_patterns, public.redaction_policy.

create function private.are_redaction_patterns(patterns text[]) returns boolean
language sql immutable parallel safe set search_path = '' as $$
  select coalesce(bool_and(
    char_length(p.pattern) <= 200
    -- As often as Postgres repeats, and not so often that matching takes long.
    and (select coalesce(bool_and(r.least <= 255 and coalesce(r.most, r.least) between r.least and 255), true)
        and coalesce(sum(coalesce(r.most, r.least)), 0) <= 800
      from (
        select m[1]::integer as least, nullif(m[2], '')::integer as most
        from regexp_matches(p.pattern, '\{(\d{1,3})(?:,(\d{0,3}))?\}', 'g') as m) as r)
    and p.pattern ~ '^(?:(?:[^][\\(){}*+?|.^$]|\.|\\[dwsDWS]|\\[^A-Za-z0-9]|\[\^?(?:[^][\\]|\\[dwsDWS]|\\[^A-Za-z0-9])+\])(?:[*+?]|\{\d{1,3}(?:,(?:\d{1,3})?)?\})?|\|)+$'
  ), true)
  from unnest($1) as p (pattern)
$$;
comment on function private.are_redaction_patterns(text[]) is 'Whether all are patterns without groups, which no text can make slow: characters, classes, repetitions of those, and | between alternatives.';

alter table public.redaction_policies
  -- squawk-ignore constraint-missing-not-valid
  add constraint redaction_policies_patterns check (private.are_redaction_patterns(extra_patterns));
comment on column public.redaction_policies.extra_patterns is 'Further patterns of secrets: characters, . \d \w \s, classes, repetitions of those and |, without groups; up to 200 characters each.';

-- A check runs as whoever writes the row.
revoke execute on function private.are_redaction_patterns(text[]) from public;
grant execute on function private.are_redaction_patterns(text[]) to authenticated;

-- Who reads the settings is one thing; that secrets are hidden from everybody else as well is another.
create function private.redaction_policy(destination text) returns jsonb
language sql stable security definer set search_path = '' as $$
  select jsonb_build_object('enabled', p.enabled, 'mode', p.mode, 'extra_names', p.extra_names, 'extra_patterns', p.extra_patterns)
  from public.redaction_policies p
  where p.destination = $1 and (select private.user_id()) is not null
$$;
comment on function private.redaction_policy(text) is 'What is done to secrets on their way to a destination, for any signed-in caller; null for others.';
revoke execute on function private.redaction_policy(text) from public;
grant execute on function private.redaction_policy(text) to authenticated;

create function public.redaction_policy(destination text) returns jsonb
language sql stable set search_path = '' as $$
  select private.redaction_policy($1)
$$;
comment on function public.redaction_policy(text) is 'What is done to secrets on their way to a destination (console, export, mcp, busybro, telegram): {enabled, mode, extra_names, extra_patterns}.';
revoke execute on function public.redaction_policy(text) from public;
grant execute on function public.redaction_policy(text) to authenticated;
