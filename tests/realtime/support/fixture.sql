-- Channels with members, for the conformance tests. Run as postgres, as a migration would be.

create role device nologin;
grant anon to device;

create table public.memberships (
  topic text not null,
  user_id uuid not null,
  may_send boolean not null default false,
  primary key (topic, user_id)
);

create function public.caller() returns uuid
language sql stable
as $$ select (nullif(current_setting('request.jwt.claims', true), '')::jsonb ->> 'sub')::uuid $$;

create policy "members read the channel's broadcasts" on realtime.messages
for select to authenticated
using (
  extension = 'broadcast'
  and exists (
    select from public.memberships
    where topic = (select realtime.topic()) and user_id = (select public.caller())
  )
);

create policy "members who may send broadcast to the channel" on realtime.messages
for insert to authenticated
with check (
  extension = 'broadcast'
  and exists (
    select from public.memberships
    where topic = (select realtime.topic()) and user_id = (select public.caller()) and may_send
  )
);

create policy "anybody reads channels named open:" on realtime.messages
for select to anon
using (extension = 'broadcast' and (select realtime.topic()) like 'open:%');

create policy "a device reads its own channel" on realtime.messages
for select to device
using (
  extension = 'broadcast' and (select realtime.topic()) = 'device:' || (select public.caller())
);

create function public.raises() returns boolean
language plpgsql
as $$ begin raise exception 'a policy may fail'; end $$;

create policy "asking about channels named raise: fails" on realtime.messages
as restrictive for select to authenticated
using (case when (select realtime.topic()) like 'raise:%' then public.raises() else true end);

create table public.notes (
  id int primary key,
  topic text not null,
  body text
);

-- Definer: as the caller the insert into realtime.messages would need a policy of its own.
create function public.broadcast_note() returns trigger
language plpgsql security definer set search_path = ''
as $$
begin
  perform realtime.broadcast_changes(
    coalesce(new.topic, old.topic), tg_op, tg_op, tg_table_name, tg_table_schema, new, old
  );
  return null;
end
$$;

create trigger broadcast_note after insert or update or delete on public.notes
for each row execute function public.broadcast_note();

-- The same mistake that is easily made: a trigger function as invoker.
create table public.invoker_notes (like public.notes including all);

create function public.broadcast_as_invoker() returns trigger
language plpgsql
as $$
begin
  perform realtime.send('{}', 'note', new.topic);
  return null;
end
$$;

create trigger broadcast_as_invoker after insert on public.invoker_notes
for each row execute function public.broadcast_as_invoker();
