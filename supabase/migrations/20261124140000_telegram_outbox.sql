-- Purpose: messages of the bot that answer nothing: a link was made or ended, an alert. They wait here until sent.
-- Affected: private.telegram_bot, telegram_outbox, telegram_tickets; private.tell_telegram, wake_telegram;
--           internal.telegram_claim, telegram_settle; extension pg_net where it exists.
-- Special: only the function has the bot's token, so the database wakes it by HTTP (pg_net on hosted, a stand-in of it in
--          the embedded stack). The call carries a ticket made for it, good for one claim: no key of the project has to
--          lie in the database. A message is leased while it is sent: it goes out once, and again only when the function
--          died before it could say that it had.

do $$
begin
  if exists (select from pg_catalog.pg_available_extensions where name = 'pg_net') then
    create extension if not exists pg_net;
  end if;
end
$$;

create table private.telegram_bot (
  id integer primary key default 1 check (id = 1),
  function_url text not null check (char_length(function_url) <= 500),
  updated_at timestamptz not null default now()
);
comment on table private.telegram_bot is 'Where the bot''s function is, as it says itself with every update; one row. Nobody can be linked, and so nothing has to be sent, before the first.';
comment on column private.telegram_bot.id is 'Always 1.';
comment on column private.telegram_bot.function_url is 'Address of the function telegram-bot.';
comment on column private.telegram_bot.updated_at is 'When it changed.';
alter table private.telegram_bot enable row level security;

create table private.telegram_outbox (
  id bigint generated always as identity primary key,
  user_id uuid not null,
  chat_id bigint not null,
  needs_link boolean not null,
  message jsonb not null check (message ->> 'kind' is not null and octet_length(message::text) <= 16384),
  created_at timestamptz not null default now(),
  expires_at timestamptz not null,
  due_at timestamptz not null default now(),
  attempts integer not null default 0,
  last_error text check (char_length(last_error) <= 500)
);
comment on table private.telegram_outbox is 'Messages to be sent by the Telegram bot. What was sent, was refused for good or came too late is gone.';
comment on column private.telegram_outbox.id is 'Order of sending within a chat.';
comment on column private.telegram_outbox.user_id is 'Whom it is about. No foreign key: that an account is gone is still told.';
comment on column private.telegram_outbox.chat_id is 'The private chat it goes to.';
comment on column private.telegram_outbox.needs_link is 'Whether it may only go while the person is linked to this chat.';
comment on column private.telegram_outbox.message is 'What it says, as facts: {kind, ...}. The function words them.';
comment on column private.telegram_outbox.created_at is 'When it came about.';
comment on column private.telegram_outbox.expires_at is 'From when on it is worth nothing.';
comment on column private.telegram_outbox.due_at is 'When to try next; in the future while somebody is at it.';
comment on column private.telegram_outbox.attempts is 'How often it was tried.';
comment on column private.telegram_outbox.last_error is 'Why the last try failed.';
create index telegram_outbox_due on private.telegram_outbox (due_at);
create index telegram_outbox_expiry on private.telegram_outbox (expires_at);
alter table private.telegram_outbox enable row level security;

create table private.telegram_tickets (
  ticket_hash text primary key check (ticket_hash ~ '^[0-9a-f]{64}$'),
  issued_at timestamptz not null default now()
);
comment on table private.telegram_tickets is 'Calls that wake the function. Each lets it claim messages once, within a minute. Only SHA-256 hashes are kept.';
comment on column private.telegram_tickets.ticket_hash is 'SHA-256 of the ticket, hex.';
comment on column private.telegram_tickets.issued_at is 'When the call was made.';
alter table private.telegram_tickets enable row level security;

-- Nobody waits for the call: pg_net sends it after the commit. Several messages at once make one call, unless it is
-- lost, which five seconds later nobody waits for either.
create function private.wake_telegram() returns boolean
language plpgsql volatile security definer set search_path = '' as $$
declare
  address constant text := (select b.function_url from private.telegram_bot b);
  ticket constant text := 'bmw_' || encode(extensions.gen_random_bytes(24), 'hex');
begin
  if address is null or to_regnamespace('net') is null
    or not exists (select from private.telegram_outbox o where o.due_at <= now())
    or exists (select from private.telegram_tickets t where t.issued_at > now() - interval '5 seconds')
  then
    return false;
  end if;
  delete from private.telegram_tickets t where t.issued_at < now() - interval '1 minute';
  insert into private.telegram_tickets (ticket_hash) values (encode(sha256(convert_to(ticket, 'UTF8')), 'hex'));
  perform net.http_post(
    url => address || '/deliver',
    body => '{}'::jsonb,
    headers => jsonb_build_object('Content-Type', 'application/json', 'X-Busymate-Ticket', ticket));
  return true;
end
$$;
comment on function private.wake_telegram() is 'Calls the bot''s function when messages are due; false when there is nothing to do or a call is under way.';

create function private.tell_telegram(user_id uuid, chat_id bigint, message jsonb, needs_link boolean, keep interval)
returns void
language plpgsql volatile security definer set search_path = '' as $$
begin
  insert into private.telegram_outbox (user_id, chat_id, message, needs_link, expires_at) values ($1, $2, $3, $4, now() + $5);
  perform private.wake_telegram();
end
$$;
comment on function private.tell_telegram(uuid, bigint, jsonb, boolean, interval) is 'Has the bot send a message; keep: how long it is worth sending.';

create function internal.telegram_claim(ticket_hash text, batch integer) returns jsonb
language plpgsql volatile security definer set search_path = '' as $$
#variable_conflict use_column
declare
  claimed jsonb;
begin
  delete from private.telegram_tickets t
  where t.ticket_hash = telegram_claim.ticket_hash and t.issued_at > now() - interval '1 minute';
  if not found then
    raise exception 'invalid_ticket' using errcode = 'P0001';
  end if;
  delete from private.telegram_outbox o
  where o.expires_at <= now()
    or o.needs_link and not exists (
      select from public.telegram_links l where l.user_id = o.user_id and l.chat_id = o.chat_id);
  with due as materialized (
    select o.id from private.telegram_outbox o
    where o.due_at <= now()
    order by o.id limit least(batch, 100)
    for update skip locked
  ), leased as (
    update private.telegram_outbox o set due_at = now() + interval '60 seconds', attempts = o.attempts + 1
    from due where o.id = due.id
    returning o.id, o.chat_id, o.message, o.attempts
  )
  select coalesce(
    jsonb_agg(jsonb_build_object('id', l.id, 'chat_id', l.chat_id, 'message', l.message, 'attempts', l.attempts) order by l.id), '[]')
  into claimed
  from leased l;
  return claimed;
end
$$;
comment on function internal.telegram_claim(text, integer) is 'Messages to send now, leased for 60 seconds, for a ticket of a call that was made less than a minute ago; error invalid_ticket otherwise. What came too late, or to somebody no longer linked, is dropped.';

create function internal.telegram_settle(id bigint, outcome text, retry_seconds integer default null, error text default null) returns void
language plpgsql volatile security definer set search_path = '' as $$
#variable_conflict use_column
begin
  if outcome = 'retry' then
    update private.telegram_outbox o
    set due_at = now() + make_interval(secs => greatest(coalesce(retry_seconds, 1), 1)), last_error = left(error, 500)
    where o.id = $1;
  elsif outcome in ('sent', 'refused') then
    delete from private.telegram_outbox o where o.id = $1;
  else
    raise exception 'outcome: use sent, refused or retry';
  end if;
  perform private.wake_telegram();
end
$$;
comment on function internal.telegram_settle(bigint, text, integer, text) is 'What became of a claimed message: sent, refused (for good), or retry after so many seconds.';

grant execute on function
  internal.telegram_claim(text, integer), internal.telegram_settle(bigint, text, integer, text)
to service_role;
