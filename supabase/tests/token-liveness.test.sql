-- What ends a credential: for each a policy shows nothing and the check of the request refuses.
begin;
\ir support/people.psql
select plan(19);

select pg_temp.add_person('ann');
select pg_temp.add_device('phone', 'ann');
insert into public.device_status (device_uuid) values (pg_temp.id_of('phone'));

create function pg_temp.sees(name text) returns integer
language sql as $$
  select pg_temp.rows_for($1, case $1 when 'ann' then 'select from public.profiles' else 'select device_uuid from public.device_status' end)
$$;
create function pg_temp.with_claims(name text, changes jsonb) returns integer
language plpgsql as $$
declare
  kept constant jsonb := (select c.claims from pg_temp.callers c where c.name = $1);
  seen integer;
begin
  update pg_temp.callers c set claims = kept || changes where c.name = $1;
  seen := pg_temp.sees($1);
  update pg_temp.callers c set claims = kept where c.name = $1;
  return seen;
end
$$;
-- Nested in a block of its own, the change is undone whatever it was.
create function pg_temp.after(name text, change text) returns text
language plpgsql as $$
declare
  answer text;
begin
  begin
    execute change;
    answer := pg_temp.sees($1)::text;
    begin
      perform pg_temp.rows_for($1, 'select private.check_request()');
      answer := answer || ', let in';
    exception when sqlstate 'PT401' then
      answer := answer || ', refused';
    end;
    raise exception 'undo' using errcode = 'PT000';
  exception when sqlstate 'PT000' then
    return answer;
  end;
end
$$;

select is(pg_temp.after('ann', 'select'), '1, let in', 'A live token reads');
select is(pg_temp.after('ann', 'update public.api_tokens set revoked_at = now() where user_id = pg_temp.id_of(''ann'')'), '0, refused', 'A revoked token');
select is(pg_temp.after('ann', 'update public.api_tokens set expires_at = now() where user_id = pg_temp.id_of(''ann'')'), '0, refused', 'An expired row');
select is(pg_temp.after('ann', 'update private.grants set revoked_at = now() where user_id = pg_temp.id_of(''ann'')'), '0, refused', 'A revoked grant');
select is(pg_temp.after('ann', 'update private.grants set expires_at = now() where user_id = pg_temp.id_of(''ann'')'), '0, refused', 'An expired grant');
select is(pg_temp.after('ann', 'update private.grants set auth_session_id = gen_random_uuid() where user_id = pg_temp.id_of(''ann'')'), '0, refused',
  'A grant whose Auth session is gone');
select is(pg_temp.after('ann', 'delete from auth.users where id = pg_temp.id_of(''ann'')'), '0, refused', 'A deleted account');
select is(pg_temp.with_claims('ann', jsonb_build_object('exp', 1)), 0, 'exp in the past');
select is(pg_temp.with_claims('ann', jsonb_build_object('nbf', 4102444800)), 0, 'nbf in the future');
select is(pg_temp.with_claims('ann', jsonb_build_object('aud', 'authenticated')), 0, 'aud without the issuer');
select is(pg_temp.with_claims('ann', jsonb_build_object('iss', 'another')), 0, 'another issuer');
select is(pg_temp.with_claims('ann', jsonb_build_object('jti', gen_random_uuid())), 0, 'an unknown jti');
select is(pg_temp.with_claims('ann', jsonb_build_object('jti', 'x')), 0, 'a jti that is none');
select is(pg_temp.with_claims('ann', jsonb_build_object('sub', gen_random_uuid())), 0, 'somebody else''s jti');
select is(pg_temp.after('phone', 'select'), '1, let in', 'A live device credential reads its key');
select is(pg_temp.after('phone', 'update public.device_jwts set revoked_at = now() where device_uuid = pg_temp.id_of(''phone'')'), '0, refused', 'A revoked one');
select is(pg_temp.after('phone', 'update public.device_jwts set expires_at = now() where device_uuid = pg_temp.id_of(''phone'')'), '0, refused', 'An expired one');
select is(pg_temp.after('phone', 'delete from public.devices where uuid = pg_temp.id_of(''phone'')'), '0, refused', 'A deleted device');
select is(pg_temp.with_claims('phone', jsonb_build_object('app_metadata', jsonb_build_object('device_uuid', gen_random_uuid()))), 0,
  'Another device in the claims');

select * from finish();
rollback;
