-- Purpose: the bot acts on each update once, within the chat's limit, and for a person on a token of five minutes.
-- Affected: private.telegram_updates; internal.telegram_begin, telegram_turn; private.forget_telegram; private.connections.

create table private.telegram_updates (
  update_id bigint primary key,
  received_at timestamptz not null default now()
);
comment on table private.telegram_updates is 'Updates the bot has acted on. Telegram sends one again for a day until it is acknowledged.';
comment on column private.telegram_updates.update_id is 'Telegram''s id of the update.';
comment on column private.telegram_updates.received_at is 'When it came.';
create index telegram_updates_received on private.telegram_updates using brin (received_at);
alter table private.telegram_updates enable row level security;

create function internal.telegram_begin(update_id bigint, chat_id bigint, function_url text) returns jsonb
language plpgsql volatile security definer set search_path = '' as $$
#variable_conflict use_column
declare
  taken record;
begin
  insert into private.telegram_updates (update_id) values ($1) on conflict do nothing;
  if not found then
    return '{"fresh": false}';
  end if;
  if not exists (select from private.telegram_bot b where b.function_url = $3) then
    insert into private.telegram_bot as b (function_url) values ($3)
    on conflict (id) do update set function_url = excluded.function_url, updated_at = now();
  end if;
  select * into taken from private.take('telegram:' || $2, 30, 60, 1);
  return jsonb_build_object('fresh', true, 'allowed', taken.allowed, 'reset_seconds', taken.reset_seconds,
    -- Once a minute: an answer to each message over the limit would be none.
    'tell', not taken.allowed and (select t.allowed from private.take('telegram-told:' || $2, 1, 60, 1) t));
end
$$;
comment on function internal.telegram_begin(bigint, bigint, text) is 'Whether to act on an update: fresh only the first time it comes, allowed within 30 a minute and chat, tell when a refusal should be said. Notes where the function is.';

create function internal.telegram_turn(telegram_user_id bigint) returns jsonb
language plpgsql volatile security definer set search_path = '' as $$
#variable_conflict use_column
declare
  issued_at constant timestamptz := date_trunc('second', now());
  answer jsonb;
begin
  with token as (
    insert into public.api_tokens (user_id, grant_id, client_id, label, scope, expires_at)
    select g.user_id, g.id, g.client_id, 'telegram', g.scope, issued_at + interval '5 minutes'
    from public.telegram_links l
    join private.grants g on g.id = l.grant_id and g.user_id = l.user_id
    where l.telegram_user_id = $1 and g.revoked_at is null and (g.expires_at is null or g.expires_at > now())
    returning *
  )
  select jsonb_build_object('jti', t.jti, 'grant_id', t.grant_id, 'client_id', t.client_id, 'scope', t.scope,
    'issued_at', issued_at, 'expires_at', t.expires_at, 'sub', t.user_id, 'user_role', p.role)
  into answer
  from token t join public.profiles p on p.id = t.user_id;
  return answer;
end
$$;
comment on function internal.telegram_turn(bigint) is 'Records a token of five minutes for the person a Telegram account is linked to; answers what its claims need. Null when it is linked to nobody.';
grant execute on function internal.telegram_begin(bigint, bigint, text), internal.telegram_turn(bigint) to service_role;

create function private.forget_telegram() returns void
language plpgsql security definer set search_path = '' as $$
begin
  delete from private.telegram_updates where received_at < now() - interval '2 days';
  delete from private.telegram_link_codes where expires_at < now();
  delete from private.telegram_link_tries where tried_at < now() - interval '1 hour';
  delete from private.telegram_tickets where issued_at < now() - interval '1 minute';
end
$$;
comment on function private.forget_telegram() is 'Removes updates Telegram will not send again, dead codes, tries and tickets. Cron calls it every hour.';
select cron.schedule('busymate-forget-telegram', '37 * * * *', 'select private.forget_telegram()');

-- As before; the bot is named.
create or replace function private.connections(of_user uuid)
returns table (
  grant_id uuid, client_id text, client_name text, redirect_hosts text[], label text, scope text,
  created_at timestamptz, last_token_at timestamptz, expires_at timestamptz, live_tokens integer)
language sql stable security definer set search_path = '' as $$
  select g.id, g.client_id,
    coalesce(c.name, case g.client_id when 'dashboard' then 'Busymate dashboard' when 'telegram' then 'Telegram bot' else g.client_id end),
    array(select distinct coalesce(substring(u from '^https?://([^/?#]*)'), substring(u from '^[^:]*:')) from unnest(c.redirect_uris) u),
    t.label, g.scope, g.created_at, t.last_at, g.expires_at, coalesce(t.live, 0)
  from private.grants g
  left join private.oauth_clients c on c.client_id = g.client_id
  left join lateral (
    select max(t.created_at) as last_at, min(t.label) as label,
      (count(*) filter (where t.revoked_at is null and t.expires_at > now()))::integer as live
    from public.api_tokens t where t.grant_id = g.id
  ) as t on true
  where g.user_id = coalesce($1, private.user_id())
    and (g.user_id = private.user_id() or private.has_capability('tokens', 'view'))
    and g.revoked_at is null and (g.expires_at is null or g.expires_at > now())
    and (g.auth_session_id is null or exists (select from auth.sessions s where s.id = g.auth_session_id))
  order by g.created_at desc
$$;
