-- There is always an admin.
begin;
\ir support/people.psql
select plan(6);

select pg_temp.add_person('root', 'admin');
select pg_temp.add_person('second', 'admin');
update public.profiles set role = 'member' where role = 'admin' and id not in (pg_temp.id_of('root'), pg_temp.id_of('second'));

create function pg_temp.demote(who text) returns text
language sql as $$ select format('update public.profiles set role = ''member'' where id = %L', pg_temp.id_of($1)) $$;

select throws_ok($$update public.profiles set role = 'member' where role = 'admin'$$, 'PT409', null,
  'All admins at once are not demoted');
select is(pg_temp.rows_for('root', pg_temp.demote('second')), 1, 'One of two is demoted');
select throws_ok(format('select pg_temp.rows_for(''root'', %L)', pg_temp.demote('root')), 'PT409', null,
  'The last one does not step down');
select throws_ok(pg_temp.demote('root'), 'PT409', null, 'nor does an operator demote them');
select throws_ok(format('delete from auth.users where id = %L', pg_temp.id_of('root')), 'PT409', null,
  'nor is their account deleted');
select throws_ok(format('select pg_temp.rows_for(''root'', %L)',
  format('select public.delete_account(%L)', pg_temp.id_of('root') || '@example.com')), 'PT409', null, 'by themselves neither');

select * from finish();
rollback;
