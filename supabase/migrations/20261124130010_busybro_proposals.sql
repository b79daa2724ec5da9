-- Purpose: what BusyBro would do and only the person can let it do.
-- Affected: private.busybro_proposals; internal.create_proposal, take_proposal, finish_proposal.
-- Special: reachable with the secret key alone, so that no tool of the assistant can confirm what the assistant proposed.

create table private.busybro_proposals (
  id uuid primary key default gen_random_uuid(),
  user_id uuid not null references public.profiles (id) on delete cascade,
  thread_id uuid not null references public.busybro_threads (id) on delete cascade,
  tool text not null check (char_length(tool) between 1 and 100),
  args jsonb not null check (jsonb_typeof(args) = 'object'),
  created_at timestamptz not null default now(),
  expires_at timestamptz not null,
  used_at timestamptz,
  idempotency_key text check (char_length(idempotency_key) <= 200),
  result jsonb
);
comment on table private.busybro_proposals is 'Writes that BusyBro proposed: bound to their exact arguments, used at most once, for five minutes.';
comment on column private.busybro_proposals.id is 'Identity.';
comment on column private.busybro_proposals.user_id is 'Who alone may confirm it.';
comment on column private.busybro_proposals.thread_id is 'The conversation it came up in.';
comment on column private.busybro_proposals.tool is 'The operation.';
comment on column private.busybro_proposals.args is 'Its arguments: what runs is this, never what a confirmation sends.';
comment on column private.busybro_proposals.created_at is 'When it was made.';
comment on column private.busybro_proposals.expires_at is 'Five minutes later.';
comment on column private.busybro_proposals.used_at is 'When it was confirmed, if it was.';
comment on column private.busybro_proposals.idempotency_key is 'The confirming request''s Idempotency-Key: the same one is told the same outcome again.';
comment on column private.busybro_proposals.result is 'What came of it.';
create index busybro_proposals_user on private.busybro_proposals (user_id);
create index busybro_proposals_thread on private.busybro_proposals (thread_id);
create index busybro_proposals_expiry on private.busybro_proposals (expires_at);
alter table private.busybro_proposals enable row level security;

create function internal.create_proposal(user_id uuid, thread_id uuid, tool text, args jsonb) returns jsonb
language plpgsql volatile security definer set search_path = '' as $$
#variable_conflict use_column
declare
  made private.busybro_proposals;
begin
  if not exists (select from public.busybro_threads t where t.id = $2 and t.user_id = $1) then
    raise exception 'no_such_thread' using errcode = 'P0001';
  end if;
  -- Kept an hour past their end, so that a late confirmation hears why; then the next one clears them away.
  delete from private.busybro_proposals p
  where p.id in (
    select o.id from private.busybro_proposals o where o.expires_at < now() - interval '1 hour' limit 100 for update skip locked);
  insert into private.busybro_proposals (user_id, thread_id, tool, args, expires_at)
  values ($1, $2, $3, $4, now() + interval '5 minutes')
  returning * into made;
  return jsonb_build_object('id', made.id, 'expires_at', made.expires_at);
end
$$;
comment on function internal.create_proposal(uuid, uuid, text, jsonb) is 'Records a write that a person has to confirm; error no_such_thread unless the conversation is theirs.';

create function internal.take_proposal(user_id uuid, proposal_id uuid, args jsonb, idempotency_key text) returns jsonb
language plpgsql volatile security definer set search_path = '' as $$
#variable_conflict use_column
declare
  found private.busybro_proposals;
begin
  select * into found from private.busybro_proposals p where p.id = $2 and p.user_id = $1 for update;
  if found.id is null then
    raise exception 'proposal_not_found' using errcode = 'P0001';
  elsif $3 is not null and $3 <> '{}' and $3 <> found.args then
    raise exception 'proposal_changed' using errcode = 'P0001';
  elsif found.used_at is not null and found.result is not null and found.idempotency_key = $4 then
    return jsonb_build_object('state', 'done', 'tool', found.tool, 'result', found.result);
  elsif found.used_at is not null then
    raise exception 'proposal_used' using errcode = 'P0001';
  elsif found.expires_at <= now() then
    raise exception 'proposal_expired' using errcode = 'P0001';
  end if;
  update private.busybro_proposals p set used_at = now(), idempotency_key = $4 where p.id = $2;
  return jsonb_build_object('state', 'taken', 'tool', found.tool, 'args', found.args);
end
$$;
comment on function internal.take_proposal(uuid, uuid, jsonb, text) is 'Takes a person''s proposal, at most once; {} or null stands for the arguments as proposed, others are refused. Errors proposal_not_found, proposal_changed, proposal_used, proposal_expired; the same idempotency key gets the outcome again.';

create function internal.finish_proposal(user_id uuid, proposal_id uuid, result jsonb) returns void
language sql volatile security definer set search_path = '' as $$
  update private.busybro_proposals p set result = $3 where p.id = $2 and p.user_id = $1 and p.used_at is not null
$$;
comment on function internal.finish_proposal(uuid, uuid, jsonb) is 'Keeps what came of a confirmed proposal, for a confirmation that is sent again.';

revoke execute on function internal.create_proposal(uuid, uuid, text, jsonb), internal.take_proposal(uuid, uuid, jsonb, text), internal.finish_proposal(uuid, uuid, jsonb) from public;
grant execute on function internal.create_proposal(uuid, uuid, text, jsonb), internal.take_proposal(uuid, uuid, jsonb, text), internal.finish_proposal(uuid, uuid, jsonb) to service_role;
