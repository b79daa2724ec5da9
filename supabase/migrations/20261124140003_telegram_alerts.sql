-- Purpose: people who are linked are told when a device goes offline, errors pile up or an exchange is held.
-- Affected: private.alert_states; private.person_may, live_alert_rules, evaluate_alerts, tend_telegram; a cron job.
-- Special: what is found and what is noted of it is one statement, so an event is told once. Events of the same moment
--          share a message: a router that goes down takes all its devices along.

create table private.alert_states (
  rule_id uuid not null references public.alert_rules (id) on delete cascade,
  subject uuid not null,
  since timestamptz not null default now(),
  primary key (rule_id, subject)
);
comment on table private.alert_states is 'What an alert rule remembers. device_offline: a device that was seen online, so that going offline is news. error_spike: the workspace, from the alert until it is over. breakpoint_held: an exchange that was told of.';
comment on column private.alert_states.rule_id is 'The rule.';
comment on column private.alert_states.subject is 'The device, workspace or breakpoint event.';
comment on column private.alert_states.since is 'Since when.';
alter table private.alert_states enable row level security;

create function private.person_may(user_id uuid, workspace_id uuid, section text) returns boolean
language sql stable security definer set search_path = '' as $$
  select exists (
    select from public.profiles p
    join public.role_capabilities c on c.role = p.role and c.section = $3
    where p.id = $1 and (
      exists (select from public.workspace_members m where m.workspace_id = $2 and m.user_id = $1)
      or exists (select from public.role_capabilities g where g.role = p.role and g.section = 'global')))
$$;
comment on function private.person_may(uuid, uuid, text) is 'Whether a person may view a section of a workspace now. For what reaches them without a request of theirs.';

create function private.live_alert_rules(kind text)
returns table (rule_id uuid, user_id uuid, chat_id bigint, workspace_id uuid, workspace text, threshold integer)
language sql stable security definer set search_path = '' as $$
  select r.id, r.user_id, l.chat_id, w.id, w.name, coalesce(r.threshold, 20)
  from public.alert_rules r
  join public.telegram_links l on l.user_id = r.user_id
  join public.workspaces w on w.id = r.workspace_id
  where r.kind = $1 and r.enabled
    and private.person_may(r.user_id, r.workspace_id,
      case $1 when 'device_offline' then 'devices' when 'error_spike' then 'entries' when 'breakpoint_held' then 'breakpoints' end)
$$;
comment on function private.live_alert_rules(text) is 'Rules of a kind that are on, of people who are linked and may still see what the rule is about.';

create function private.alert_silent_devices() returns void
language sql volatile security definer set search_path = '' as $$
  with seen as materialized (
    select r.*, d.uuid, d.name::text as device,
      coalesce(s.online and s.last_heartbeat_at > now() - interval '90 seconds', false)
        or coalesce(d.last_seen_at > now() - interval '90 seconds', false) as online
    from private.live_alert_rules('device_offline') r
    join public.devices d on d.workspace_id = r.workspace_id
    left join public.device_status s on s.device_uuid = d.uuid
  ), armed as (
    insert into private.alert_states (rule_id, subject)
    select s.rule_id, s.uuid from seen s where s.online
    on conflict do nothing
  ), gone as (
    delete from private.alert_states a using seen s
    where a.rule_id = s.rule_id and a.subject = s.uuid and not s.online
    returning s.rule_id, s.user_id, s.chat_id, s.workspace, s.device
  )
  insert into private.telegram_outbox (user_id, chat_id, needs_link, expires_at, message)
  select g.user_id, g.chat_id, true, now() + interval '1 hour',
    jsonb_build_object('kind', 'device_offline', 'workspace', g.workspace, 'count', count(*),
      'devices', to_jsonb((array_agg(g.device order by g.device))[:5]))
  from gone g
  group by g.rule_id, g.user_id, g.chat_id, g.workspace
$$;
comment on function private.alert_silent_devices() is 'Tells of devices that were online and have not been heard for 90 seconds.';

-- The minute is the last one of ts, which is what the index goes by. A spike is told once, and again only after it was
-- over and five minutes have passed.
create function private.alert_errors() returns void
language sql volatile security definer set search_path = '' as $$
  with counted as materialized (
    select r.*, (
      select count(*) from public.entries e
      where e.workspace_id = r.workspace_id and e.ts > now() - interval '1 minute' and e.ts <= now()
        and (e.status >= 500 or e.error is not null)) as errors
    from private.live_alert_rules('error_spike') r
  ), over as (
    delete from private.alert_states a using counted c
    where a.rule_id = c.rule_id and c.errors < c.threshold and a.since < now() - interval '5 minutes'
  ), news as (
    insert into private.alert_states (rule_id, subject)
    select c.rule_id, c.workspace_id from counted c where c.errors >= c.threshold
    on conflict do nothing
    returning rule_id
  )
  insert into private.telegram_outbox (user_id, chat_id, needs_link, expires_at, message)
  select c.user_id, c.chat_id, true, now() + interval '10 minutes',
    jsonb_build_object('kind', 'error_spike', 'workspace', c.workspace, 'errors', c.errors, 'threshold', c.threshold)
  from counted c join news n on n.rule_id = c.rule_id
$$;
comment on function private.alert_errors() is 'Tells of workspaces with as many errors in the last minute as the rule''s threshold (20 unless set): answers of 500 and above, and exchanges that failed.';

-- Of the URL only the host is told: paths and queries carry secrets.
create function private.alert_held_exchanges() returns void
language sql volatile security definer set search_path = '' as $$
  with held as materialized (
    select r.*, b.id, b.held_at, b.expires_at, d.name::text as device, b.phase, b.method,
      substring(b.url from '^[A-Za-z][A-Za-z0-9+.-]*://(?:[^/?#]*@)?([^/?#]*)') as host
    from private.live_alert_rules('breakpoint_held') r
    join public.breakpoint_events b on b.workspace_id = r.workspace_id and b.resumed_at is null and b.expires_at > now()
    join public.devices d on d.uuid = b.device_uuid
  ), news as (
    insert into private.alert_states (rule_id, subject)
    select h.rule_id, h.id from held h
    on conflict do nothing
    returning rule_id, subject
  )
  insert into private.telegram_outbox (user_id, chat_id, needs_link, expires_at, message)
  select h.user_id, h.chat_id, true, max(h.expires_at),
    jsonb_build_object('kind', 'breakpoint_held', 'workspace', h.workspace, 'count', count(*), 'first', (array_agg(
      jsonb_build_object('device', h.device, 'phase', h.phase, 'method', h.method, 'host', h.host) order by h.held_at, h.id))[1])
  from held h join news n on n.rule_id = h.rule_id and n.subject = h.id
  group by h.rule_id, h.user_id, h.chat_id, h.workspace
$$;
comment on function private.alert_held_exchanges() is 'Tells of exchanges that a breakpoint holds; worth sending until they go on by themselves.';

create function private.evaluate_alerts() returns void
language plpgsql volatile security definer set search_path = '' as $$
begin
  -- What a rule remembers from before it was switched off, or its person unlinked, is not news when it is on again.
  delete from private.alert_states a
  where not exists (
      select from public.alert_rules r join public.telegram_links l on l.user_id = r.user_id
      where r.id = a.rule_id and r.enabled)
    or a.since < now() - interval '2 minutes' and exists (
      select from public.alert_rules r
      where r.id = a.rule_id and r.kind = 'breakpoint_held');
  perform private.alert_silent_devices();
  perform private.alert_errors();
  perform private.alert_held_exchanges();
end
$$;
comment on function private.evaluate_alerts() is 'Looks whether there is anything to tell, and puts it into the outbox.';

create function private.tend_telegram() returns void
language plpgsql volatile security definer set search_path = '' as $$
begin
  -- A run that takes longer than the interval is not joined by a second one.
  if pg_try_advisory_xact_lock(hashtextextended('busymate: alerts', 0)) then
    perform private.evaluate_alerts();
  end if;
  perform private.wake_telegram();
end
$$;
comment on function private.tend_telegram() is 'Evaluates the alerts and has due messages sent. Cron calls it every 5 seconds.';
select cron.schedule('busymate-telegram', '5 seconds', 'select private.tend_telegram()');
