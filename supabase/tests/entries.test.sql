-- Who reads, writes and deletes captures.
begin;
\ir support/people.psql
select plan(11);

select pg_temp.add_person('ann');
select pg_temp.add_person('ben');
select pg_temp.add_person('vera', 'viewer');
select pg_temp.add_person('root', 'admin');
select pg_temp.enrol('vera', 'ann');
select pg_temp.add_device('phone', 'ann');
select pg_temp.add_device('tablet', 'ben');

create temporary table statements as
select 'select from public.entries where device_uuid = ' || quote_literal(pg_temp.id_of('phone')) as reading,
  'delete from public.entries where device_uuid = ' || quote_literal(pg_temp.id_of('phone')) as deleting,
  format($$insert into public.entries (request_id, device_uuid, ts, kind, payload)
    values ('1', %L, now(), 'event', '{"url": "https://example.com/"}')$$, pg_temp.id_of('phone')) as writing;

select throws_ok(format('select pg_temp.rows_for(''ann'', %L)', writing), '42501', null, 'A person writes no captures') from statements;
select throws_ok(format('select pg_temp.rows_for(''tablet'', %L)', writing), '42501', null, 'A device writes none of another') from statements;
select is(pg_temp.rows_for('phone', writing), 1, 'A device writes its own') from statements;
select is(pg_temp.rows_for('phone', reading), 1, 'A device finds the keys of its own') from statements;
select throws_ok('select pg_temp.rows_for(''phone'', ''select url from public.entries'')', '42501', null,
  'A device reads no more than keys');
select is(pg_temp.rows_for('ann', reading), 1, 'The owner of the workspace reads them') from statements;
select is(pg_temp.rows_for('vera', reading), 1, 'A viewer in the workspace reads them') from statements;
select is(pg_temp.rows_for('ben', reading), 0, 'Somebody of another workspace does not') from statements;
select is(pg_temp.rows_for('vera', deleting), 0, 'A viewer deletes none') from statements;
select is(pg_temp.rows_for('ben', deleting), 0, 'Somebody of another workspace deletes none') from statements;
select is(pg_temp.rows_for('root', deleting), 1, 'An admin deletes them') from statements;

select * from finish();
rollback;
