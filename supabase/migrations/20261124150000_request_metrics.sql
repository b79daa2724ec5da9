-- Purpose: how many requests the edge functions answered, with what and how fast.
-- Affected: private.request_metrics, internal.record_requests, private.request_metrics_for_caller, public.get_request_metrics.
-- Special: functions keep no state, so each process adds up for some seconds and hands its sums over in one call.

create table private.request_metrics (
  surface text not null check (surface ~ '^[a-z][a-z-]{0,39}$'),
  status integer not null check (status between 100 and 599),
  code text not null check (code ~ '^[a-z0-9_]{0,40}$'),
  requests bigint not null check (requests > 0),
  seconds double precision not null check (seconds >= 0),
  buckets bigint[] not null check (cardinality(buckets) = 12),
  primary key (surface, status, code)
);
comment on table private.request_metrics is 'Requests answered by the edge functions since the database was made; a row for each answer there is.';
comment on column private.request_metrics.surface is 'The function.';
comment on column private.request_metrics.status is 'HTTP status of the answer.';
comment on column private.request_metrics.code is 'Error code of the answer; empty for a success.';
comment on column private.request_metrics.requests is 'How many were answered so.';
comment on column private.request_metrics.seconds is 'How long they took together.';
comment on column private.request_metrics.buckets is 'How many of them took how long, by the bounds in shared/metrics/histogram.ts; the last has no bound.';
alter table private.request_metrics enable row level security;

create function internal.record_requests(samples jsonb) returns void
language sql volatile security definer set search_path = '' as $$
  insert into private.request_metrics as m (surface, status, code, requests, seconds, buckets)
  select s.surface, s.status, s.code, s.requests, s.seconds, s.buckets
  from jsonb_to_recordset($1) as s (surface text, status integer, code text, requests bigint, seconds double precision, buckets bigint[])
  -- In the order of the key: two calls that wait for each other's rows would be a deadlock.
  order by s.surface, s.status, s.code
  on conflict (surface, status, code) do update set
    requests = m.requests + excluded.requests,
    seconds = m.seconds + excluded.seconds,
    buckets = array(
      select b.had + b.more from unnest(m.buckets, excluded.buckets) with ordinality as b (had, more, i) order by b.i)
$$;
comment on function internal.record_requests(jsonb) is 'Adds a process''s sums: [{surface, status, code, requests, seconds, buckets}], each of surface, status and code once.';
revoke execute on function internal.record_requests(jsonb) from public;
grant execute on function internal.record_requests(jsonb) to service_role;

create function private.request_metrics_for_caller() returns jsonb
language sql stable security definer set search_path = '' as $$
  select case when private.has_capability('status', 'view') then (
    select coalesce(jsonb_agg(to_jsonb(m) order by m.surface, m.status, m.code), '[]') from private.request_metrics m) end
$$;
comment on function private.request_metrics_for_caller() is 'All request metrics for holders of status:view, null for others.';
revoke execute on function private.request_metrics_for_caller() from public;
grant execute on function private.request_metrics_for_caller() to authenticated;

create function public.get_request_metrics() returns jsonb
language sql stable set search_path = '' as $$
  select private.request_metrics_for_caller()
$$;
comment on function public.get_request_metrics() is 'Requests answered by the edge functions, by function, status and error code, with durations; needs status:view, null without. GET /functions/v1/api/metrics is the same for Prometheus.';
revoke execute on function public.get_request_metrics() from public;
grant execute on function public.get_request_metrics() to authenticated;
