-- Purpose: redaction by destination, alerts, long work, Telegram links.
-- Affected: public.redaction_policies, alert_rules, jobs, telegram_links.

create table public.redaction_policies (
  destination text primary key check (destination in ('console', 'export', 'mcp', 'busybro', 'telegram')),
  enabled boolean not null default true,
  mode text not null default 'mask' check (mode in ('mask', 'strip')),
  extra_names text[] not null default '{}' check (cardinality(extra_names) <= 200),
  extra_patterns text[] not null default '{}' check (cardinality(extra_patterns) <= 50),
  updated_at timestamptz not null default now()
);
comment on table public.redaction_policies is 'What is done to secrets on their way to each destination. On is everything, for everybody; off is nothing, for those who may see secrets (secrets:view and the scope secrets): from others they are always hidden. busybro and telegram are always on.';
comment on column public.redaction_policies.destination is 'console (what people read by REST and in the web app, and so all that is read with their tokens), export, mcp, busybro or telegram.';
comment on column public.redaction_policies.enabled is 'Whether secrets are replaced for those too who may see them.';
comment on column public.redaction_policies.mode is 'mask leaves a placeholder, strip leaves nothing.';
comment on column public.redaction_policies.extra_names is 'Further header, cookie, query and JSON names that carry secrets.';
comment on column public.redaction_policies.extra_patterns is 'Further patterns of secrets.';
comment on column public.redaction_policies.updated_at is 'Last change of this row.';
alter table public.redaction_policies add constraint redaction_policies_assistant_on
  check (enabled or destination not in ('busybro', 'telegram'));
insert into public.redaction_policies (destination, enabled) values
  ('console', false), ('export', false), ('mcp', false), ('busybro', true), ('telegram', true);
alter table public.redaction_policies enable row level security;

grant select, update (enabled, mode, extra_names, extra_patterns) on public.redaction_policies to authenticated;
create policy "People with settings:view read the redaction policies" on public.redaction_policies
for select to authenticated using ((select private.has_capability('settings', 'view')));
create policy "Holders of settings:edit and global:edit change them" on public.redaction_policies
for update to authenticated
using ((select private.has_capability('settings', 'edit') and private.has_capability('global', 'edit')))
with check ((select private.has_capability('settings', 'edit') and private.has_capability('global', 'edit')));

create table public.alert_rules (
  id uuid primary key default gen_random_uuid(),
  user_id uuid not null default private.user_id() references public.profiles (id) on delete cascade,
  workspace_id uuid not null references public.workspaces (id) on delete cascade,
  kind text not null check (kind in ('device_offline', 'error_spike', 'breakpoint_held')),
  enabled boolean not null default true,
  threshold integer check (threshold > 0),
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  unique (user_id, workspace_id, kind)
);
comment on table public.alert_rules is 'What a person wants to be told by Telegram.';
comment on column public.alert_rules.id is 'Identity.';
comment on column public.alert_rules.user_id is 'Who is told.';
comment on column public.alert_rules.workspace_id is 'About which workspace.';
comment on column public.alert_rules.kind is 'device_offline, error_spike or breakpoint_held.';
comment on column public.alert_rules.enabled is 'Whether it is on.';
comment on column public.alert_rules.threshold is 'For error_spike: errors a minute.';
comment on column public.alert_rules.created_at is 'When it was made.';
comment on column public.alert_rules.updated_at is 'Last change of this row.';
create index alert_rules_workspace on public.alert_rules (workspace_id);
alter table public.alert_rules enable row level security;

grant select, insert (workspace_id, kind, enabled, threshold), update (enabled, threshold), delete on public.alert_rules to authenticated;
create policy "People read their own alert rules" on public.alert_rules
for select to authenticated using (user_id = (select private.user_id()));
create policy "People make alert rules for their workspaces" on public.alert_rules
for insert to authenticated
with check (user_id = (select private.writer_id()) and workspace_id = any ((select private.workspaces_with('entries', 'view'))::uuid[]));
create policy "People change their own alert rules" on public.alert_rules
for update to authenticated
using (user_id = (select private.writer_id())) with check (user_id = (select private.writer_id()));
create policy "People delete their own alert rules" on public.alert_rules
for delete to authenticated using (user_id = (select private.writer_id()));

create table public.jobs (
  id uuid primary key default gen_random_uuid(),
  user_id uuid not null default private.user_id() references public.profiles (id) on delete cascade,
  kind text not null check (char_length(kind) <= 60),
  status text not null default 'queued' check (status in ('queued', 'running', 'done', 'failed')),
  progress integer not null default 0 check (progress between 0 and 100),
  arguments jsonb not null default '{}',
  result jsonb,
  error text check (char_length(error) <= 2000),
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  expires_at timestamptz not null default now() + interval '1 day'
);
comment on table public.jobs is 'Long work and its result, kept for a day; the owner''s alone.';
comment on column public.jobs.id is 'Identity.';
comment on column public.jobs.user_id is 'Whose it is.';
comment on column public.jobs.kind is 'What is done, e.g. export_har.';
comment on column public.jobs.status is 'queued, running, done or failed.';
comment on column public.jobs.progress is 'Per cent done.';
comment on column public.jobs.arguments is 'What it was asked with.';
comment on column public.jobs.result is 'What came out.';
comment on column public.jobs.error is 'Why it failed.';
comment on column public.jobs.created_at is 'When it was asked for.';
comment on column public.jobs.updated_at is 'Last change of this row.';
comment on column public.jobs.expires_at is 'When it is removed.';
create index jobs_user on public.jobs (user_id, created_at desc);
create index jobs_expiry on public.jobs (expires_at);
alter table public.jobs enable row level security;

grant select, insert (kind, status, progress, arguments, result, error), update (status, progress, result, error), delete on public.jobs to authenticated;
create policy "People read their own jobs" on public.jobs
for select to authenticated using (user_id = (select private.user_id()));
create policy "People add their own jobs" on public.jobs
for insert to authenticated with check (user_id = (select private.writer_id()));
create policy "People change their own jobs" on public.jobs
for update to authenticated
using (user_id = (select private.writer_id()))
with check (user_id = (select private.writer_id()));
create policy "People delete their own jobs" on public.jobs
for delete to authenticated using (user_id = (select private.writer_id()));

create table public.telegram_links (
  user_id uuid primary key references public.profiles (id) on delete cascade,
  telegram_user_id bigint not null unique,
  chat_id bigint not null,
  username text check (char_length(username) <= 64),
  first_name text check (char_length(first_name) <= 120),
  grant_id uuid references private.grants (id) on delete set null,
  linked_at timestamptz not null default now()
);
comment on table public.telegram_links is 'Which Telegram account belongs to whom. One each way.';
comment on column public.telegram_links.user_id is 'The person.';
comment on column public.telegram_links.telegram_user_id is 'Their Telegram account.';
comment on column public.telegram_links.chat_id is 'The private chat that answers go to.';
comment on column public.telegram_links.username is 'Telegram user name, without @.';
comment on column public.telegram_links.first_name is 'Name as Telegram shows it.';
comment on column public.telegram_links.grant_id is 'The grant that turns run on; revoking it ends them.';
comment on column public.telegram_links.linked_at is 'Since when.';
create index telegram_links_grant on public.telegram_links (grant_id);
alter table public.telegram_links enable row level security;
grant select on public.telegram_links to authenticated;
create policy "People see their own Telegram link, and all with users:view" on public.telegram_links
for select to authenticated using (user_id = (select private.user_id()) or (select private.has_capability('users', 'view')));

create trigger touch_updated_at before update on public.redaction_policies
for each row execute function private.touch_updated_at();
create trigger touch_updated_at before update on public.alert_rules
for each row execute function private.touch_updated_at();
create trigger touch_updated_at before update on public.jobs
for each row execute function private.touch_updated_at();

create trigger audit after insert or update or delete on public.redaction_policies
for each row execute function private.audit_change('destination');
create trigger audit after insert or update or delete on public.alert_rules
for each row execute function private.audit_change('id');
create trigger audit after insert or update or delete on public.telegram_links
for each row execute function private.audit_change('user_id');
