-- Purpose: how a captured exchange becomes an entry and its payload.
-- Affected: private.derive_entries, private.ingest, public.ingest_entries, trigger on public.entries.
-- Special: one derivation serves both ways in. The batch RPC is set-based; the row trigger serves the documented
--          plain INSERT through PostgREST. Both lock the credential and then the devices written for, so that batches
--          with rows in common cannot deadlock on the identity index, whoever sends them.

create function private.header_value(headers jsonb, name text) returns text
language plpgsql immutable parallel safe set search_path = '' as $$
begin
  return case jsonb_typeof(headers)
    when 'object' then (
      select case jsonb_typeof(h.value) when 'array' then h.value ->> 0 else h.value #>> '{}' end
      from jsonb_each(headers) h where lower(h.key) = name limit 1)
    when 'array' then (
      select h.value ->> 1 from jsonb_array_elements(headers) h where lower(h.value ->> 0) = name limit 1)
  end;
end
$$;
comment on function private.header_value(jsonb, text) is 'First value of a header (name in lower case) in either form that payloads carry headers in.';

-- 1 MiB of content: octets of plain text, or 4/3 as many characters of base64 (a multiple of four, so it decodes).
create function private.body_limit(base64 boolean) returns integer
language sql immutable parallel safe set search_path = '' as $$
  select case when $1 then 1398104 else 1048576 end
$$;
comment on function private.body_limit(boolean) is 'Most octets of a stored body: 1 MiB of content, plain or in base64.';

create function private.cut_body(body text, base64 boolean) returns text
language plpgsql immutable parallel safe set search_path = '' as $$
begin
  return case
    when base64 then left(body, 1398100)
    when octet_length(left(body, 1048576)) <= 1048576 then left(body, 1048576)
    else left(body, 262144) -- four octets a character at most
  end;
end
$$;
comment on function private.cut_body(text, boolean) is 'A body over the limit cut to at most 1 MiB of content, never inside a character.';

-- Written as one query over the batch, without a function call a row where it can be avoided: a call of an SQL function
-- costs 10 µs, and the whole of an entry should stay below 50. "offset 0" keeps an expression from being computed once
-- for every column that uses it.
create function private.derive_entries(batch jsonb, own_device uuid)
returns table (
  ord integer, code text, message text,
  id uuid, request_id text, device_uuid uuid, workspace_id uuid, ts timestamptz, kind text, source text,
  method text, url text, host text, path text, is_secure boolean, status integer, duration_ms double precision,
  request_size bigint, response_size bigint, content_type text, os text, device_country text, error text, resent_from uuid,
  request_headers jsonb, response_headers jsonb, request_body text, request_body_mark jsonb,
  response_body text, response_body_mark jsonb, extra jsonb)
language plpgsql stable security definer set search_path = '' set work_mem = '32MB' as $$
#variable_conflict use_column
declare
  plain_limit constant integer := private.body_limit(false);
  base64_limit constant integer := private.body_limit(true);
begin
  return query
  select g.ord,
    f.code,
    case f.code
      when 'invalid_request_id' then 'request_id: give a text of 1 to 200 characters'
      when 'invalid_ts' then 'ts: give an ISO 8601 time with its offset, from 1970 to 9999'
      when 'invalid_device_uuid' then 'device_uuid: give a uuid, or leave it out for the credential''s own device'
      when 'unknown_device' then 'device_uuid: this credential does not write for that device'
      when 'invalid_kind' then 'kind: only "event" is known; leave it out'
      when 'invalid_source' then 'source: use one of vpn, pac, proxy, cdp, har'
      when 'invalid_payload' then 'payload: give an object'
    end,
    case when f.code is null then private.entry_id(t.device_uuid, g.request_id, t.ts) end,
    g.request_id, t.device_uuid, d.workspace_id, t.ts, g.kind,
    coalesce(g.source, d.connection_type, 'proxy'),
    left(g.p ->> 'method', 64),
    t.url,
    left(lower(coalesce(substring(g.p ->> 'host' from '^(\[[^]]*\]|[^:/?#]+)'), nullif(t.parts[2], ''))), 255),
    left(coalesce(nullif(t.parts[3], ''), case when t.parts[2] is not null then '/' end, substring(t.url from '^[^?#]*')), 2048),
    coalesce(case when jsonb_typeof(g.p -> 'isSecure') = 'boolean' then (g.p -> 'isSecure')::boolean end, lower(t.parts[1]) in ('https', 'wss')),
    case when jsonb_typeof(g.p -> 'statusCode') = 'number' and abs((g.p -> 'statusCode')::numeric) < 1000000
      then round((g.p -> 'statusCode')::numeric)::integer end,
    case when jsonb_typeof(g.p -> 'duration') = 'number' and abs((g.p -> 'duration')::numeric) < 1e15
      then round((g.p -> 'duration')::numeric, 20)::double precision end, -- 1e-400 is no double precision
    case when jsonb_typeof(g.p -> 'requestSize') = 'number' and (g.p -> 'requestSize')::numeric between 0 and 9e15
      then (g.p -> 'requestSize')::bigint else t.request_octets end,
    case when jsonb_typeof(g.p -> 'responseSize') = 'number' and (g.p -> 'responseSize')::numeric between 0 and 9e15
      then (g.p -> 'responseSize')::bigint else t.response_octets end,
    left(lower(btrim(split_part(coalesce(
      case when jsonb_typeof(g.p #> '{responseHeaders,content-type}') = 'string' then g.p #>> '{responseHeaders,content-type}' end,
      case when jsonb_typeof(g.p #> '{responseHeaders,Content-Type}') = 'string' then g.p #>> '{responseHeaders,Content-Type}' end,
      private.header_value(g.p -> 'responseHeaders', 'content-type')), ';', 1))), 127),
    left(coalesce(g.p ->> 'os', d.os), 60),
    left(coalesce(g.p ->> 'deviceCountry', d.country), 60),
    left(g.p ->> 'error', 2000),
    case when pg_input_is_valid(g.p ->> 'resentFrom', 'uuid') then (g.p ->> 'resentFrom')::uuid end,
    nullif(g.p -> 'requestHeaders', 'null'), nullif(g.p -> 'responseHeaders', 'null'),
    case when t.request_octets <= t.request_limit then t.request_text else private.cut_body(t.request_text, t.request_limit > plain_limit) end,
    case when t.request_octets <= t.request_limit then t.request_mark
      else jsonb_build_object('size', t.request_octets) || coalesce(t.request_mark, '{}') || '{"truncated": true}' end,
    case when t.response_octets <= t.response_limit then t.response_text else private.cut_body(t.response_text, t.response_limit > plain_limit) end,
    case when t.response_octets <= t.response_limit then t.response_mark
      else jsonb_build_object('size', t.response_octets) || coalesce(t.response_mark, '{}') || '{"truncated": true}' end,
    nullif(g.p - array['method', 'url', 'statusCode', 'duration', 'isSecure', 'requestHeaders', 'responseHeaders',
      'requestBody', 'responseBody'], '{}')
  from (
    select (e.ordinality - 1)::integer as ord,
      e.value ->> 'request_id' as request_id,
      e.value ->> 'ts' as ts_text,
      coalesce(e.value ->> 'device_uuid', own_device::text) as device_text,
      coalesce(e.value ->> 'kind', 'event') as kind,
      coalesce(e.value ->> 'source', e.value #>> '{payload,source}') as source,
      case when jsonb_typeof(e.value -> 'payload') = 'object' then e.value -> 'payload' else '{}'::jsonb end as p,
      coalesce(jsonb_typeof(e.value -> 'payload'), 'null') as payload_type
    from jsonb_array_elements(batch) with ordinality as e
    offset 0
  ) as g
  cross join lateral (
    select
      case when g.ts_text ~ '^[0-9]{4}-[0-9]{2}-[0-9]{2}[T ]' and pg_input_is_valid(g.ts_text, 'timestamptz')
        then g.ts_text::timestamptz end as ts,
      case when pg_input_is_valid(g.device_text, 'uuid') then g.device_text::uuid end as device_uuid,
      b.url, regexp_match(b.url, '^([A-Za-z][A-Za-z0-9+.-]*):(?://(?:[^/?#@]*@)?(\[[^]]*\]|[^/?#:]*)[^/?#]*)?([^?#]*)') as parts,
      b.request_text, octet_length(b.request_text) as request_octets,
      case when b.request_mark ->> 'encoding' = 'base64' then base64_limit else plain_limit end as request_limit, b.request_mark,
      b.response_text, octet_length(b.response_text) as response_octets,
      case when b.response_mark ->> 'encoding' = 'base64' then base64_limit else plain_limit end as response_limit, b.response_mark
    from (
      select g.p ->> 'url' as url,
        case jsonb_typeof(g.p -> 'requestBody') when 'string' then g.p ->> 'requestBody'
          when 'object' then coalesce(g.p #>> '{requestBody,text}', '') end as request_text,
        case when jsonb_typeof(g.p -> 'requestBody') = 'object' then nullif((g.p -> 'requestBody') - 'text', '{}') end as request_mark,
        case jsonb_typeof(g.p -> 'responseBody') when 'string' then g.p ->> 'responseBody'
          when 'object' then coalesce(g.p #>> '{responseBody,text}', '') end as response_text,
        case when jsonb_typeof(g.p -> 'responseBody') = 'object' then nullif((g.p -> 'responseBody') - 'text', '{}') end as response_mark
      offset 0
    ) as b
    offset 0
  ) as t
  left join public.devices d on d.uuid = t.device_uuid
  cross join lateral (
    select case
      when g.request_id is null or char_length(g.request_id) not between 1 and 200 then 'invalid_request_id'
      when t.ts is null or t.ts < timestamptz '1970-01-01 00:00:00+00' or t.ts >= timestamptz '10000-01-01 00:00:00+00' then 'invalid_ts'
      when t.device_uuid is null then 'invalid_device_uuid'
      when d.uuid is null then 'unknown_device'
      when g.kind <> 'event' then 'invalid_kind'
      when g.source is not null and g.source not in ('vpn', 'pac', 'proxy', 'cdp', 'har') then 'invalid_source'
      when g.payload_type not in ('object', 'null') then 'invalid_payload'
    end as code
    offset 0
  ) as f
  order by g.ord;
end
$$;
comment on function private.derive_entries(jsonb, uuid) is 'What each element {request_id, device_uuid?, ts, kind?, source?, payload} of a batch becomes: columns of its entry and payload, or a code and message why not. Does not check rights.';

create function private.ingest(batch jsonb) returns jsonb
language plpgsql security definer set search_path = '' as $$
declare
  credential record;
  answer jsonb;
begin
  select * into credential from private.device_credential();
  if credential.id is null then
    raise exception 'a live device credential is needed' using errcode = 'PT401';
  end if;
  if jsonb_typeof(batch) is distinct from 'array' or jsonb_array_length(batch) not between 1 and 500 then
    raise exception 'entries: give a list of 1 to 500 entries' using errcode = 'PT400';
  end if;
  perform pg_advisory_xact_lock(hashtextextended(credential.id::text, 0));
  if cardinality(credential.device_uuids) = 1 then
    perform pg_advisory_xact_lock(hashtextextended(credential.device_uuid::text, 0));
  else
    perform pg_advisory_xact_lock(hashtextextended(d.uuid, 0))
    from (
      select distinct coalesce(lower(e.value ->> 'device_uuid'), credential.device_uuid::text) as uuid
      from jsonb_array_elements(batch) e
      order by 1
    ) as d;
  end if;
  with derived as materialized (
    select d.*,
      coalesce(d.code, case when d.device_uuid <> all (credential.device_uuids) then 'unknown_device' end) as fault
    from private.derive_entries(batch, credential.device_uuid) as d
  ), inserted as (
    insert into public.entries (
      id, request_id, device_uuid, workspace_id, ts, kind, source, method, url, host, path, is_secure, status,
      duration_ms, request_size, response_size, content_type, os, device_country, error, resent_from)
    select d.id, d.request_id, d.device_uuid, d.workspace_id, d.ts, d.kind, d.source, d.method, d.url, d.host, d.path,
      d.is_secure, d.status, d.duration_ms, d.request_size, d.response_size, d.content_type, d.os, d.device_country,
      d.error, d.resent_from
    from derived d
    where d.fault is null
    order by d.ord
    on conflict (device_uuid, request_id, ts) do nothing
    returning entries.id
  ), stored as (
    insert into private.entry_payloads (
      id, ts, request_headers, response_headers, request_body, request_body_mark, response_body, response_body_mark, extra)
    select distinct on (d.id) d.id, d.ts, d.request_headers, d.response_headers, d.request_body, d.request_body_mark,
      d.response_body, d.response_body_mark, d.extra
    from derived d
    join inserted i on i.id = d.id
    where d.fault is null
    order by d.id, d.ord
  )
  select jsonb_build_object(
    'accepted', (select count(*) from inserted),
    'duplicates', (select count(*) from derived d where d.fault is null) - (select count(*) from inserted),
    'rejected', coalesce((
      select jsonb_agg(jsonb_build_object('index', d.ord, 'code', d.fault, 'message',
        coalesce(d.message, 'device_uuid: this credential does not write for that device')) order by d.ord)
      from derived d where d.fault is not null), '[]'))
  into answer;
  update public.devices d set last_seen_at = now()
  where d.uuid = credential.device_uuid
    and (d.last_seen_at is null or d.last_seen_at < now() - interval '30 seconds');
  return answer;
end
$$;
comment on function private.ingest(jsonb) is 'Stores a batch of captured exchanges for the calling device credential, each at most once.';
grant execute on function private.ingest(jsonb) to device;

create function public.ingest_entries(entries jsonb) returns jsonb
language sql set search_path = '' as $$
  select private.ingest(entries)
$$;
comment on function public.ingest_entries(jsonb) is 'Batch ingest for devices. entries: 1 to 500 of {request_id, device_uuid?, ts, kind?, source?, payload}. Answers {accepted, duplicates, rejected: [{index, code, message}]}; one bad entry never loses the others.';
grant execute on function public.ingest_entries(jsonb) to device;

-- The documented plain row: what a client inserts through PostgREST without the RPC. The batch RPC brings ids itself.
create function private.take_in_entry() returns trigger
language plpgsql security definer set search_path = '' as $$
declare
  d record;
begin
  perform pg_advisory_xact_lock(hashtextextended(coalesce(private.claims() ->> 'sub', ''), 0));
  new.device_uuid := coalesce(new.device_uuid, private.device_uuid());
  perform pg_advisory_xact_lock(hashtextextended(new.device_uuid::text, 0)) where new.device_uuid is not null;
  select * into d from private.derive_entries(
    jsonb_build_array(jsonb_build_object(
      'request_id', new.request_id, 'device_uuid', new.device_uuid, 'ts', new.ts, 'kind', new.kind,
      'source', new.source, 'payload', new.payload)),
    new.device_uuid);
  if d.code is not null then
    -- An unknown device must answer as one that the credential does not write for.
    if d.code = 'unknown_device' then
      raise exception 'new row violates row-level security policy for table "entries"' using errcode = '42501';
    end if;
    raise exception '%', d.message using errcode = 'PT400', hint = d.code;
  end if;
  insert into private.entry_payloads (
    id, ts, request_headers, response_headers, request_body, request_body_mark, response_body, response_body_mark, extra)
  values (
    d.id, d.ts, d.request_headers, d.response_headers, d.request_body, d.request_body_mark, d.response_body,
    d.response_body_mark, d.extra)
  on conflict (id, ts) do nothing;
  new.id := d.id;
  new.workspace_id := d.workspace_id;
  new.source := d.source;
  new.method := d.method;
  new.url := d.url;
  new.host := d.host;
  new.path := d.path;
  new.is_secure := d.is_secure;
  new.status := d.status;
  new.duration_ms := d.duration_ms;
  new.request_size := d.request_size;
  new.response_size := d.response_size;
  new.content_type := d.content_type;
  new.os := d.os;
  new.device_country := d.device_country;
  new.error := d.error;
  new.resent_from := d.resent_from;
  new.received_at := now();
  new.payload := null;
  return new;
end
$$;
comment on function private.take_in_entry() is 'Row trigger: derives the searchable columns of a plainly inserted entry and moves its payload to the store.';

create trigger take_in_entry before insert on public.entries
for each row when (new.id is null) execute function private.take_in_entry();
