-- Purpose: an update is not lost when the database took it and its answer did not arrive.
-- Affected: private.telegram_updates; internal.telegram_begin.
-- Special: whoever asks again for the same attempt is told again that the update is theirs; everybody else is not.

alter table private.telegram_updates add column attempt uuid;
comment on column private.telegram_updates.attempt is 'The request of the function that acts on it.';

drop function internal.telegram_begin(bigint, bigint, text);

create function internal.telegram_begin(update_id bigint, attempt uuid, chat_id bigint, function_url text) returns jsonb
language plpgsql volatile security definer set search_path = '' as $$
#variable_conflict use_column
declare
  taken record;
begin
  insert into private.telegram_updates (update_id, attempt) values ($1, $2) on conflict do nothing;
  if not found and not exists (
    select from private.telegram_updates u where u.update_id = $1 and u.attempt = $2)
  then
    return '{"fresh": false}';
  end if;
  if not exists (select from private.telegram_bot b where b.function_url = $4) then
    insert into private.telegram_bot as b (function_url) values ($4)
    on conflict (id) do update set function_url = excluded.function_url, updated_at = now();
  end if;
  select * into taken from private.take('telegram:' || $3, 30, 60, 1);
  return jsonb_build_object('fresh', true, 'allowed', taken.allowed, 'reset_seconds', taken.reset_seconds,
    -- Once a minute: an answer to each message over the limit would be none.
    'tell', not taken.allowed and (select t.allowed from private.take('telegram-told:' || $3, 1, 60, 1) t));
end
$$;
comment on function internal.telegram_begin(bigint, uuid, bigint, text) is 'Whether to act on an update: fresh only for the attempt that came first, however often that asks; allowed within 30 a minute and chat, tell when a refusal should be said. Notes where the function is.';
grant execute on function internal.telegram_begin(bigint, uuid, bigint, text) to service_role;
