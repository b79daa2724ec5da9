-- The schema of the extension pg_net, as far as SQL calls it; the stack sends the requests itself: the
-- extension is not among the embedded server's. Run once, as the superuser supabase_admin.

create schema net authorization supabase_admin;
grant usage on schema net to postgres with grant option;

create unlogged table net.http_request_queue (
  id bigint generated always as identity primary key,
  method text not null,
  url text not null,
  headers jsonb not null,
  body bytea,
  timeout_milliseconds integer not null
);
comment on table net.http_request_queue is 'Requests that are still to be sent.';

create unlogged table net._http_response (
  id bigint,
  status_code integer,
  content_type text,
  headers jsonb,
  content text,
  timed_out boolean,
  error_msg text,
  created timestamptz not null default now()
);
create index _http_response_created on net._http_response (created);
comment on table net._http_response is 'What was answered; kept for six hours.';

alter table net.http_request_queue enable row level security;
alter table net._http_response enable row level security;
grant select on net.http_request_queue, net._http_response to postgres;

create function net.http_post(
  url text,
  body jsonb default '{}',
  params jsonb default '{}',
  headers jsonb default '{"Content-Type": "application/json"}',
  timeout_milliseconds integer default 5000)
returns bigint
language plpgsql security definer set search_path = '' as $$
declare
  request_id bigint;
begin
  if params <> '{}' then
    raise exception 'the embedded stack takes no params: put them into the url';
  end if;
  insert into net.http_request_queue (method, url, headers, body, timeout_milliseconds)
  values ('POST', url, headers, convert_to(body::text, 'UTF8'), timeout_milliseconds)
  returning id into request_id;
  perform pg_catalog.pg_notify('embedded_net', '');
  return request_id;
end
$$;
comment on function net.http_post is 'Has a request sent once the transaction is committed; its answer appears in net._http_response.';
revoke execute on function net.http_post from public;
grant execute on function net.http_post to postgres with grant option;
