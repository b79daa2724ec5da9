-- What a hosted Supabase project holds before its first migration, apart from the schemas auth,
-- realtime and cron, whose contents stand beside the service that answers for them.
-- Run once, as the superuser supabase_admin.

-- Roles ---------------------------------------------------------------------------------------

-- The owner of a project's schema. Not a superuser: what a migration may do here it may do hosted.
create role postgres with login createdb createrole replication bypassrls;

create role anon with nologin;
create role authenticated with nologin;
create role service_role with nologin bypassrls;

-- PostgREST connects as this role and becomes the one a token names.
create role authenticator with login noinherit;
grant anon, authenticated, service_role to authenticator;

create role supabase_auth_admin with login noinherit createrole;
create role supabase_realtime_admin with nologin noinherit;
create role dashboard_user with nologin createdb createrole replication;

-- Hosted projects grant exactly these since Postgres 16 separated ADMIN from CREATEROLE. The option
-- on authenticator is what lets a migration set PostgREST's configuration on it.
grant anon, authenticated, service_role, authenticator to postgres with admin option;
grant pg_monitor, pg_read_all_data, pg_signal_backend to postgres with admin option;
-- supabase_admin needs the options too, to create what the services own and to act for callers.
grant anon, authenticated, service_role to supabase_admin with admin option;

-- The extension supautils lets hosted postgres make policies on realtime.messages, which it does not
-- own. Without supautils only a member of the owner may; hosted grants this membership as well.
grant supabase_realtime_admin to postgres;

alter role anon set statement_timeout = '3s';
alter role authenticated set statement_timeout = '8s';
alter role authenticator set statement_timeout = '8s';
alter role authenticator set lock_timeout = '8s';
alter role supabase_auth_admin set search_path = 'auth';
alter role supabase_auth_admin set idle_in_transaction_session_timeout = '60s';

-- Settings that supautils lets hosted postgres change though the server does not know their names
-- (PostgREST reads its own from the role) or keeps them for superusers.
grant set on parameter "pgrst.db_pre_request" to postgres;
grant set on parameter "pgrst.db_schemas" to postgres;
grant set on parameter "pgrst.db_max_rows" to postgres;
grant set on parameter session_replication_role to postgres;

-- Database and schema public --------------------------------------------------------------------

alter database postgres owner to postgres;
alter database postgres set search_path to "$user", public, extensions;

grant usage on schema public to postgres, anon, authenticated, service_role;

-- Hosted opens every new object of public to the three API roles; closing them is the migrations'
-- own business, and forgetting it must show here as it would there.
alter default privileges for role postgres in schema public
  grant all on tables to postgres, anon, authenticated, service_role;
alter default privileges for role postgres in schema public
  grant all on sequences to postgres, anon, authenticated, service_role;
alter default privileges for role postgres in schema public
  grant all on functions to postgres, anon, authenticated, service_role;
alter default privileges for role supabase_admin in schema public
  grant all on tables to postgres, anon, authenticated, service_role;
alter default privileges for role supabase_admin in schema public
  grant all on sequences to postgres, anon, authenticated, service_role;
alter default privileges for role supabase_admin in schema public
  grant all on functions to postgres, anon, authenticated, service_role;

-- Extensions ------------------------------------------------------------------------------------

create schema extensions authorization postgres;
grant usage on schema extensions to anon, authenticated, service_role;
grant all on schema extensions to dashboard_user;

create extension pgcrypto with schema extensions;
create extension "uuid-ossp" with schema extensions;
create extension pg_stat_statements with schema extensions;

-- Schemas of the services -----------------------------------------------------------------------

create schema auth authorization supabase_auth_admin;
grant usage on schema auth to postgres, anon, authenticated, service_role, dashboard_user;
-- postgres may reference auth.users, read it and hang triggers on it, but may not create here.
alter default privileges for role supabase_auth_admin in schema auth
  grant all on tables to postgres, dashboard_user;
alter default privileges for role supabase_auth_admin in schema auth
  grant all on sequences to postgres, dashboard_user;
alter default privileges for role supabase_auth_admin in schema auth
  grant all on routines to postgres, dashboard_user;
alter default privileges for role supabase_admin in schema auth
  grant all on tables to postgres, dashboard_user, supabase_auth_admin;
alter default privileges for role supabase_admin in schema auth
  grant all on sequences to postgres, dashboard_user, supabase_auth_admin;
alter default privileges for role supabase_admin in schema auth
  grant all on routines to postgres, dashboard_user, supabase_auth_admin;

create schema realtime authorization supabase_admin;
grant usage on schema realtime to postgres, anon, authenticated, service_role;
grant all on schema realtime to supabase_realtime_admin;

create schema cron authorization supabase_admin;
grant usage on schema cron to postgres with grant option;

-- Realtime ----------------------------------------------------------------------------------------

-- Empty at first: a table is published by adding it.
create publication supabase_realtime;
alter publication supabase_realtime owner to postgres;
