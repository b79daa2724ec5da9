-- Purpose: what nobody can use any more goes.
-- Affected: private.sweep; jobs, entry_tags, device_commands, breakpoint_events, proxy_passwords.

create function private.sweep() returns void
language plpgsql security definer set search_path = '' set enable_hashjoin = off set enable_mergejoin = off as $$
begin
  delete from public.jobs j where j.expires_at < now();
  -- Work lasts two minutes at most: what has not moved for longer ended with the process that did it.
  update public.jobs j set status = 'failed', error = 'The work was interrupted; start it again.'
  where j.status = 'running' and j.updated_at < now() - interval '5 minutes';
  delete from public.device_commands c where c.created_at < now() - interval '30 days';
  delete from public.breakpoint_events b where b.held_at < now() - interval '30 days';
  -- One look-up a tag, by the id, which says the entry's day: a hash join would read all entries.
  delete from public.entry_tags t
  where not exists (select from public.entries e where e.id = t.entry_id and e.ts = private.entry_ts(t.entry_id));
  -- An upsert that was ignored, or met a row of another id, leaves the password it brought.
  delete from private.proxy_passwords p
  where p.scope = 'upstream' and not exists (select from public.upstream_proxies u where u.id = p.subject);
end
$$;
comment on function private.sweep() is 'Gives up on interrupted jobs; removes expired ones, commands and held exchanges after 30 days, tags of entries that expired, passwords of proxies that are not there. Cron calls it every 10 minutes.';
select cron.schedule('busymate-sweep', '*/10 * * * *', 'select private.sweep()');

comment on function internal.unpair_device(uuid, uuid) is 'Deletes a device at once with all that is its own (credentials, status, settings and their proxy password, tags, commands, held exchanges, live-activity message), and its captures within minutes; the audit log stays. False when there is no such device or the person may not edit it.';
comment on column public.devices.connection_type is 'How it captures, as it reports: vpn or pac. How it should is said by effective_settings_for_device.';
