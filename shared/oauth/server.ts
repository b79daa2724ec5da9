import type { Service } from "../db/service.ts";
import type { OAuthStore } from "../db/oauth.ts";
import type { Limit } from "../token/guard.ts";
import type { Signer } from "../token/sign.ts";
import type { Verifier } from "../token/verify.ts";
import type { DocumentRules } from "./documents.ts";

/** What the endpoints of the authorization server share. */
export interface AuthorizationServer {
  /** Issuer, resource and MCP URL in one; never taken from a request. */
  issuer: string;
  /** Where people sign in and consent. */
  webUrl: string;
  verifier: Verifier;
  service: Service;
  store: OAuthStore;
  signer: Signer;
  documents: DocumentRules;
}

/** Requests of an address a minute. */
const perMinute = (bucket: string, capacity: number): Limit => ({
  bucket,
  capacity,
  perSeconds: 60,
});

/** Everything that hands out tokens or takes them back draws on this one bucket. */
export const TOKEN_LIMIT = perMinute("token", 60);
/** Registering, and having a document fetched, which is registering by other means. */
export const REGISTRATION_LIMIT = perMinute("registration", 10);
/** A browser's three requests of one authorization. */
export const AUTHORIZATION_LIMIT = perMinute("authorization", 120);
/** Resource servers ask once for each of their own requests. */
export const INTROSPECTION_LIMIT = perMinute("introspection", 300);
