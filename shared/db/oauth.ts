import { z } from "zod";
import type { Database, Json } from "./database.types.ts";
import { id, timestamp } from "./shapes.ts";

const client = z.object({
  client_id: z.string(),
  kind: z.enum(["registered", "document", "service"]),
  redirect_uris: z.array(z.string()),
  auth_method: z.enum(["none", "client_secret_basic", "client_secret_post"]),
  secret_hash: z.string().nullable(),
  metadata: z.object({ grant_types: z.array(z.string()).optional() }),
  /** False for a copy of a document that has to be fetched again. */
  fresh: z.boolean(),
});
const registration = z.object({
  client_id: z.string(),
  created_at: timestamp,
  metadata: z.record(z.string(), z.unknown()),
});
const pending = z.object({
  client_id: z.string(),
  kind: z.enum(["registered", "document"]),
  client_name: z.string(),
  redirect_uri: z.string(),
  scope: z.string(),
  resource: z.string(),
  expires_at: timestamp,
  /** Null without a person. */
  user_role: z.string().nullable(),
  sees_secrets: z.boolean(),
});
const issued = z.object({
  jti: id,
  grant_id: id,
  client_id: z.string(),
  scope: z.string(),
  sub: id,
  user_role: z.string(),
  issued_at: timestamp,
  expires_at: timestamp,
});

/** A step refused. `revoked_grant` when it was a replay, which ended the grant. */
const refused = <E extends string>(...errors: [E, ...E[]]) =>
  z.object({ error: z.enum(errors), revoked_grant: id.nullish() });

const decision = z.union([
  refused("session_gone", "request_gone", "invalid_scope"),
  z.object({
    approved: z.boolean(),
    grant_id: id.nullish(),
    client_id: z.string(),
    redirect_uri: z.string(),
    state: z.string().nullable(),
  }),
]);
const redemption = z.union([refused("invalid_grant"), issued]);
const rotation = z.union([
  refused("invalid_grant", "invalid_scope"),
  issued.extend({ rotated: z.boolean() }),
]);
const serviceToken = z.union([refused("invalid_client", "invalid_scope"), issued]);
const revocation = z.object({ grant_id: id.nullable(), jti: id.nullable() });
const introspection = z.union([
  z.object({ active: z.literal(false) }),
  z.object({ active: z.literal(true) }).catchall(z.union([z.string(), z.number()])),
]);

export type OAuthClient = z.infer<typeof client>;
export type PendingRequest = z.infer<typeof pending>;
export type IssuedToken = z.infer<typeof issued>;

export interface AuthorizationRequest {
  client_id: string;
  redirect_uri: string;
  state: string | undefined;
  scope: string;
  resource: string;
  code_challenge: string;
}

/** What identifies a token without being it. */
export interface TokenReference {
  client_id: string;
  jti: string | null;
  refresh_hash: string;
}

type OAuthFunction = Extract<keyof Database["internal"]["Functions"], `oauth_${string}`>;

/** A database function of schema `internal`, called with the secret key. */
type Call = <T>(
  name: OAuthFunction,
  args: Record<string, Json | undefined>,
  shape: z.ZodType<T>,
  signal: AbortSignal,
) => Promise<T>;

/**
 * What the authorization server remembers. Every race is decided inside one of these calls: the
 * functions in TypeScript know what to ask, never what has happened meanwhile.
 */
export function oauthStore(call: Call) {
  return {
    register: (
      args: { client: Json; fingerprint: string | null; secret_hash: string | null },
      signal: AbortSignal,
    ) => call("oauth_register", args, registration, signal),
    /** Null when there is none, or it has expired unused. */
    client: (client_id: string, signal: AbortSignal) =>
      call("oauth_client", { client_id }, client.nullable(), signal),
    saveDocument: (
      args: { client_id: string; metadata: Json; fresh_seconds: number },
      signal: AbortSignal,
    ) => call("oauth_save_document", args, z.unknown(), signal),
    start: (rid_hash: string, request: AuthorizationRequest, signal: AbortSignal) =>
      call("oauth_start", { rid_hash, request: { ...request } }, timestamp, signal),
    /** Null when unknown, expired or decided. */
    pending: (rid_hash: string, user_id: string | null, signal: AbortSignal) =>
      call("oauth_pending", { rid_hash, user_id }, pending.nullable(), signal),
    decide: (
      args: {
        rid_hash: string;
        user_id: string;
        auth_session_id: string;
        approve: boolean;
        scope: string | null;
        code_hash: string;
      },
      signal: AbortSignal,
    ) => call("oauth_decide", args, decision, signal),
    redeemCode: (
      args: {
        code_hash: string;
        client_id: string;
        redirect_uri: string | null;
        code_challenge: string;
        resource: string;
        refresh_hash: string | null;
      },
      signal: AbortSignal,
    ) => call("oauth_redeem_code", args, redemption, signal),
    rotateRefresh: (
      args: {
        refresh_hash: string;
        client_id: string;
        scope: string | null;
        new_refresh_hash: string;
      },
      signal: AbortSignal,
    ) => call("oauth_rotate_refresh", args, rotation, signal),
    serviceToken: (args: { client_id: string; scope: string | null }, signal: AbortSignal) =>
      call("oauth_service_token", args, serviceToken, signal),
    revoke: (args: TokenReference, signal: AbortSignal) =>
      call("oauth_revoke", { ...args }, revocation, signal),
    introspect: (args: TokenReference, signal: AbortSignal) =>
      call("oauth_introspect", { ...args }, introspection, signal),
  };
}

export type OAuthStore = ReturnType<typeof oauthStore>;
