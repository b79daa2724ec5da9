-- Demo accounts and workspaces for the embedded stack and for `supabase start`. Never run on a hosted project.
-- Password of all of them: busymate-demo.

insert into auth.users (
  instance_id, id, aud, role, email, encrypted_password, email_confirmed_at, raw_app_meta_data, raw_user_meta_data,
  created_at, updated_at, confirmation_token, recovery_token, email_change_token_new, email_change)
select '00000000-0000-0000-0000-000000000000', u.id::uuid, 'authenticated', 'authenticated', u.email,
  extensions.crypt('busymate-demo', extensions.gen_salt('bf', 10)), now(),
  '{"provider": "email", "providers": ["email"]}', jsonb_build_object('name', u.name),
  now(), now(), '', '', '', ''
from (values
  ('00000000-0000-4000-8000-0000000000ad', 'admin@busymate.test', 'Admin'),
  ('00000000-0000-4000-8000-00000000000a', 'ada@busymate.test', 'Ada'),
  ('00000000-0000-4000-8000-00000000000b', 'ben@busymate.test', 'Ben'),
  ('00000000-0000-4000-8000-00000000000c', 'vera@busymate.test', 'Vera')
) as u (id, email, name)
on conflict (id) do nothing;

insert into auth.identities (id, user_id, provider_id, provider, identity_data, created_at, updated_at, last_sign_in_at)
select gen_random_uuid(), u.id, u.id::text, 'email', jsonb_build_object('sub', u.id, 'email', u.email), now(), now(), now()
from auth.users u
where u.email like '%@busymate.test'
on conflict do nothing;

update public.profiles set role = 'admin' where id = '00000000-0000-4000-8000-0000000000ad';
update public.profiles set role = 'viewer' where id = '00000000-0000-4000-8000-00000000000c';

insert into public.workspaces (id, name, owner_user_id) values
  ('00000000-0000-4000-8000-00000000d3f0', 'Demo', '00000000-0000-4000-8000-00000000000a'),
  ('00000000-0000-4000-8000-00000000d3f1', 'Elsewhere', '00000000-0000-4000-8000-00000000000b')
on conflict (id) do nothing;

insert into public.workspace_members (workspace_id, user_id) values
  ('00000000-0000-4000-8000-00000000d3f0', '00000000-0000-4000-8000-00000000000c')
on conflict do nothing;
