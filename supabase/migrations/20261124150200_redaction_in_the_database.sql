-- Purpose: what the database hides from people it hides by the console's policy, by look as well as by name, and so that equal
--          secrets can be told from others within an answer.
-- Affected: private.redaction_mark, strike, redact_text, redact_value, redact_headers, body_json, read_entries;
--           internal.telegram_redaction.
-- Special: patterns have two groups, what is kept and what is hidden, and begin at a name or a prefix: none can be made to
--          go back over a text again and again.

-- A key of its own for every answer: otherwise whoever may write captures could try out what a short secret is.
create function private.redaction_mark(secret text, key bytea) returns text
language sql immutable parallel safe set search_path = '' as $$
  select case
    when key is null then '[redacted]'
    when key = '' then ''
    else '[redacted:' || left(encode(sha256(key || convert_to(secret, 'UTF8')), 'hex'), 8) || ']'
  end
$$;
comment on function private.redaction_mark(text, bytea) is 'What stands for a secret: [redacted], with a key the same eight digits for the same secret, with an empty key nothing.';

create function private.strike(body text, pattern text, key bytea, quotes text default '') returns text
language sql immutable parallel safe set search_path = '' as $$
  select case
    when body is null or body !~* pattern then body
    when key is null or key = '' then
      regexp_replace(body, pattern, '\1' || quotes || private.redaction_mark('', key) || quotes, 'gi')
    else (
      select string_agg(p.piece || coalesce(
          m.found[1] || case when m.found[2] ~ '^\[redacted' then m.found[2] else quotes || private.redaction_mark(m.found[2], key) || quotes end, ''),
        '' order by p.place)
      from unnest(regexp_split_to_array(body, pattern, 'i')) with ordinality as p (piece, place)
      left join regexp_matches(body, pattern, 'gi') with ordinality as m (found, place) using (place))
  end
$$;
comment on function private.strike(text, text, bytea, text) is 'A text in which the second group of every match is hidden, in quotes where a bare number was.';

create function private.redact_text(body text, key bytea, names text[], patterns text[]) returns text
language plpgsql immutable parallel safe set search_path = '' as $$
declare
  n constant text := '(?:token|secret|password|passwd|passphrase|passcode|pwd|api[-_]?key|(?:access|private|signing|subscription|account)[-_]?key|session(?:[-_]?id)?|authorization|bearer|cookie|credential|signature|csrf|xsrf|jwt|otp|mnemonic|cvv|cvc|(?:access|auth|device|recovery|security|verification)[-_]?code'
    || coalesce((select string_agg('|' || regexp_replace(e.name, '([^[:alnum:]_])', '\\\1', 'g'), '') from unnest($3) as e (name) where e.name <> ''), '')
    || ')[\w.-]*';
  pattern text;
begin
  body := private.strike(body, '(' || n || '"\s*:\s*")((?:[^"\\]|\\.)+)', $2);
  body := private.strike(body, '(' || n || '\\+"\s*:\s*\\+")((?:[^"\\]|\\+[^"\\])+)', $2);
  body := private.strike(body, '(' || n || '\\*"\s*:\s*)(-?[0-9][0-9.eE+-]*)', $2, '"');
  body := private.strike(body, '(' || n || '\\*"\s*:\s*\[)([^][]+)', $2, '"');
  body := private.strike(body, '(' || n || '\s*=\s*\\*["''])([^"''\\]+)', $2);
  body := private.strike(body, '((?:^|[?&;,\s])[^=&?;,\s"''<>]*(?:' || n || '|code)(?:\]|%5D)*=)([^&;\s"''<>]+)', $2);
  body := private.strike(body, '(<[\w:.-]*' || n || '(?:\s[^<>]*)?>)([^<]+)(?=</)', $2);
  body := private.strike(body, '(name="?[^"\r\n;]*' || n || '\]*"?(?:;[^\r\n]*)?\r?\n(?:[^\r\n]+\r?\n)*\r?\n)([^\r\n]+)', $2);
  body := private.strike(body, '(/' || n || '/)([^/?#\s"]*[0-9][^/?#\s"]*)', $2);
  body := private.strike(body, '(\m(?:bearer|basic)\s+)([A-Za-z0-9._~+/=-]{8,})', $2);
  body := private.strike(body, '(://[^/?#\s"''<>@:\\]*:)([^/?#\s"''<>@\\]+)(?=@)', $2);
  body := private.strike(body, '(-----BEGIN [A-Z0-9 ]*PRIVATE KEY[A-Z ]*-----)([^"]+)', $2);
  body := private.strike(body, '()(eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]*'
    || '|\m(?:(?:sk|rk|pk)_(?:live|test)_\w{10,}|whsec_[\w+/=]{16,}|sb_secret_\w{10,}|gh[posru]_\w{20,}|github_pat_\w{20,}|glpat-[\w-]{16,}'
    || '|xox[abeops]-[\w-]{10,}|A[KS]IA[A-Z0-9]{16}|AIza[\w-]{30,}|GOCSPX-[\w-]{20,}|ya29\.[\w-]{20,}|sk-[\w-]{20,}|npm_[A-Za-z0-9]{30,}'
    || '|SG\.[\w-]{16,}\.[\w-]{16,}|shp(?:at|ss|ca|pa)_[a-f0-9]{32,}|hf_[A-Za-z0-9]{30,}|hv[sb]\.[\w-]{20,}|\d{6,12}:AA[\w-]{32,}))', $2);
  foreach pattern in array $4 loop
    body := private.strike(body, '(?c)()(' || pattern || ')', $2);
  end loop;
  return body;
end
$$;
comment on function private.redact_text(text, bytea, text[], text[]) is 'A text body or URL without what names or looks of secrets give away in JSON (also within JSON), forms, queries, attributes, elements, multipart, paths, schemes and userinfo; names and patterns of a policy are secrets too.';

-- For searches: what is compared is what is shown to callers from whom secrets are hidden.
create or replace function private.redact_text(body text) returns text
language sql immutable parallel safe set search_path = '' as $$
  select private.redact_text($1, null, '{}', '{}')
$$;

create function private.redact_value(name text, value jsonb, key bytea, names text[], patterns text[]) returns jsonb
language sql immutable parallel safe set search_path = '' as $$
  select case
    when private.is_secret_name($1) or lower($1) = any (select lower(e.name) from unnest($4) as e (name))
      then to_jsonb(private.redaction_mark($2 #>> '{}', $3))
    when jsonb_typeof($2) = 'string' then to_jsonb(private.redact_text($2 #>> '{}', $3, $4, $5))
    when jsonb_typeof($2) = 'array' then coalesce((
      select jsonb_agg(private.redact_value('', v.value, $3, $4, $5) order by v.ordinality) from jsonb_array_elements($2) with ordinality v), '[]')
    else $2
  end
$$;
comment on function private.redact_value(text, jsonb, bytea, text[], text[]) is 'The value of a header or a field without secrets.';

create function private.redact_headers(headers jsonb, key bytea, names text[], patterns text[]) returns jsonb
language sql immutable parallel safe set search_path = '' as $$
  select case jsonb_typeof($1)
    when 'object' then coalesce((
      select jsonb_object_agg(h.key, private.redact_value(h.key, h.value, $2, $3, $4)) from jsonb_each($1) h), '{}')
    when 'array' then coalesce((
      select jsonb_agg(jsonb_build_array(h.value -> 0, private.redact_value(coalesce(h.value ->> 0, ''), h.value -> 1, $2, $3, $4)) order by h.ordinality)
      from jsonb_array_elements($1) with ordinality h), '[]')
  end
$$;
comment on function private.redact_headers(jsonb, bytea, text[], text[]) is 'Headers in the form given, without secrets.';
drop function private.redact_headers(jsonb);

create function private.body_json(body text, mark jsonb, reveal boolean, key bytea, names text[], patterns text[]) returns jsonb
language sql immutable parallel safe set search_path = '' as $$
  select case
    when not $3 and $2 ->> 'encoding' = 'base64' then $2 || jsonb_build_object('text', '', 'omitted', true)
    when $2 is null then to_jsonb(case when $3 then $1 else private.redact_text($1, $4, $5, $6) end)
    else $2 || jsonb_build_object('text', case when $3 then $1 else private.redact_text($1, $4, $5, $6) end)
  end
$$;
comment on function private.body_json(text, jsonb, boolean, bytea, text[], text[]) is 'A stored body as payloads carry it. Encoded bodies cannot be searched for secrets here, so where they are hidden those are left out.';
drop function private.body_json(text, jsonb, boolean);

create or replace function private.read_entries(ids uuid[], parts text[]) returns jsonb
language plpgsql volatile security definer set search_path = '' as $$
declare
  visible constant uuid[] := private.workspaces_with('entries', 'view');
  policy constant public.redaction_policies := (select p from public.redaction_policies p where p.destination = 'console');
  reveal constant boolean := private.has_capability('secrets', 'view') and not coalesce(policy.enabled, true);
  salt constant bytea := case when policy.mode = 'strip' then '' else extensions.gen_random_bytes(16) end;
  names constant text[] := coalesce(policy.extra_names, '{}');
  patterns constant text[] := coalesce(policy.extra_patterns, '{}');
  known constant text[] := array['request_headers', 'response_headers', 'request_body', 'response_body', 'extra'];
  wanted constant text[] := coalesce(parts, known);
  answer jsonb;
begin
  if ids is null or cardinality(ids) not between 1 and 500 then
    raise exception 'ids: give 1 to 500 ids' using errcode = 'PT400';
  end if;
  if not wanted <@ known then
    raise exception 'parts: use %', array_to_string(known, ', ') using errcode = 'PT400';
  end if;
  with asked as (
    select distinct on (a.id) a.id, a.ordinality from unnest(ids) with ordinality a (id, ordinality) order by a.id, a.ordinality
  ), found as materialized (
    select a.ordinality, e.*
    from asked a
    cross join lateral (
      select e.* from public.entries e
      where e.id = a.id and e.ts = private.entry_ts(a.id) and e.workspace_id = any (visible)
    ) as e
  ), logged as (
    select private.record_audit(f.workspace_id, 'entry.read', array_agg(f.id::text), null,
      jsonb_build_object('parts', wanted, 'revealed', reveal))
    from found f group by f.workspace_id
  )
  select jsonb_agg(
    to_jsonb(f) - 'payload' - 'ordinality'
      || case when reveal then '{}'::jsonb else jsonb_build_object(
        'url', private.redact_text(f.url, salt, names, patterns), 'path', private.redact_text(f.path, salt, names, patterns),
        'error', private.redact_text(f.error, salt, names, patterns)) end
      || jsonb_build_object(
        'redacted', not reveal,
        'payload', jsonb_strip_nulls(jsonb_build_object(
            'timestamp', f.ts, 'method', f.method, 'statusCode', f.status, 'duration', f.duration_ms,
            'isSecure', f.is_secure,
            'url', case when reveal then f.url else private.redact_text(f.url, salt, names, patterns) end))
          || case when 'extra' = any (wanted) then coalesce(
            case when reveal then p.extra else (
              select jsonb_object_agg(x.key, private.redact_value('', x.value, salt, names, patterns)) from jsonb_each(private.plain_fields(p.extra)) x) end,
            '{}') else '{}' end
          || case when 'request_headers' = any (wanted) and p.request_headers is not null
            then jsonb_build_object('requestHeaders', case when reveal then p.request_headers else private.redact_headers(p.request_headers, salt, names, patterns) end) else '{}' end
          || case when 'response_headers' = any (wanted) and p.response_headers is not null
            then jsonb_build_object('responseHeaders', case when reveal then p.response_headers else private.redact_headers(p.response_headers, salt, names, patterns) end) else '{}' end
          || case when 'request_body' = any (wanted) and p.request_body is not null
            then jsonb_build_object('requestBody', private.body_json(p.request_body, p.request_body_mark, reveal, salt, names, patterns)) else '{}' end
          || case when 'response_body' = any (wanted) and p.response_body is not null
            then jsonb_build_object('responseBody', private.body_json(p.response_body, p.response_body_mark, reveal, salt, names, patterns)) else '{}' end)
    order by f.ordinality)
  into answer
  from found f
  left join private.entry_payloads p on p.id = f.id and p.ts = f.ts
  where (select count(*) from logged) >= 0;
  return coalesce(answer, '[]');
end
$$;
comment on function private.read_entries(uuid[], text[]) is 'Entries of the caller''s workspaces with their payloads, in the order asked; audited; redacted unless secrets:view and scope secrets, and always while the policy of the console is on.';

create function internal.telegram_redaction() returns jsonb
language sql stable security definer set search_path = '' as $$
  select jsonb_build_object('enabled', p.enabled, 'mode', p.mode, 'extra_names', p.extra_names, 'extra_patterns', p.extra_patterns)
  from public.redaction_policies p where p.destination = 'telegram'
$$;
comment on function internal.telegram_redaction() is 'What is done to secrets in messages that nobody asked for.';
revoke execute on function internal.telegram_redaction() from public;
grant execute on function internal.telegram_redaction() to service_role;
revoke execute on function private.redaction_mark(text, bytea), private.strike(text, text, bytea, text),
  private.redact_text(text, bytea, text[], text[]), private.redact_value(text, jsonb, bytea, text[], text[]),
  private.redact_headers(jsonb, bytea, text[], text[]), private.body_json(text, jsonb, boolean, bytea, text[], text[])
from public;
