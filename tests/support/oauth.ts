// An external client and the person behind its browser, a request at a time. Each client calls from an
// address of its own, so that no test meets another one's limits.

import { createHash, randomBytes } from "node:crypto";
import { fetchFrom, newAddress } from "./neighbour.ts";
import { stack } from "./stack.ts";
import { answer } from "./world.ts";
import type { Person } from "./world.ts";

export const REDIRECT_URI = "http://127.0.0.1/callback";

export interface Client {
  readonly client_id: string;
  readonly client_secret?: string;
  /** As registered. */
  readonly metadata: Record<string, unknown>;
  readonly address: string;
}

export interface Tokens {
  access_token: string;
  token_type: string;
  expires_in: number;
  scope: string;
  refresh_token?: string;
}

type Fields = Record<string, string | string[] | undefined>;

export const issuer = (): string => stack().issuer;

/** A request to the authorization server; redirects are answered, never followed. */
export function ask(
  path: string,
  init: { method?: string; headers?: HeadersInit; body?: string; address?: string } = {},
): Promise<Response> {
  return fetchFrom(init.address ?? newAddress(), `${issuer()}${path}`, init);
}

export function postJson(path: string, body: unknown, address = newAddress()): Promise<Response> {
  return ask(path, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(body),
    address,
  });
}

export function postForm(
  path: string,
  fields: Fields,
  options: { headers?: Record<string, string>; address?: string } = {},
): Promise<Response> {
  return ask(path, {
    method: "POST",
    headers: { "Content-Type": "application/x-www-form-urlencoded", ...options.headers },
    body: formOf(fields).toString(),
    ...(options.address && { address: options.address }),
  });
}

function formOf(fields: Fields): URLSearchParams {
  const form = new URLSearchParams();
  for (const [name, value] of Object.entries(fields)) {
    for (const item of [value].flat()) if (item !== undefined) form.append(name, item);
  }
  return form;
}

export function registration(metadata: Record<string, unknown>): Promise<Response> {
  return postJson("/register", metadata);
}

/** A client nobody else shares: public registrations that are alike are one client. */
export async function newClient(metadata: Record<string, unknown> = {}): Promise<Client> {
  const registered = await answer<{ client_id: string; client_secret?: string }>(
    await registration({
      client_name: `App ${randomBytes(6).toString("hex")}`,
      redirect_uris: [REDIRECT_URI],
      token_endpoint_auth_method: "none",
      ...metadata,
    }),
  );
  return { ...registered, metadata: { ...registered }, address: newAddress() };
}

export function newVerifier(): string {
  return randomBytes(32).toString("base64url");
}

export function challengeOf(verifier: string): string {
  return createHash("sha256").update(verifier).digest("base64url");
}

/** Opens the authorization URL as a browser does; a change to undefined leaves a parameter out. */
export function authorize(client: Client, changes: Fields = {}): Promise<Response> {
  const query = formOf({
    response_type: "code",
    client_id: client.client_id,
    redirect_uri: REDIRECT_URI,
    state: "st+a/te=",
    scope: "mcp:read mcp:write",
    code_challenge: challengeOf(newVerifier()),
    code_challenge_method: "S256",
    resource: issuer(),
    ...changes,
  });
  return ask(`/authorize?${query}`, { address: client.address });
}

/** Where an answer leads, taken apart. */
export function locationOf(response: Response): URL {
  const location = response.headers.get("location");
  if (location === null) throw new Error(`no redirect but ${response.status}`);
  return new URL(location);
}

/** What the authorization endpoint does: an OAuth error, `consent`, or its status without a redirect. */
export async function outcomeOf(client: Client, changes: Fields): Promise<string> {
  const response = await authorize(client, changes);
  if (!response.headers.has("location")) return String(response.status);
  return locationOf(response).searchParams.get("error") ?? "consent";
}

/** The id of a request that waits for a decision. */
export async function pendingRequest(client: Client, changes: Fields = {}): Promise<string> {
  const rid = locationOf(await authorize(client, changes)).searchParams.get("rid");
  if (rid === null) throw new Error("the request was refused");
  return rid;
}

export function decide(
  person: Pick<Person, "sessionToken">,
  rid: string,
  decision: { approve?: boolean; scopes?: string[] } = {},
): Promise<Response> {
  return postJson("/authorize/resume", {
    rid,
    access_token: person.sessionToken,
    approve: true,
    ...decision,
  });
}

/** Goes through consent; the parameters that the client's redirect URI is called with. */
export async function approved(
  person: Pick<Person, "sessionToken">,
  client: Client,
  changes: Fields = {},
  scopes?: string[],
): Promise<URLSearchParams> {
  const rid = await pendingRequest(client, changes);
  const { redirect } = await answer<{ redirect: string }>(
    await decide(person, rid, scopes ? { scopes } : {}),
  );
  return new URL(redirect).searchParams;
}

export interface Code {
  code: string;
  verifier: string;
}

/** A code that waits to be redeemed. */
export async function newCode(
  person: Pick<Person, "sessionToken">,
  client: Client,
  changes: Fields = {},
  scopes?: string[],
): Promise<Code> {
  const verifier = newVerifier();
  const parameters = await approved(
    person,
    client,
    { code_challenge: challengeOf(verifier), ...changes },
    scopes,
  );
  return { code: parameters.get("code")!, verifier };
}

/** Redeems a code as its client would; a change to undefined leaves a field out. */
export function redeem(
  client: Client,
  { code, verifier }: Code,
  changes: Fields = {},
  headers: Record<string, string> = {},
): Promise<Response> {
  return postForm("/token", {
    grant_type: "authorization_code",
    code,
    code_verifier: verifier,
    redirect_uri: REDIRECT_URI,
    client_id: client.client_id,
    client_secret: client.client_secret,
    ...changes,
  }, { headers });
}

export function refresh(
  client: Client,
  refreshToken: string,
  changes: Fields = {},
): Promise<Response> {
  return postForm("/token", {
    grant_type: "refresh_token",
    refresh_token: refreshToken,
    client_id: client.client_id,
    client_secret: client.client_secret,
    ...changes,
  });
}

/** The whole way of an external client to its tokens. */
export async function connect(
  person: Pick<Person, "sessionToken">,
  client: Client,
  scope = "mcp:read mcp:write",
  scopes?: string[],
): Promise<Required<Tokens>> {
  const code = await newCode(person, client, { scope }, scopes);
  return await answer<Required<Tokens>>(await redeem(client, code));
}

export function basic(user: string, password: string): Record<string, string> {
  const pair = [user, password].map(encodeURIComponent).join(":");
  return { Authorization: `Basic ${btoa(pair)}` };
}

/** The error of an OAuth answer, with its status. */
export async function errorOf(response: Response): Promise<string> {
  const body = await response.json() as { error?: string };
  return `${response.status} ${body.error}`;
}
