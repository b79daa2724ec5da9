// People, workspaces and devices of a test's own, made the way they come about in production:
// accounts by the admin API, tokens by the exchange, devices by pairing.

import { randomUUID } from "node:crypto";
import type { SupabaseClient } from "@supabase/supabase-js";
import { createBusymateClient } from "busymate-client";
import postgres from "postgres";
import { fetchFrom, newAddress } from "./neighbour.ts";
import { stack } from "./stack.ts";

const PASSWORD = "correct horse battery staple";

export interface Person {
  readonly id: string;
  readonly email: string;
  readonly password: string;
  /** Their personal workspace. */
  readonly workspaceId: string;
  /** A session of Supabase Auth: no credential for data, only what the token was exchanged for. */
  readonly sessionToken: string;
  readonly token: string;
  /** supabase-js with the access token; untyped, for tests that ask for what there is not. */
  readonly client: SupabaseClient;
}

export interface Device {
  readonly uuid: string;
  readonly name: string;
  readonly token: string;
  readonly workspaceId: string;
}

let connection: postgres.Sql | undefined;

/** The database as its owner: for arranging what no API offers, never for what a test asserts about. */
export function database(): postgres.Sql {
  connection ??= postgres(stack().db_url, { max: 4, onnotice: () => {} });
  return connection;
}

/** A client that carries a token the way integrators do. */
export function clientWith(token: string): SupabaseClient {
  return createBusymateClient({
    url: stack().url,
    publishableKey: stack().publishable_key,
    accessToken: () => Promise.resolve(token),
  }).supabase;
}

interface Call {
  method?: string;
  headers?: HeadersInit;
  body?: string | Uint8Array;
  /** Where the call comes from: 127.0.0.1 unless told, which all tests share. */
  address?: string;
}

/** Fetches one of the stack's URLs with the publishable key and a token. */
export function call(path: string, token: string | null, init: Call = {}): Promise<Response> {
  const headers = new Headers(init.headers);
  headers.set("apikey", stack().publishable_key);
  if (token !== null) headers.set("Authorization", `Bearer ${token}`);
  if (typeof init.body === "string" && !headers.has("Content-Type")) {
    headers.set("Content-Type", "application/json");
  }
  return fetchFrom(init.address ?? "127.0.0.1", `${stack().url}${path}`, { ...init, headers });
}

export async function answer<T>(response: Response): Promise<T> {
  const text = await response.text();
  if (!response.ok) throw new Error(`the stack answered ${response.status}: ${text}`);
  return JSON.parse(text) as T;
}

/** Signs in, which makes a new Auth session. */
export async function signIn(email: string, password = PASSWORD): Promise<string> {
  const session = await answer<{ access_token: string }>(
    await call("/auth/v1/token?grant_type=password", null, {
      method: "POST",
      body: JSON.stringify({ email, password }),
    }),
  );
  return session.access_token;
}

/** Exchanges an Auth session for an access token. */
export async function exchange(sessionToken: string): Promise<string> {
  const token = await answer<{ access_token: string }>(
    await call("/functions/v1/mcp/first-party-token", sessionToken, {
      method: "POST",
      address: newAddress(),
    }),
  );
  return token.access_token;
}

/** A new account with a role, signed in and holding an access token. */
export async function newPerson(role = "member"): Promise<Person> {
  const email = `${role}-${randomUUID().slice(0, 13)}@example.com`;
  const account = await answer<{ id: string }>(
    await fetch(`${stack().url}/auth/v1/admin/users`, {
      method: "POST",
      headers: {
        apikey: stack().secret_key,
        Authorization: `Bearer ${stack().secret_key}`,
        "Content-Type": "application/json",
      },
      body: JSON.stringify({ email, password: PASSWORD, email_confirm: true }),
    }),
  );
  const sql = database();
  if (role !== "member") {
    await sql`update public.profiles set role = ${role} where id = ${account.id}`;
  }
  const [workspace] = await sql<{ id: string }[]>`
    select id from public.workspaces where owner_user_id = ${account.id} and personal`;
  const sessionToken = await signIn(email);
  const token = await exchange(sessionToken);
  return {
    id: account.id,
    email,
    password: PASSWORD,
    workspaceId: workspace!.id,
    sessionToken,
    token,
    client: clientWith(token),
  };
}

/** Lets a person into a workspace. */
export async function enrol(workspaceId: string, person: Person): Promise<void> {
  await database()`
    insert into public.workspace_members (workspace_id, user_id) values (${workspaceId}, ${person.id})
    on conflict do nothing`;
}

/** Pairs a new device as a person, into their personal workspace unless told. */
export async function newDevice(
  person: Person,
  options: { workspaceId?: string; uuid?: string; name?: string } = {},
): Promise<Device> {
  const uuid = options.uuid ?? randomUUID();
  const name = options.name ?? `Device ${uuid.slice(0, 8)}`;
  const workspaceId = options.workspaceId ?? person.workspaceId;
  const { code } = await answer<{ code: string }>(
    await call("/functions/v1/device-pair/codes", person.token, {
      method: "POST",
      body: JSON.stringify({ workspace_id: workspaceId }),
      address: newAddress(),
    }),
  );
  const paired = await answer<{ token: string }>(
    await call("/functions/v1/device-pair", null, {
      method: "POST",
      body: JSON.stringify({ code, device: { uuid, name, os: "iOS", connection_type: "vpn" } }),
      address: newAddress(),
    }),
  );
  return { uuid, name, token: paired.token, workspaceId };
}

/** An ingest entry with sensible contents; give what the test is about. */
export function exchangeOf(
  overrides: Record<string, unknown> = {},
  payload: Record<string, unknown> = {},
) {
  return {
    request_id: randomUUID(),
    ts: new Date().toISOString(),
    ...overrides,
    payload: {
      method: "GET",
      url: "https://api.example.com/things?page=1",
      statusCode: 200,
      duration: 12,
      requestHeaders: { accept: "application/json" },
      responseHeaders: { "content-type": "application/json" },
      responseBody: '{"things":[]}',
      ...payload,
    },
  };
}

/** Sends entries through the ingest function. */
export async function ingest(
  device: { token: string },
  entries: unknown[],
): Promise<{ accepted: number; duplicates: number; rejected: { index: number; code: string }[] }> {
  return await answer(
    await call("/functions/v1/ingest", device.token, {
      method: "POST",
      body: JSON.stringify({ entries }),
    }),
  );
}
