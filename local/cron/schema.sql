-- The schema of the extension pg_cron 1.6, whose jobs the stack runs itself: the extension is not
-- among the embedded server's. Run once, as the superuser supabase_admin.

create sequence cron.jobid_seq;
create sequence cron.runid_seq;

create table cron.job (
  jobid bigint primary key default nextval('cron.jobid_seq'),
  schedule text not null,
  command text not null,
  nodename text not null default 'localhost',
  nodeport integer not null default coalesce(inet_server_port(), 5432),
  database text not null default current_database(),
  username text not null default current_user,
  active boolean not null default true,
  jobname text,
  constraint jobname_username_uniq unique (jobname, username)
);
comment on table cron.job is 'Scheduled commands, each run as its username.';

create table cron.job_run_details (
  jobid bigint,
  runid bigint primary key default nextval('cron.runid_seq'),
  job_pid integer,
  database text,
  username text,
  command text,
  status text,
  return_message text,
  start_time timestamptz,
  end_time timestamptz
);
comment on table cron.job_run_details is 'Every run of a job; kept until somebody deletes it.';

alter table cron.job enable row level security;
create policy cron_job_policy on cron.job using (username = current_user);
alter table cron.job_run_details enable row level security;
create policy cron_job_run_details_policy on cron.job_run_details using (username = current_user);

grant select, insert, update, delete on cron.job to postgres;
grant usage on sequence cron.jobid_seq to postgres;
grant select, delete on cron.job_run_details to postgres;

create function cron.check_job() returns trigger
language plpgsql set search_path = '' as $$
begin
  if new.schedule !~ '^\s*[1-9]\d?\s+seconds?\s*$'
    and new.schedule !~* '^@(yearly|annually|monthly|weekly|daily|midnight|hourly|reboot)$'
    and new.schedule !~* '^\s*([\da-z*/,$-]+\s+){4}[\da-z*/,-]+\s*$'
    or substring(new.schedule from '^\s*(\d+)\s+seconds?\s*$')::integer > 59
  then
    raise exception 'invalid schedule: %', new.schedule
      using errcode = 'invalid_parameter_value',
        hint = 'Use cron format (e.g. 5 4 * * *), or interval format ''[1-59] seconds''';
  end if;
  -- postgres bypasses row security but is no superuser: its jobs must not run as one.
  if new.username <> current_user
    and not (select r.rolsuper from pg_catalog.pg_roles r where r.rolname = current_user)
  then
    raise exception 'must be superuser to schedule a job for another role'
      using errcode = 'insufficient_privilege';
  end if;
  return new;
end
$$;
comment on function cron.check_job is 'Refuses bad schedules and jobs in somebody else''s name.';

create trigger check_job before insert or update on cron.job
  for each row execute function cron.check_job();

create function cron.announce_change() returns trigger
language plpgsql set search_path = '' as $$
begin
  perform pg_catalog.pg_notify('embedded_cron', '');
  return null;
end
$$;
comment on function cron.announce_change is 'Tells the runner to read the jobs again.';

create trigger announce_change after insert or update or delete or truncate on cron.job
  for each statement execute function cron.announce_change();

create function cron.schedule(job_name text, schedule text, command text) returns bigint
language sql set search_path = '' as $$
  insert into cron.job (jobname, schedule, command)
  values (job_name, schedule, command)
  on conflict (jobname, username)
    do update set schedule = excluded.schedule, command = excluded.command, active = true
  returning jobid
$$;
comment on function cron.schedule(text, text, text) is 'Adds a named job, or changes the one of that name.';

create function cron.schedule(schedule text, command text) returns bigint
language sql set search_path = '' as $$
  insert into cron.job (schedule, command) values (schedule, command) returning jobid
$$;
comment on function cron.schedule(text, text) is 'Adds a job without a name.';

create function cron.alter_job(
  job_id bigint,
  schedule text default null,
  command text default null,
  database text default null,
  username text default null,
  active boolean default null
) returns void
language plpgsql set search_path = '' as $$
begin
  update cron.job j
  set schedule = coalesce(alter_job.schedule, j.schedule),
    command = coalesce(alter_job.command, j.command),
    database = coalesce(alter_job.database, j.database),
    username = coalesce(alter_job.username, j.username),
    active = coalesce(alter_job.active, j.active)
  where j.jobid = job_id;
  if not found then
    raise exception 'Job % does not exist or you don''t own it', job_id;
  end if;
end
$$;
comment on function cron.alter_job is 'Changes what is given of a job.';

create function cron.unschedule(job_id bigint) returns boolean
language plpgsql set search_path = '' as $$
begin
  delete from cron.job j where j.jobid = job_id;
  if not found then
    raise exception 'could not find valid entry for job ''%''', job_id;
  end if;
  return true;
end
$$;
comment on function cron.unschedule(bigint) is 'Removes a job by its id.';

create function cron.unschedule(job_name text) returns boolean
language plpgsql set search_path = '' as $$
begin
  delete from cron.job j where j.jobname = job_name and j.username = current_user;
  if not found then
    raise exception 'could not find valid entry for job ''%''', job_name;
  end if;
  return true;
end
$$;
comment on function cron.unschedule(text) is 'Removes the caller''s job of that name.';
