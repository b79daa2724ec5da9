-- Nobody grants what they lack; built-in roles are fixed; only an admin makes an admin.
begin;
\ir support/people.psql
select plan(15);

insert into public.roles (name) values ('test-registrar'), ('test-helper'), ('test-sampler'), ('test-guest');
insert into public.role_capabilities values
  ('test-registrar', 'users', 'edit'), ('test-registrar', 'roles', 'edit'), ('test-registrar', 'tags', 'view'),
  ('test-helper', 'tags', 'view'), ('test-sampler', 'secrets', 'view');
select pg_temp.add_person('root', 'admin');
select pg_temp.add_person('other admin', 'admin');
select pg_temp.add_person('rita', 'test-registrar');
select pg_temp.add_person('mia');
select pg_temp.add_person('sam', 'test-sampler');
select pg_temp.add_person('gus', 'test-guest');

create function pg_temp.attempt(name text, statement text) returns text
language sql as $$ select format('select pg_temp.rows_for(%L, %L)', $1, $2) $$;
create function pg_temp.make(person text, role text) returns text
language sql as $$ select format('update public.profiles set role = %L where id = %L', $2, pg_temp.id_of($1)) $$;

select throws_ok(pg_temp.attempt('mia', pg_temp.make('mia', 'admin')), 'PT403', 'role: changing a person''s role needs users:edit',
  'A member does not promote themselves, and is told why');
select is(pg_temp.rows_for('mia', pg_temp.make('rita', 'viewer')), 0, 'A member changes nobody''s role');
select is(pg_temp.rows_for('rita', pg_temp.make('gus', 'test-helper')), 1, 'With users:edit a role is given that holds no more than one''s own');
select throws_ok(pg_temp.attempt('rita', pg_temp.make('gus', 'member')), 'PT403', null, 'but none that holds more');
select throws_ok(pg_temp.attempt('rita', pg_temp.make('sam', 'test-helper')), 'PT403', null, 'and none is taken that holds more');
select throws_ok(pg_temp.attempt('rita', pg_temp.make('rita', 'admin')), 'PT403', null, 'nor does one make oneself an admin');
select throws_ok(pg_temp.attempt('rita', pg_temp.make('root', 'viewer')), 'PT403', null, 'or unmake one');
select is(pg_temp.rows_for('root', pg_temp.make('mia', 'admin')), 1, 'An admin makes an admin');
select is(pg_temp.rows_for('rita', $$insert into public.role_capabilities values ('test-helper', 'users', 'view')$$), 1,
  'One gives a role what one holds');
select throws_ok(pg_temp.attempt('rita', $$insert into public.role_capabilities values ('test-helper', 'secrets', 'view')$$),
  'PT403', null, 'and nothing one lacks');
select throws_ok(pg_temp.attempt('rita', $$update public.role_capabilities set action = 'edit' where role = 'test-helper' and section = 'tags'$$),
  'PT403', null, 'also not by turning view into edit');
select throws_ok(pg_temp.attempt('root', $$delete from public.role_capabilities where role = 'viewer' and section = 'tags'$$),
  'PT403', null, 'What built-in roles may do is fixed, for admins too');
select throws_ok(pg_temp.attempt('root', $$delete from public.roles where name = 'viewer'$$), 'PT403', null, 'They are not deleted');
select throws_ok(pg_temp.attempt('root', $$update public.roles set name = 'looker' where name = 'viewer'$$), 'PT403', null, 'nor renamed');
delete from public.role_capabilities where role = 'test-registrar' and section = 'users';
select is(pg_temp.rows_for('rita', $$update public.roles set name = 'test-renamed' where name = 'test-registrar'$$), 1,
  'A role in use is renamed with roles:edit alone');

select * from finish();
rollback;
