-- Purpose: the schemas, the database role of devices and the privileges everything else starts from.
-- Affected: schemas private and internal, role device, default privileges, extension citext (and pg_cron where it exists).
-- Special: hosted grants ALL on new objects in public to the API roles; that is taken back here, so that each
--          migration says itself what it grants.

create schema if not exists private;
comment on schema private is 'Helpers, security-definer functions and state that no API role reads directly. Never exposed by PostgREST.';

create schema if not exists internal;
comment on schema internal is 'RPCs of the edge functions for OAuth state, pairing, liveness and limits. Exposed by PostgREST, usable by service_role alone.';

create extension if not exists citext with schema extensions;

-- pg_cron is an extension on hosted; the embedded stack brings the same schema and functions itself.
do $$
begin
  if exists (select from pg_catalog.pg_available_extensions where name = 'pg_cron') then
    create extension if not exists pg_cron with schema pg_catalog;
  end if;
end
$$;

-- Devices have a database role of their own, so that what they cannot do is decided by grants (default deny)
-- and not by policies alone. Membership in anon brings the platform's grants on schema realtime, nothing else:
-- anon itself holds no privilege on the product's tables.
do $$
begin
  if not exists (select from pg_catalog.pg_roles where rolname = 'device') then
    create role device nologin;
  end if;
end
$$;
alter role device set statement_timeout = '8s';
grant device to authenticator;
grant anon to device;

alter default privileges in schema public revoke all on tables from anon, authenticated, service_role;
alter default privileges in schema public revoke all on sequences from anon, authenticated, service_role;
alter default privileges in schema public revoke all on functions from anon, authenticated, service_role;
alter default privileges revoke execute on functions from public;

revoke all on schema public from anon;
grant usage on schema public to authenticated, device, service_role;

-- Only the functions granted one by one are callable in private; the schema itself has to be visible for that.
grant usage on schema private to anon, authenticated, device, service_role;
grant usage on schema internal to service_role;
