// Sessions and their rotating refresh tokens: auth.sessions, auth.refresh_tokens, auth.mfa_amr_claims.

import { randomBytes } from "node:crypto";
import type { Sql } from "postgres";
import { AuthError } from "./errors.ts";
import type { AuthenticationMethod } from "./tokens.ts";
import { INSTANCE_ID } from "./users.ts";

/** Within this time of a refresh a spent token is a second tab, not a thief. Supabase's default. */
const REUSE_INTERVAL_SECONDS = 10;

/** Where a session was opened or refreshed from. */
export type Origin = { userAgent: string | null; ip: string | null };

/** A session and the refresh token that continues it. */
export type Grant = { sessionId: string; userId: string; refreshToken: string };

export type LogoutScope = "global" | "local" | "others";

function newRefreshToken(): string {
  return randomBytes(16).toString("base64url");
}

/**
 * Opens a session by password. With `passwordHash` it opens only while that is still the account's
 * hash: a password changed since it was checked opens nothing.
 */
export async function openSession(
  sql: Sql,
  userId: string,
  origin: Origin,
  passwordHash: string | null,
): Promise<Grant | undefined> {
  const [grant] = await sql<Grant[]>`
    with account as (
      update auth.users as u set last_sign_in_at = now(), updated_at = now()
      where u.id = ${userId} and u.deleted_at is null
        and u.encrypted_password = coalesce(${passwordHash}, u.encrypted_password)
      returning u.id
    ), session as (
      insert into auth.sessions (id, user_id, created_at, updated_at, aal, user_agent, ip)
      select gen_random_uuid(), account.id, now(), now(), 'aal1', ${origin.userAgent}, ${origin.ip}
      from account
      returning id, user_id
    ), method as (
      insert into auth.mfa_amr_claims (session_id, created_at, updated_at, authentication_method, id)
      select session.id, now(), now(), 'password', gen_random_uuid() from session
    )
    insert into auth.refresh_tokens (
      instance_id, token, user_id, revoked, created_at, updated_at, session_id
    )
    select ${INSTANCE_ID}, ${newRefreshToken()}, session.user_id, false, now(), now(), session.id
    from session
    returning session_id as "sessionId", user_id as "userId", token as "refreshToken"
  `;
  return grant;
}

/** The assurance level and methods of a live session of this user. */
export async function findSession(
  sql: Sql,
  id: string,
  userId: string,
): Promise<{ id: string; aal: string; amr: AuthenticationMethod[] } | undefined> {
  const [session] = await sql<{ id: string; aal: string; amr: AuthenticationMethod[] }[]>`
    select
      s.id, coalesce(s.aal, 'aal1') as aal,
      coalesce((
        select jsonb_agg(
          jsonb_build_object(
            'method', m.authentication_method, 'timestamp', floor(extract(epoch from m.updated_at))
          ) order by m.updated_at desc
        )
        from auth.mfa_amr_claims as m
        where m.session_id = s.id
      ), '[]') as amr
    from auth.sessions as s
    where s.id = ${id} and s.user_id = ${userId} and coalesce(s.not_after > now(), true)
  `;
  return session;
}

/** Spends a refresh token and hands out the next. Of concurrent callers exactly one spends it. */
export async function refreshSession(sql: Sql, token: string, origin: Origin): Promise<Grant> {
  const [grant] = await sql<Grant[]>`
    with spent as (
      update auth.refresh_tokens as t set revoked = true, updated_at = now()
      from auth.sessions as s
      join auth.users as u on u.id = s.user_id
      where t.token = ${token} and not t.revoked and s.id = t.session_id
        and coalesce(s.not_after > now(), true) and coalesce(u.banned_until <= now(), true)
      returning t.token, t.user_id, t.session_id
    ), refreshed as (
      update auth.sessions as s set
        refreshed_at = now() at time zone 'utc', updated_at = now(),
        user_agent = ${origin.userAgent}, ip = ${origin.ip}
      from spent
      where s.id = spent.session_id
    )
    insert into auth.refresh_tokens (
      instance_id, token, user_id, revoked, created_at, updated_at, parent, session_id
    )
    select
      ${INSTANCE_ID}, ${newRefreshToken()}, spent.user_id, false, now(), now(), spent.token,
      spent.session_id
    from spent
    returning session_id as "sessionId", user_id as "userId", token as "refreshToken"
  `;
  return grant ?? await reuseRefreshToken(sql, token);
}

/**
 * What a token that could not be spent still gives, by Supabase Auth's rules: the session's current
 * token, if the presented one is its direct predecessor (the client never stored the answer) or the
 * session was refreshed just now (several tabs). Anything else is a stolen token: the session ends.
 */
async function reuseRefreshToken(sql: Sql, token: string): Promise<Grant> {
  const [reuse] = await sql<
    (Grant & { banned: boolean; expired: boolean; allowed: boolean })[]
  >`
    with presented as (
      select
        t.session_id, t.user_id, current.token,
        coalesce(u.banned_until > now(), false) as banned,
        coalesce(s.not_after <= now(), false) as expired,
        coalesce(
          current.parent = t.token
          or current.token is not null and s.refreshed_at > (now() at time zone 'utc')
            - make_interval(secs => ${REUSE_INTERVAL_SECONDS}),
          false
        ) as allowed
      from auth.refresh_tokens as t
      join auth.sessions as s on s.id = t.session_id
      join auth.users as u on u.id = s.user_id
      left join lateral (
        select c.token, c.parent
        from auth.refresh_tokens as c
        where c.session_id = s.id and not c.revoked
        order by c.id desc
        limit 1
      ) as current on true
      where t.token = ${token}
    ), ended as (
      delete from auth.sessions as s
      using presented as p
      where s.id = p.session_id and not p.allowed and not p.banned and not p.expired
    )
    select
      session_id as "sessionId", user_id as "userId", token as "refreshToken", banned, expired, allowed
    from presented
  `;
  if (reuse === undefined) {
    throw refusal("refresh_token_not_found", "Refresh Token Not Found");
  }
  if (reuse.banned) throw refusal("user_banned", "User Banned");
  if (reuse.expired) throw refusal("session_expired", "Session Expired");
  if (!reuse.allowed) throw refusal("refresh_token_already_used", "Already Used");
  return reuse;
}

function refusal(
  code:
    | "refresh_token_not_found"
    | "refresh_token_already_used"
    | "session_expired"
    | "user_banned",
  reason: string,
): AuthError {
  return new AuthError(400, code, `Invalid Refresh Token: ${reason}`);
}

/** Ends this session, the person's other ones, or all. */
export async function endSessions(
  sql: Sql,
  userId: string,
  sessionId: string,
  scope: LogoutScope,
): Promise<void> {
  switch (scope) {
    case "local":
      await sql`delete from auth.sessions where user_id = ${userId} and id = ${sessionId}`;
      return;
    case "others":
      await sql`delete from auth.sessions where user_id = ${userId} and id <> ${sessionId}`;
      return;
    case "global":
      await sql`delete from auth.sessions where user_id = ${userId}`;
  }
}
