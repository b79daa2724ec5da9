// Accounts: auth.users and auth.identities, and the JSON that Supabase Auth shows of them.

import type { Sql } from "postgres";
import { AuthError, errorCode } from "./errors.ts";

/** The one audience and tenant there is; hosted looks accounts up by both. */
export const AUDIENCE = "authenticated";
export const INSTANCE_ID = "00000000-0000-0000-0000-000000000000";

/** bcrypt cost, as hosted. */
const HASH_COST = 10;

export type Metadata = Record<string, unknown>;

/** An account as clients see it. */
export type User = {
  id: string;
  aud: string;
  role: string;
  email: string;
  email_confirmed_at?: string;
  phone: string;
  confirmed_at?: string;
  last_sign_in_at?: string;
  app_metadata: Metadata;
  user_metadata: Metadata;
  identities: Identity[];
  created_at: string;
  updated_at: string;
  banned_until?: string;
  deleted_at?: string;
  is_anonymous: boolean;
};

type Identity = {
  identity_id: string;
  id: string;
  user_id: string;
  identity_data: Metadata;
  provider: string;
  last_sign_in_at: string;
  created_at: string;
  updated_at: string;
  email: string;
};

type UserRow = {
  id: string;
  aud: string | null;
  role: string | null;
  email: string | null;
  email_confirmed_at: Date | null;
  phone: string | null;
  confirmed_at: Date | null;
  last_sign_in_at: Date | null;
  raw_app_meta_data: Metadata | null;
  raw_user_meta_data: Metadata | null;
  created_at: Date | null;
  updated_at: Date | null;
  banned_until: Date | null;
  deleted_at: Date | null;
  is_anonymous: boolean;
  identities: Identity[];
};

/** What creates an account. Sign-up and the admin's form differ only in these values. */
export type NewUser = {
  id?: string | undefined;
  email: string;
  password: string;
  role: string;
  confirmed: boolean;
  bannedUntil: Date | null;
  appMetadata: Metadata;
  userMetadata: Metadata;
};

/** What changes an account; absent fields stay. In metadata a null removes its key. */
export type UserChanges = {
  email?: string | undefined;
  password?: string | undefined;
  role?: string | undefined;
  confirm?: boolean | undefined;
  /** null lifts a ban. */
  bannedUntil?: Date | null | undefined;
  appMetadata?: Metadata | undefined;
  userMetadata?: Metadata | undefined;
};

/** The select list every read shares; `u` is auth.users. */
function userColumns(sql: Sql) {
  return sql`
    u.id, u.aud, u.role, u.email, u.email_confirmed_at, u.phone, u.confirmed_at, u.last_sign_in_at,
    u.raw_app_meta_data, u.raw_user_meta_data, u.created_at, u.updated_at, u.banned_until,
    u.deleted_at, u.is_anonymous,
    coalesce((
      select jsonb_agg(
        jsonb_build_object(
          'identity_id', i.id, 'id', i.provider_id, 'user_id', i.user_id,
          'identity_data', i.identity_data, 'provider', i.provider,
          'last_sign_in_at', i.last_sign_in_at, 'created_at', i.created_at,
          'updated_at', i.updated_at, 'email', i.email
        ) order by i.created_at
      )
      from auth.identities as i
      where i.user_id = u.id
    ), '[]') as identities
  `;
}

function toUser(row: UserRow): User {
  return {
    id: row.id,
    aud: row.aud ?? "",
    role: row.role ?? "",
    email: row.email ?? "",
    ...optionalTime("email_confirmed_at", row.email_confirmed_at),
    phone: row.phone ?? "",
    ...optionalTime("confirmed_at", row.confirmed_at),
    ...optionalTime("last_sign_in_at", row.last_sign_in_at),
    app_metadata: row.raw_app_meta_data ?? {},
    user_metadata: row.raw_user_meta_data ?? {},
    identities: row.identities,
    created_at: (row.created_at ?? new Date(0)).toISOString(),
    updated_at: (row.updated_at ?? new Date(0)).toISOString(),
    ...optionalTime("banned_until", row.banned_until),
    ...optionalTime("deleted_at", row.deleted_at),
    is_anonymous: row.is_anonymous,
  };
}

function optionalTime<K extends string>(key: K, value: Date | null): { [P in K]?: string } {
  return value === null ? {} : { [key]: value.toISOString() } as { [P in K]: string };
}

/** The account with this id, if there is one. */
export async function findUser(sql: Sql, id: string): Promise<User | undefined> {
  const [row] = await sql<UserRow[]>`
    select ${userColumns(sql)} from auth.users as u where u.id = ${id}
  `;
  return row && toUser(row);
}

/** One page of accounts, newest first, and how many there are. */
export async function listUsers(
  sql: Sql,
  page: number,
  perPage: number,
): Promise<{ users: User[]; total: number }> {
  const rows = await sql<UserRow[]>`
    select ${userColumns(sql)}
    from auth.users as u
    where u.instance_id = ${INSTANCE_ID} and u.aud = ${AUDIENCE}
    order by u.created_at desc, u.id
    limit ${perPage} offset ${(page - 1) * perPage}
  `;
  const [count] = await sql<{ total: number }[]>`
    select count(*)::int as total
    from auth.users as u
    where u.instance_id = ${INSTANCE_ID} and u.aud = ${AUDIENCE}
  `;
  return { users: rows.map(toUser), total: count?.total ?? 0 };
}

/**
 * Creates an account and its e-mail identity. Two sign-ups with one e-mail race on the unique index:
 * one wins, the other gets "email_taken".
 */
export async function createUser(sql: Sql, user: NewUser): Promise<string> {
  try {
    const [created] = await sql<{ id: string }[]>`
      with account as (
        insert into auth.users (
          instance_id, id, aud, role, email, encrypted_password, email_confirmed_at, banned_until,
          raw_app_meta_data, raw_user_meta_data, confirmation_token, recovery_token,
          email_change_token_new, email_change, created_at, updated_at
        )
        values (
          ${INSTANCE_ID}, ${
      user.id ?? crypto.randomUUID()
    }, ${AUDIENCE}, ${user.role}, ${user.email},
          extensions.crypt(${user.password}, extensions.gen_salt('bf', ${HASH_COST}::int)),
          case when ${user.confirmed}::boolean then now() end, ${user.bannedUntil},
          ${sql.json(asJson(user.appMetadata))}, ${sql.json(asJson(user.userMetadata))},
          '', '', '', '', now(), now()
        )
        returning id, email
      ), identity as (
        insert into auth.identities (
          provider_id, user_id, identity_data, provider, last_sign_in_at, created_at, updated_at
        )
        select
          account.id::text, account.id,
          jsonb_build_object(
            'sub', account.id, 'email', account.email,
            'email_verified', false, 'phone_verified', false
          ),
          'email', now(), now(), now()
        from account
      )
      select id from account
    `;
    if (created === undefined) throw new Error("the insert of an account returned no row");
    return created.id;
  } catch (error) {
    throw asUserError(error, "Database error saving new user");
  }
}

/**
 * Applies changes in one statement. A new password ends every session but `keepSession`, so that
 * whoever knew the old one is signed out.
 */
export async function updateUser(
  sql: Sql,
  id: string,
  changes: UserChanges,
  keepSession: string | null,
): Promise<boolean> {
  const password = changes.password ?? null;
  const email = changes.email ?? null;
  try {
    const rows = await sql`
      with account as (
        update auth.users as u set
          email = coalesce(${email}, u.email),
          encrypted_password = case when ${password}::text is null then u.encrypted_password
            else extensions.crypt(${password}, extensions.gen_salt('bf', ${HASH_COST}::int)) end,
          role = coalesce(${changes.role ?? null}, u.role),
          email_confirmed_at = case when ${changes.confirm ?? false}::boolean
            then coalesce(u.email_confirmed_at, now()) else u.email_confirmed_at end,
          banned_until = case when ${changes.bannedUntil !== undefined}::boolean
            then ${changes.bannedUntil ?? null}::timestamptz else u.banned_until end,
          raw_app_meta_data = ${merged(sql, sql`u.raw_app_meta_data`, changes.appMetadata)},
          raw_user_meta_data = ${merged(sql, sql`u.raw_user_meta_data`, changes.userMetadata)},
          updated_at = now()
        where u.id = ${id}
        returning u.id
      ), identity as (
        update auth.identities as i set
          identity_data = i.identity_data || jsonb_build_object('email', ${email}::text),
          updated_at = now()
        from account
        where i.user_id = account.id and i.provider = 'email' and ${email}::text is not null
      ), ended as (
        delete from auth.sessions as s
        using account
        where s.user_id = account.id and ${password}::text is not null
          and s.id is distinct from ${keepSession}::uuid
      )
      select id from account
    `;
    return rows.length === 1;
  } catch (error) {
    throw asUserError(error, "Error updating user");
  }
}

/** Removes an account with all that hangs on it. */
export async function deleteUser(sql: Sql, id: string): Promise<boolean> {
  const { count } = await sql`delete from auth.users where id = ${id}`;
  return count === 1;
}

/** Keeps the row for what references it, but nothing that names or admits the person. */
export async function softDeleteUser(sql: Sql, id: string): Promise<boolean> {
  const rows = await sql`
    with account as (
      update auth.users as u set
        email = encode(sha256(convert_to(u.id::text || coalesce(u.email, ''), 'utf8')), 'hex'),
        encrypted_password = '', raw_app_meta_data = '{}', raw_user_meta_data = '{}',
        updated_at = now(), deleted_at = coalesce(u.deleted_at, now())
      where u.id = ${id}
      returning u.id
    ), identity as (
      update auth.identities as i set
        provider_id = encode(sha256(convert_to(i.provider_id, 'utf8')), 'hex'), identity_data = '{}'
      from account
      where i.user_id = account.id
    ), ended as (
      delete from auth.sessions as s using account where s.user_id = account.id
    )
    select id from account
  `;
  return rows.length === 1;
}

// A hash of nothing anyone knows, of the same cost: an unknown e-mail costs the same bcrypt run.
const DUMMY_HASH = "$2a$10$wVZ1b3Mg1oOTSVBHQfA2VOeGAklJ1MDQMf.VR6vYYLcJHEr1BZCsy";

export type Candidate = { id: string; confirmed: boolean; banned: boolean; passwordHash: string };

/**
 * The account that this e-mail and password open. Unknown e-mail, no password set and wrong password
 * all take one bcrypt run and answer undefined.
 */
export async function authenticate(
  sql: Sql,
  email: string,
  password: string,
): Promise<Candidate | undefined> {
  const [row] = await sql<(Candidate & { matches: boolean })[]>`
    select
      u.id, u.email_confirmed_at is not null as confirmed, u.encrypted_password as "passwordHash",
      coalesce(u.banned_until > now(), false) as banned,
      extensions.crypt(${password}, coalesce(nullif(u.encrypted_password, ''), ${DUMMY_HASH}))
        is not distinct from u.encrypted_password as matches
    from (select 1) as attempt
    left join auth.users as u
      on u.instance_id = ${INSTANCE_ID} and lower(u.email) = ${email.toLowerCase()}
      and u.aud = ${AUDIENCE} and not u.is_sso_user
  `;
  return row?.matches ? row : undefined;
}

/** Whether this is the account's password already. */
export async function hasPassword(sql: Sql, id: string, password: string): Promise<boolean> {
  const [row] = await sql<{ same: boolean }[]>`
    select u.encrypted_password = extensions.crypt(${password}, u.encrypted_password) as same
    from auth.users as u
    where u.id = ${id} and u.encrypted_password <> ''
  `;
  return row?.same ?? false;
}

function merged(sql: Sql, column: ReturnType<Sql>, patch: Metadata | undefined) {
  if (patch === undefined) return column;
  const json = asJson(patch);
  const removed = Object.keys(patch).filter((key) => patch[key] === null);
  return sql`(coalesce(${column}, '{}') || ${sql.json(json)}) -
    array(select jsonb_array_elements_text(${sql.json(removed)}))`;
}

/** Metadata came out of JSON.parse, so it is JSON; the types of postgres.js cannot know. */
function asJson(metadata: Metadata): Parameters<Sql["json"]>[0] {
  return metadata as Parameters<Sql["json"]>[0];
}

function asUserError(error: unknown, message: string): unknown {
  if (errorCode(error) === "23505" && error instanceof Error && "constraint_name" in error) {
    if (error.constraint_name === "users_email_partial_key") {
      return new AuthError(
        422,
        "email_exists",
        "A user with this email address has already been registered",
      );
    }
    if (error.constraint_name === "users_pkey") {
      return new AuthError(409, "conflict", "A user with this id has already been registered");
    }
  }
  // A trigger on auth.users that refuses the row: SQLSTATE classes 23 and 42, and RAISE (P0001).
  const code = errorCode(error);
  if (code !== undefined && /^(23|42|P0)/.test(code)) {
    return new AuthError(500, "unexpected_failure", message, { cause: error });
  }
  return error;
}
