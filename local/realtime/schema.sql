-- The broadcast half of a hosted project's schema realtime, as the Realtime service migrates it:
-- same names, columns, grants, ownership and errors. Everything is security invoker and sets no
-- search_path of its own, as hosted: a trigger that calls it without security definer is subject to
-- the caller's policies here too.
-- Run once as supabase_admin, after platform.sql has made the roles and the schema.

alter default privileges for role supabase_admin in schema realtime
  grant all on tables to postgres, dashboard_user;
alter default privileges for role supabase_admin in schema realtime
  grant all on sequences to postgres, dashboard_user;
alter default privileges for role supabase_admin in schema realtime
  grant all on functions to postgres, dashboard_user;

-- Messages ------------------------------------------------------------------------------------

-- inserted_at has no time zone: it is the transaction's start in the session's TimeZone, which must
-- therefore stay UTC.
create table realtime.messages (
  topic text not null,
  extension text not null,
  payload jsonb,
  event text,
  private boolean default false,
  updated_at timestamp without time zone not null default now(),
  inserted_at timestamp without time zone not null default now(),
  id uuid not null default gen_random_uuid(),
  binary_payload bytea,
  constraint messages_pkey primary key (id, inserted_at),
  constraint messages_payload_exclusive check (payload is null or binary_payload is null)
) partition by range (inserted_at);

create index messages_inserted_at_topic_index on realtime.messages (inserted_at desc, topic)
  where extension = 'broadcast' and private is true;

alter table realtime.messages owner to supabase_realtime_admin;
alter table realtime.messages enable row level security;

grant all on table realtime.messages to postgres, dashboard_user;
grant select, insert on table realtime.messages to postgres with grant option;
grant select, insert, update on table realtime.messages to anon, authenticated, service_role;

comment on table realtime.messages is
  'Broadcasts sent from the database. Its policies decide who may join a private channel (select) '
  'and who may send into it (insert). The service makes a partition a day and drops old ones.';

-- Daily partitions are published under their own names (publish_via_partition_root stays off).
create publication supabase_realtime_messages_publication for table realtime.messages;

-- Functions -----------------------------------------------------------------------------------

-- A plain SQL function without settings, so that the planner folds it into policies.
create function realtime.topic() returns text
language sql stable
as $$ select nullif(current_setting('realtime.topic', true), '') $$;

comment on function realtime.topic() is
  'The channel a policy on realtime.messages is asked about, without the prefix realtime:.';

create function realtime.send(payload jsonb, event text, topic text, private boolean default true)
returns void
language plpgsql
as $$
declare
  message_id constant uuid := gen_random_uuid();
  message jsonb := payload;
begin
  begin
    if payload ? 'id' is not true then
      message := jsonb_set(payload, '{id}', to_jsonb(message_id));
    end if;
    -- Stays set for the rest of the transaction, as hosted.
    execute format('set local realtime.topic to %L', topic);
    insert into realtime.messages (id, payload, event, topic, private, extension)
    values (message_id, message, event, topic, private, 'broadcast');
  exception when others then
    raise warning 'WarnSendingBroadcastMessage: %', sqlerrm;
  end;
end
$$;

comment on function realtime.send(jsonb, text, text, boolean) is
  'Broadcasts a JSON object to a channel once the transaction commits. Never fails: whatever goes '
  'wrong (no partition for today, a policy, an array as payload) is a warning, and the message is '
  'lost.';

create function realtime.send_binary(
  payload bytea, event text, topic text, private boolean default true
)
returns void
language plpgsql
as $$
begin
  begin
    execute format('set local realtime.topic to %L', topic);
    insert into realtime.messages (id, binary_payload, event, topic, private, extension)
    values (gen_random_uuid(), payload, event, topic, private, 'broadcast');
  exception when others then
    raise warning 'WarnSendingBroadcastMessage: %', sqlerrm;
  end;
end
$$;

comment on function realtime.send_binary(bytea, text, text, boolean) is
  'Broadcasts bytes to a channel; clients of protocol version 1 do not get them.';

create function realtime.broadcast_changes(
  topic_name text, event_name text, operation text, table_name text, table_schema text,
  new record, old record, level text default 'ROW'
)
returns void
language plpgsql
as $$
begin
  if level = 'STATEMENT' then
    raise exception 'function can only be triggered for each row, not for each statement';
  end if;
  if operation not in ('INSERT', 'UPDATE', 'DELETE') then
    raise exception 'Unexpected operation type: %', operation;
  end if;
  perform realtime.send(
    jsonb_build_object(
      'old_record', old, 'record', new, 'operation', operation,
      'table', table_name, 'schema', table_schema
    ),
    event_name,
    topic_name
  );
exception when others then
  raise exception 'Failed to process the row: %', sqlerrm;
end
$$;

comment on function realtime.broadcast_changes(text, text, text, text, text, record, record, text)
is 'For row triggers: sends the change to the private channel topic_name.';

alter function realtime.topic() owner to supabase_realtime_admin;
alter function realtime.send(jsonb, text, text, boolean) owner to supabase_realtime_admin;
alter function realtime.send_binary(bytea, text, text, boolean) owner to supabase_realtime_admin;
alter function realtime.broadcast_changes(text, text, text, text, text, record, record, text)
  owner to supabase_realtime_admin;

grant execute on all functions in schema realtime to postgres, dashboard_user;
