import type { Context, MiddlewareHandler } from "hono";
import { createMiddleware } from "hono/factory";
import type { Config } from "../config/config.ts";
import { createService } from "../db/service.ts";
import type { Admission, Bucket, LivenessClaim, Service } from "../db/service.ts";
import { clientAddress } from "../http/address.ts";
import type { AppEnv } from "../http/app.ts";
import { AppError } from "../http/errors.ts";
import { rateLimitHeaders } from "../http/rate-limit.ts";
import { demandClaims, demandToken, invalidToken } from "./challenge.ts";
import { hasScope } from "./claims.ts";
import type { Scope } from "./claims.ts";
import { createVerifier } from "./verify.ts";
import type { Credential, Verifier } from "./verify.ts";

/** A token bucket: `capacity` requests in `perSeconds`, counted for whoever is live, else for the address. */
export interface Limit {
  bucket: string;
  capacity: number;
  perSeconds: number;
}

export interface Gate {
  verifier: Verifier;
  service: Service;
}

/** The gate of a function, from its configuration. */
export function createGate(
  config: Config<"SUPABASE_URL" | "SUPABASE_SECRET_KEYS" | "BUSYMATE_ISSUER">,
  fetch: typeof globalThis.fetch,
): Gate {
  const { SUPABASE_URL: url, SUPABASE_SECRET_KEYS: secretKey, BUSYMATE_ISSUER: issuer } = config;
  return {
    verifier: createVerifier({ issuer, authUrl: `${url}/auth/v1`, fetch }),
    service: createService({ url, secretKey, fetch }),
  };
}

export interface Rule<K extends Credential["kind"]> {
  accept: K;
  limit: Limit;
  /** Needed of a person's token; a device's credential has no scopes. */
  scope?: Scope;
  /** Has the caller's rights told along with the admission, for surfaces that list what is allowed. */
  withRights?: true;
}

type Guarded<K extends Credential["kind"]> = AppEnv & {
  Variables: { caller: Extract<Credential, { kind: K }>; rights?: unknown };
};

/**
 * Lets a request through when its token verifies, is live and has requests left: one signature check
 * and one round trip. Anything else is an answer here; a database that is away is a 503.
 */
export function guard<K extends Credential["kind"]>(
  gate: Gate,
  rule: Rule<K>,
): MiddlewareHandler<Guarded<K>> {
  return createMiddleware<Guarded<K>>(async (c, next) => {
    const token = demandToken(c.req.raw.headers);
    const credential = demandClaims(await gate.verifier.credential(token));
    const { service } = gate;
    const admit = rule.withRights ? service.admitWithRights : service.admit;
    const admission = await admit(
      livenessOf(credential),
      bucketOf(rule.limit, c.req.raw.headers),
      c.req.raw.signal,
    );
    if (!admission.live) throw invalidToken("The token has been revoked.");
    c.set("actor", `${credential.kind}:${actorId(credential)}`);
    if (!isKind(credential, rule.accept)) {
      throw new AppError("wrong_credential", `This needs ${CREDENTIAL_NAME[rule.accept]}.`);
    }
    charge(c, admission);
    if (rule.scope) requireScope(credential, rule.scope);
    c.set("caller", credential);
    if ("rights" in admission) c.set("rights", admission.rights);
    await next();
  });
}

/** For what takes no token: the limit alone, by address. */
export function limitByAddress(service: Service, limit: Limit): MiddlewareHandler<AppEnv> {
  return createMiddleware<AppEnv>(async (c, next) => {
    await chargeAddress(c, service, limit);
    await next();
  });
}

/** The same in the middle of a request, for what only some requests need. */
export async function chargeAddress(
  c: Context<AppEnv>,
  service: Service,
  limit: Limit,
): Promise<void> {
  charge(c, await service.admitAnyone(bucketOf(limit, c.req.raw.headers), c.req.raw.signal));
}

const CREDENTIAL_NAME = {
  person: "a person's access token",
  device: "a device's credential",
} as const satisfies Record<Credential["kind"], string>;

function livenessOf({ kind, claims }: Credential): LivenessClaim {
  return kind === "person"
    ? { kind, jti: claims.jti, sub: claims.sub }
    : { kind, id: claims.sub, device_uuid: claims.app_metadata.device_uuid };
}

function actorId({ kind, claims }: Credential): string {
  return kind === "person" ? claims.sub : claims.app_metadata.device_uuid;
}

function isKind<K extends Credential["kind"]>(
  credential: Credential,
  kind: K,
): credential is Extract<Credential, { kind: K }> {
  return credential.kind === kind;
}

/** The database counts for the live caller; the address is for those who have no credential. */
function bucketOf({ bucket, capacity, perSeconds }: Limit, headers: Headers): Bucket {
  return { bucket, bucket_key: clientAddress(headers), capacity, per_seconds: perSeconds };
}

/** The headers go out with every answer, the refusal included. */
function charge(c: Context, admission: Admission): void {
  const headers = rateLimitHeaders(admission);
  for (const [name, value] of Object.entries(headers)) c.header(name, value);
  if (admission.allowed) return;
  const seconds = Math.max(1, admission.reset_seconds);
  throw new AppError("rate_limited", `Too many requests; try again in ${seconds} s.`, {
    headers: { ...headers, "Retry-After": String(seconds) },
  });
}

function requireScope(credential: Credential, scope: Scope): void {
  if (credential.kind === "person" && hasScope(credential.claims, scope)) return;
  throw new AppError("insufficient_scope", `This needs the scope ${scope}.`, {
    headers: { "WWW-Authenticate": `Bearer error="insufficient_scope", scope="${scope}"` },
  });
}
