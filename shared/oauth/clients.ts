import type { Context } from "hono";
import type { OAuthClient } from "../db/oauth.ts";
import type { AppEnv } from "../http/app.ts";
import { AppError } from "../http/errors.ts";
import { chargeAddress } from "../token/guard.ts";
import { fetchDocument, isDocumentId } from "./documents.ts";
import { REGISTRATION_LIMIT } from "./server.ts";
import type { AuthorizationServer } from "./server.ts";

export const CLIENT_ID_LIMIT = 2_000;

/** The client an authorization request names; a document is fetched when there is no fresh copy. */
export async function clientOf(
  c: Context<AppEnv>,
  { service, store, documents }: AuthorizationServer,
  clientId: string,
): Promise<Pick<OAuthClient, "client_id" | "redirect_uris">> {
  const { signal } = c.req.raw;
  if (clientId.length > CLIENT_ID_LIMIT) throw noSuchClient();
  const known = await store.client(clientId, signal);
  if (known?.fresh) return known;
  if (!isDocumentId(clientId)) throw noSuchClient();
  await chargeAddress(c, service, REGISTRATION_LIMIT);
  const { metadata, freshSeconds } = await fetchDocument(clientId, documents, signal);
  await store.saveDocument({ client_id: clientId, metadata, fresh_seconds: freshSeconds }, signal);
  return { client_id: clientId, redirect_uris: metadata.redirect_uris };
}

/** Answered to a person's browser, where a 401 would ask them for a password. */
function noSuchClient(): AppError {
  return new AppError("invalid_request", "client_id: there is no such client; register it again.");
}
