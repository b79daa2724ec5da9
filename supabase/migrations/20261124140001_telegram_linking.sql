-- Purpose: a Telegram account is linked to a person, and the link ended.
-- Affected: private.telegram_link_codes, telegram_link_tries; public.get_telegram_link_request, consume_telegram_link_code,
--           get_telegram_link, unlink_telegram; internal.telegram_issue_code; triggers on telegram_links and private.grants.
-- Special: a wrong code is an answer and not an exception: an exception would take back the try that it has to count.

create table private.telegram_link_codes (
  code_hash text primary key check (code_hash ~ '^[0-9a-f]{64}$'),
  telegram_user_id bigint not null unique,
  chat_id bigint not null,
  username text check (char_length(username) <= 64),
  first_name text check (char_length(first_name) <= 120),
  created_at timestamptz not null default now(),
  expires_at timestamptz not null default now() + interval '10 minutes'
);
comment on table private.telegram_link_codes is 'Codes that the bot gave out and nobody has used: one a Telegram account, the latest. Only SHA-256 hashes are kept.';
comment on column private.telegram_link_codes.code_hash is 'SHA-256 of the code, hex.';
comment on column private.telegram_link_codes.telegram_user_id is 'The Telegram account that asked for it.';
comment on column private.telegram_link_codes.chat_id is 'Its private chat with the bot.';
comment on column private.telegram_link_codes.username is 'Its user name, without @.';
comment on column private.telegram_link_codes.first_name is 'Its name as Telegram shows it.';
comment on column private.telegram_link_codes.created_at is 'When it was given out.';
comment on column private.telegram_link_codes.expires_at is 'Ten minutes later.';
create index telegram_link_codes_expiry on private.telegram_link_codes (expires_at);
alter table private.telegram_link_codes enable row level security;

create table private.telegram_link_tries (
  id bigint generated always as identity primary key,
  user_id uuid not null references public.profiles (id) on delete cascade,
  tried_at timestamptz not null default now()
);
comment on table private.telegram_link_tries is 'Wrong codes that people presented in the last hour; after five they have to wait.';
comment on column private.telegram_link_tries.id is 'Identity.';
comment on column private.telegram_link_tries.user_id is 'Who tried.';
comment on column private.telegram_link_tries.tried_at is 'When.';
create index telegram_link_tries_user on private.telegram_link_tries (user_id, tried_at);
alter table private.telegram_link_tries enable row level security;

create function internal.telegram_issue_code(telegram jsonb, code_hash text) returns jsonb
language plpgsql volatile security definer set search_path = '' as $$
#variable_conflict use_column
declare
  account constant bigint := (telegram ->> 'user_id')::bigint;
  issued private.telegram_link_codes;
begin
  if exists (select from public.telegram_links l where l.telegram_user_id = account) then
    raise exception 'already_linked' using errcode = 'P0001';
  end if;
  insert into private.telegram_link_codes as c (code_hash, telegram_user_id, chat_id, username, first_name)
  values (telegram_issue_code.code_hash, account, (telegram ->> 'chat_id')::bigint,
    left(telegram ->> 'username', 64), left(telegram ->> 'first_name', 120))
  on conflict (telegram_user_id) do update set
    code_hash = excluded.code_hash, chat_id = excluded.chat_id, username = excluded.username,
    first_name = excluded.first_name, created_at = excluded.created_at, expires_at = excluded.expires_at
  returning * into issued;
  return jsonb_build_object('expires_at', issued.expires_at);
end
$$;
comment on function internal.telegram_issue_code(jsonb, text) is 'Records a code for a Telegram account {user_id, chat_id, username, first_name}; an earlier one stops working. Error already_linked when the account belongs to somebody.';
grant execute on function internal.telegram_issue_code(jsonb, text) to service_role;

create function private.refuse(status integer, code text, message text) returns jsonb
language sql volatile set search_path = '' as $$
  select jsonb_build_object('code', $2, 'message', $3, 'details', null, 'hint', null)
  from (select set_config('response.status', $1::text, true)) as s
$$;
comment on function private.refuse(integer, text, text) is 'An error as PostgREST answers one, with its status, that keeps what the transaction wrote.';

create function private.client_address() returns text
language sql stable set search_path = '' as $$
  select coalesce(nullif(trim(substring(
    nullif(current_setting('request.headers', true), '')::jsonb ->> 'x-forwarded-for' from '[^,]*$')), ''), 'unknown')
$$;
comment on function private.client_address() is 'The caller''s address as the nearest hop saw it: the last item of X-Forwarded-For, because the others are the client''s own words.';

-- Wrong, used, replaced and late codes are all one answer, and all count. Both limits hold for the right code too: a
-- guesser who has used up the tries must not learn that the next one would have been it.
create function private.telegram_request(code text, out request private.telegram_link_codes, out refusal jsonb)
language plpgsql volatile security definer set search_path = '' as $$
declare
  me constant uuid := private.writer_id();
  address_bucket constant text := 'telegram-link:' || private.client_address();
begin
  -- A delegate (the assistant, the bot) acts for a person; whom their accounts belong to is not among what it may say.
  if me is null or private.claims() ? 'act' then
    refusal := private.refuse(403, 'forbidden', 'linking needs your own token with the scope mcp:write');
    return;
  end if;
  -- Guesses of a person come one after the other, however many are sent at once.
  perform pg_advisory_xact_lock(hashtextextended('busymate: telegram link ' || me, 0));
  if (select count(*) from private.telegram_link_tries t where t.user_id = me and t.tried_at > now() - interval '1 hour') >= 5
    or not (select t.allowed from private.take(address_bucket, 10, 60, 1) t)
  then
    refusal := private.refuse(429, 'rate_limited', 'too many wrong codes; wait up to an hour, then ask the bot for a new one with /login');
    return;
  end if;
  select * into request from private.telegram_link_codes c
  where c.code_hash = encode(sha256(convert_to(coalesce(code, ''), 'UTF8')), 'hex') and c.expires_at > now()
  for update;
  if request.code_hash is null then
    insert into private.telegram_link_tries (user_id) values (me);
    refusal := private.refuse(400, 'invalid_code', 'code: unknown, used or older than 10 minutes; ask the bot for a new one with /login');
    return;
  end if;
  -- Only wrong ones count.
  perform private.take(address_bucket, 10, 60, -1);
end
$$;
comment on function private.telegram_request(text) is 'What asked for a link with this code, locked, or why the caller is not told: 403 for a delegate or without mcp:write, 429 after 5 wrong codes in an hour (10 a minute from an address), 400 for a code that is no good.';

create function private.telegram_account(id bigint, username text, first_name text) returns jsonb
language sql immutable set search_path = '' as $$
  select jsonb_build_object('telegram_user_id', $1, 'username', $2, 'first_name', $3)
$$;
comment on function private.telegram_account(bigint, text, text) is 'A Telegram account as answers name it.';

create function private.show_telegram_request(code text) returns jsonb
language plpgsql volatile security definer set search_path = '' as $$
declare
  asked record;
  r private.telegram_link_codes;
begin
  select * into asked from private.telegram_request(code);
  r := asked.request;
  return coalesce(asked.refusal,
    private.telegram_account(r.telegram_user_id, r.username, r.first_name) || jsonb_build_object('expires_at', r.expires_at));
end
$$;
comment on function private.show_telegram_request(text) is 'Whose Telegram account a code would link.';

create function private.link_telegram(code text, confirm boolean) returns jsonb
language plpgsql volatile security definer set search_path = '' as $$
declare
  me constant uuid := private.writer_id();
  made_by text;
  asked record;
  r private.telegram_link_codes;
  granted uuid;
begin
  select t.label into made_by from public.api_tokens t where t.jti = (private.claims() ->> 'jti')::uuid;
  if made_by is distinct from 'dashboard' and not (made_by = 'oauth' and confirm is true) then
    return private.refuse(403, 'confirmation_needed',
      'confirm: look at get_telegram_link_request first, then repeat with confirm true; whoever holds that Telegram account will read what you can read');
  end if;
  select * into asked from private.telegram_request(code);
  if asked.refusal is not null then
    return asked.refusal;
  end if;
  r := asked.request;
  if exists (select from public.telegram_links l where l.user_id = me) then
    return private.refuse(409, 'already_linked', 'a Telegram account is linked to your account already; unlink it first');
  end if;
  if exists (select from public.telegram_links l where l.telegram_user_id = r.telegram_user_id) then
    return private.refuse(409, 'already_linked', 'this Telegram account is linked to another account; send the bot /logout first');
  end if;
  delete from private.telegram_link_codes c where c.code_hash = r.code_hash;
  -- Neither secrets nor admin: a chat is no place for the one, and has no use for the other.
  insert into private.grants (user_id, client_id, scope) values (me, 'telegram', 'mcp:read mcp:write')
  returning id into granted;
  insert into public.telegram_links (user_id, telegram_user_id, chat_id, username, first_name, grant_id)
  values (me, r.telegram_user_id, r.chat_id, r.username, r.first_name, granted);
  perform private.tell_telegram(me, r.chat_id,
    jsonb_build_object('kind', 'linked', 'account', (select coalesce(p.email, p.display_name) from public.profiles p where p.id = me)),
    false, interval '1 day');
  return private.telegram_account(r.telegram_user_id, r.username, r.first_name) || '{"linked": true}';
end
$$;
comment on function private.link_telegram(text, boolean) is 'Links the Telegram account that asked for the code to the caller, and grants the bot to act for them.';

-- However a link ends (unlinked, logged out, its grant revoked among the connected apps, the account deleted), its grant
-- ends with it and the chat is told. The bot's own /logout answers itself.
create function private.end_telegram_grant() returns trigger
language plpgsql security definer set search_path = '' as $$
begin
  update private.grants g set revoked_at = now() where g.id = old.grant_id and g.revoked_at is null;
  if private.claims() ->> 'act' is distinct from 'telegram' then
    perform private.tell_telegram(old.user_id, old.chat_id, '{"kind": "unlinked"}', false, interval '1 day');
  end if;
  return null;
end
$$;
comment on function private.end_telegram_grant() is 'Row trigger: the grant of a link ends with it, and the chat is told.';
create trigger end_grant after delete on public.telegram_links
for each row execute function private.end_telegram_grant();

create function private.end_telegram_link() returns trigger
language plpgsql security definer set search_path = '' as $$
begin
  delete from public.telegram_links l where l.grant_id = new.id;
  return null;
end
$$;
comment on function private.end_telegram_link() is 'Row trigger: a link ends with its grant.';
create trigger end_telegram_link after update of revoked_at on private.grants
for each row when (new.client_id = 'telegram' and old.revoked_at is null and new.revoked_at is not null)
execute function private.end_telegram_link();

create function private.unlink_telegram() returns boolean
language plpgsql volatile security definer set search_path = '' as $$
begin
  delete from public.telegram_links l where l.user_id = private.writer_id();
  return found;
end
$$;
comment on function private.unlink_telegram() is 'Ends the caller''s Telegram link; false when there is none.';

grant execute on function
  private.show_telegram_request(text), private.link_telegram(text, boolean), private.unlink_telegram()
to authenticated;

create function public.get_telegram_link_request(code text) returns jsonb
language sql volatile set search_path = '' as $$
  select private.show_telegram_request($1)
$$;
comment on function public.get_telegram_link_request(text) is 'Whose Telegram account a code of the bot would link to the caller: {telegram_user_id, username, first_name, expires_at}. Links nothing. Errors: 400 invalid_code, 429 after 5 wrong codes in an hour.';

create function public.consume_telegram_link_code(code text, confirm boolean default false) returns jsonb
language sql volatile set search_path = '' as $$
  select private.link_telegram($1, $2)
$$;
comment on function public.consume_telegram_link_code(text, boolean) is 'Links the Telegram account that was given the code to the caller: {linked, telegram_user_id, username, first_name}. A connected app has to say confirm: true; the assistant and the bot cannot. Errors: 400 invalid_code (unknown, used, late), 403 confirmation_needed, 409 already_linked, 429 after 5 wrong codes in an hour.';

create function public.get_telegram_link() returns jsonb
language sql stable set search_path = '' as $$
  select jsonb_build_object('telegram_user_id', l.telegram_user_id, 'username', l.username, 'first_name', l.first_name, 'linked_at', l.linked_at)
  from public.telegram_links l where l.user_id = (select private.user_id())
$$;
comment on function public.get_telegram_link() is 'The Telegram account linked to the caller: {telegram_user_id, username, first_name, linked_at}; null without one.';

create function public.unlink_telegram() returns boolean
language sql volatile set search_path = '' as $$
  select private.unlink_telegram()
$$;
comment on function public.unlink_telegram() is 'Ends the caller''s Telegram link: the bot''s tokens stop at once and both sides are told. False when there is none.';

grant execute on function
  public.get_telegram_link_request(text), public.consume_telegram_link_code(text, boolean), public.get_telegram_link(), public.unlink_telegram()
to authenticated;
