import type { AuthorizationRequest } from "../db/oauth.ts";
import type { Parameters } from "./form.ts";
import { matchesRedirectUri } from "./redirect-uri.ts";
import { namesResource } from "./resource.ts";
import { formatScopes, requestedScopes } from "./scopes.ts";

/** RFC 6749 section 4.1.2.1, RFC 8707 section 2. */
export interface AuthorizationError {
  error: "invalid_request" | "invalid_scope" | "invalid_target" | "unsupported_response_type";
  error_description: string;
}

const S256_CHALLENGE = /^[\w-]{43}$/;

/**
 * The redirect URI of a request, or undefined when it is not the client's. A request may leave it out
 * when there is only one it can be.
 */
export function redirectUriOf(registered: readonly string[], asked?: string): string | undefined {
  if (asked === undefined) return registered.length === 1 ? registered[0] : undefined;
  return registered.some((uri) => matchesRedirectUri(uri, asked)) ? asked : undefined;
}

/** What a request asks for beyond client and redirect URI, or the error that goes to the client. */
export function readAuthorizationRequest(
  query: Parameters,
  issuer: string,
): Omit<AuthorizationRequest, "client_id" | "redirect_uri"> | AuthorizationError {
  const repeated = query.repeated.find((name) => name !== "resource");
  if (repeated) return fault("invalid_request", `${repeated}: must be sent only once.`);
  if (query.get("response_type") === undefined) {
    return fault("invalid_request", "response_type: is missing.");
  }
  if (query.get("response_type") !== "code") {
    return fault("unsupported_response_type", "response_type: must be code.");
  }
  if ((query.get("response_mode") ?? "query") !== "query") {
    return fault("invalid_request", "response_mode: must be query.");
  }
  // Without a method RFC 7636 means plain.
  if (query.get("code_challenge_method") !== "S256") {
    return fault("invalid_request", "code_challenge_method: must be S256.");
  }
  const code_challenge = query.get("code_challenge") ?? "";
  if (!S256_CHALLENGE.test(code_challenge)) {
    return fault("invalid_request", "code_challenge: must be a SHA-256 in base64url.");
  }
  if (!query.all("resource").every((indicator) => namesResource(issuer, indicator))) {
    return fault("invalid_target", `resource: must be ${issuer}.`);
  }
  const scopes = requestedScopes(query.get("scope"));
  if (!scopes) return fault("invalid_scope", "scope: names a scope that there is not.");
  return {
    state: query.get("state"),
    scope: formatScopes(scopes),
    resource: issuer,
    code_challenge,
  };
}

function fault(error: AuthorizationError["error"], description: string): AuthorizationError {
  return { error, error_description: description };
}
