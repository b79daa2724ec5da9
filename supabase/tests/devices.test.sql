-- Who sees and changes devices, and what a device may say of itself.
begin;
\ir support/people.psql
select plan(11);

select pg_temp.add_person('ann');
select pg_temp.add_person('ben');
select pg_temp.add_person('vera', 'viewer');
select pg_temp.add_person('reader', 'member', 'mcp:read');
select pg_temp.enrol('vera', 'ann');
select pg_temp.enrol('reader', 'ann');
select pg_temp.add_device('phone', 'ann');
select pg_temp.add_device('tablet', 'ben');

create temporary table statements as
select 'select from public.devices where uuid = ' || quote_literal(pg_temp.id_of('phone')) as reading,
  'update public.devices set model = ''x'' where uuid = ' || quote_literal(pg_temp.id_of('phone')) as changing,
  'insert into public.device_status (device_uuid, online) values (' || quote_literal(pg_temp.id_of('phone')) || ', true)' as reporting;

select is(pg_temp.rows_for('vera', reading), 1, 'A viewer sees a device of the workspace') from statements;
select is(pg_temp.rows_for('ben', reading), 0, 'Somebody of another workspace does not') from statements;
select throws_ok(format('select pg_temp.rows_for(''phone'', %L)', reading), '42501', null, 'A device reads no devices') from statements;
select is(pg_temp.rows_for('ann', changing), 1, 'A member changes a device of the workspace') from statements;
select is(pg_temp.rows_for('vera', changing), 0, 'A viewer changes none') from statements;
select is(pg_temp.rows_for('reader', changing), 0, 'A member whose token only reads changes none') from statements;
select is(pg_temp.rows_for('ben', changing), 0, 'Somebody of another workspace changes none') from statements;
select throws_ok(
  format('select pg_temp.rows_for(''ann'', %L)',
    format('update public.devices set workspace_id = %L where uuid = %L', pg_temp.workspace_of('ben'), pg_temp.id_of('phone'))),
  '42501', null, 'Nobody moves a device to where they do not belong');
select throws_ok(format('select pg_temp.rows_for(''tablet'', %L)', reporting), '42501', null,
  'A device reports no status of another') from statements;
select is(pg_temp.rows_for('phone', reporting), 1, 'A device reports its own status') from statements;
select throws_ok(format('select pg_temp.rows_for(''ann'', %L)', reporting), '42501', null, 'A person reports none') from statements;

select * from finish();
rollback;
