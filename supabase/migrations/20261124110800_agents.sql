-- Purpose: BusyBro's specialists for services, and people's conversations.
-- Affected: public.busybro_agents, service_group_agents, busybro_threads, busybro_messages.

create table public.busybro_agents (
  id uuid primary key default gen_random_uuid(),
  workspace_id uuid references public.workspaces (id) on delete cascade,
  name text not null check (char_length(name) between 1 and 60),
  emoji text not null default '🤖' check (char_length(emoji) <= 8),
  instructions text not null default '' check (char_length(instructions) <= 8000),
  enabled boolean not null default true,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  unique nulls not distinct (workspace_id, name)
);
comment on table public.busybro_agents is 'Specialists that BusyBro speaks as.';
comment on column public.busybro_agents.id is 'Identity.';
comment on column public.busybro_agents.workspace_id is 'The workspace it belongs to; null is shared by all.';
comment on column public.busybro_agents.name is 'Name, unique in its workspace; part of the signature.';
comment on column public.busybro_agents.emoji is 'Emoji of the signature.';
comment on column public.busybro_agents.instructions is 'What it knows and how it answers.';
comment on column public.busybro_agents.enabled is 'Whether it may be chosen.';
comment on column public.busybro_agents.created_at is 'When it was made.';
comment on column public.busybro_agents.updated_at is 'Last change of this row.';
alter table public.busybro_agents enable row level security;

grant select, insert (workspace_id, name, emoji, instructions, enabled), update (name, emoji, instructions, enabled), delete on public.busybro_agents to authenticated;
create policy "People read agents of their workspaces and shared ones" on public.busybro_agents
for select to authenticated using (coalesce(workspace_id, '00000000-0000-0000-0000-000000000000'::uuid) = any ((select private.workspaces_or_shared('agents', 'view'))::uuid[]));
create policy "People with agents:edit add agents" on public.busybro_agents
for insert to authenticated with check (coalesce(workspace_id, '00000000-0000-0000-0000-000000000000'::uuid) = any ((select private.workspaces_or_shared('agents', 'edit'))::uuid[]));
create policy "People with agents:edit change agents" on public.busybro_agents
for update to authenticated
using (coalesce(workspace_id, '00000000-0000-0000-0000-000000000000'::uuid) = any ((select private.workspaces_or_shared('agents', 'edit'))::uuid[]))
with check (coalesce(workspace_id, '00000000-0000-0000-0000-000000000000'::uuid) = any ((select private.workspaces_or_shared('agents', 'edit'))::uuid[]));
create policy "People with agents:edit delete agents" on public.busybro_agents
for delete to authenticated using (coalesce(workspace_id, '00000000-0000-0000-0000-000000000000'::uuid) = any ((select private.workspaces_or_shared('agents', 'edit'))::uuid[]));

create table public.service_group_agents (
  group_id uuid not null references public.service_groups (id) on delete cascade,
  agent_id uuid not null references public.busybro_agents (id) on delete cascade,
  is_primary boolean not null default false,
  created_at timestamptz not null default now(),
  primary key (group_id, agent_id)
);
comment on table public.service_group_agents is 'Agents linked to a service group; at most one is primary and answers for it.';
comment on column public.service_group_agents.group_id is 'The group.';
comment on column public.service_group_agents.agent_id is 'The agent.';
comment on column public.service_group_agents.is_primary is 'Whether it is the group''s primary agent.';
comment on column public.service_group_agents.created_at is 'When it was linked.';
create index service_group_agents_agent on public.service_group_agents (agent_id);
create unique index service_group_agents_one_primary on public.service_group_agents (group_id) where is_primary;
alter table public.service_group_agents enable row level security;

grant select, insert (group_id, agent_id, is_primary), update (is_primary), delete on public.service_group_agents to authenticated;
create policy "People read the agents of groups they may see" on public.service_group_agents
for select to authenticated
using (group_id in (select g.id from public.service_groups g) and (select private.has_capability('agents', 'view')));
create policy "People with agents:edit link agents to groups" on public.service_group_agents
for insert to authenticated
with check (
  agent_id in (select a.id from public.busybro_agents a where coalesce(a.workspace_id, '00000000-0000-0000-0000-000000000000'::uuid) = any ((select private.workspaces_or_shared('agents', 'edit'))::uuid[]))
  and group_id in (select g.id from public.service_groups g));
create policy "People with agents:edit choose a group's primary agent" on public.service_group_agents
for update to authenticated
using (agent_id in (select a.id from public.busybro_agents a where coalesce(a.workspace_id, '00000000-0000-0000-0000-000000000000'::uuid) = any ((select private.workspaces_or_shared('agents', 'edit'))::uuid[])))
with check (agent_id in (select a.id from public.busybro_agents a where coalesce(a.workspace_id, '00000000-0000-0000-0000-000000000000'::uuid) = any ((select private.workspaces_or_shared('agents', 'edit'))::uuid[])));
create policy "People with agents:edit unlink agents from groups" on public.service_group_agents
for delete to authenticated
using (agent_id in (select a.id from public.busybro_agents a where coalesce(a.workspace_id, '00000000-0000-0000-0000-000000000000'::uuid) = any ((select private.workspaces_or_shared('agents', 'edit'))::uuid[])));

create table public.busybro_threads (
  id uuid primary key default gen_random_uuid(),
  user_id uuid not null default private.user_id() references public.profiles (id) on delete cascade,
  title text not null default '' check (char_length(title) <= 200),
  surface text not null default 'web' check (surface in ('web', 'telegram')),
  tainted boolean not null default false,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now()
);
comment on table public.busybro_threads is 'A person''s conversations with BusyBro; nobody else''s, not even an admin''s.';
comment on column public.busybro_threads.id is 'Identity.';
comment on column public.busybro_threads.user_id is 'Whose it is.';
comment on column public.busybro_threads.title is 'What it is about.';
comment on column public.busybro_threads.surface is 'Where it was held: web or telegram.';
comment on column public.busybro_threads.tainted is 'Whether untrusted content came into it; stays so.';
comment on column public.busybro_threads.created_at is 'When it began.';
comment on column public.busybro_threads.updated_at is 'Last change of this row.';
create index busybro_threads_user on public.busybro_threads (user_id, updated_at desc);
alter table public.busybro_threads enable row level security;

create table public.busybro_messages (
  id bigint generated always as identity primary key,
  thread_id uuid not null references public.busybro_threads (id) on delete cascade,
  user_id uuid not null default private.user_id() references public.profiles (id) on delete cascade,
  role text not null check (role in ('user', 'assistant')),
  text text not null check (char_length(text) <= 100000),
  specialist text check (char_length(specialist) <= 60),
  tools jsonb not null default '[]',
  created_at timestamptz not null default now()
);
comment on table public.busybro_messages is 'What was said in a conversation, in order of id.';
comment on column public.busybro_messages.id is 'Order.';
comment on column public.busybro_messages.thread_id is 'The conversation.';
comment on column public.busybro_messages.user_id is 'Whose conversation it is.';
comment on column public.busybro_messages.role is 'Who spoke: user or assistant.';
comment on column public.busybro_messages.text is 'What was said.';
comment on column public.busybro_messages.specialist is 'As whom the assistant spoke.';
comment on column public.busybro_messages.tools is 'Which tools it used: [{name, status}].';
comment on column public.busybro_messages.created_at is 'When.';
create index busybro_messages_thread on public.busybro_messages (thread_id, id);
create index busybro_messages_user on public.busybro_messages (user_id);
alter table public.busybro_messages enable row level security;

create function private.keep_taint() returns trigger
language plpgsql set search_path = '' as $$
begin
  new.tainted := old.tainted or new.tainted;
  return new;
end
$$;
comment on function private.keep_taint() is 'Row trigger: a conversation that untrusted content came into stays tainted.';
create trigger keep_taint before update on public.busybro_threads
for each row execute function private.keep_taint();

grant select, insert (title, surface, tainted), update (title, tainted), delete on public.busybro_threads to authenticated;
create policy "People read their own conversations" on public.busybro_threads
for select to authenticated using (user_id = (select private.user_id()));
create policy "People add their own conversations" on public.busybro_threads
for insert to authenticated with check (user_id = (select private.writer_id()));
create policy "People change their own conversations" on public.busybro_threads
for update to authenticated
using (user_id = (select private.writer_id()))
with check (user_id = (select private.writer_id()));
create policy "People delete their own conversations" on public.busybro_threads
for delete to authenticated using (user_id = (select private.writer_id()));

grant select, insert (thread_id, role, text, specialist, tools), delete on public.busybro_messages to authenticated;
create policy "People read what was said in their own conversations" on public.busybro_messages
for select to authenticated using (user_id = (select private.user_id()));
create policy "People add to their own conversations" on public.busybro_messages
for insert to authenticated
with check (user_id = (select private.writer_id()) and thread_id in (select t.id from public.busybro_threads t));
create policy "People delete from their own conversations" on public.busybro_messages
for delete to authenticated using (user_id = (select private.writer_id()));

create trigger touch_updated_at before update on public.busybro_agents
for each row execute function private.touch_updated_at();
create trigger touch_updated_at before update on public.busybro_threads
for each row execute function private.touch_updated_at();

create trigger audit after insert or update or delete on public.busybro_agents
for each row execute function private.audit_change('id');
create trigger audit after insert or update or delete on public.service_group_agents
for each row execute function private.audit_change('group_id');
