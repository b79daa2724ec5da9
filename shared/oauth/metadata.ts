import { BASELINE, OFFLINE_ACCESS, SCOPES } from "./scopes.ts";

/** Where the server's endpoints are, below the issuer. */
export const ENDPOINT = {
  authorize: "/authorize",
  token: "/token",
  register: "/register",
  revoke: "/revoke",
  introspect: "/introspect",
} as const;

export const WELL_KNOWN = {
  resource: "/.well-known/oauth-protected-resource",
  server: "/.well-known/oauth-authorization-server",
  openid: "/.well-known/openid-configuration",
} as const;

export const GRANT_TYPES = ["authorization_code", "refresh_token", "client_credentials"] as const;
export const AUTH_METHODS = ["none", "client_secret_basic", "client_secret_post"] as const;
const CONFIDENTIAL_METHODS = AUTH_METHODS.filter((method) => method !== "none");

/** RFC 9728. The resource is the issuer: one URL, as the user types it. */
export function protectedResourceMetadata(issuer: string) {
  return {
    resource: issuer,
    authorization_servers: [issuer],
    scopes_supported: BASELINE,
    bearer_methods_supported: ["header"],
    resource_name: "Busymate",
  };
}

/**
 * RFC 8414, and the same document as OpenID configuration: under a path of its own the latter is the
 * only one every client finds, and the SDKs parse it by OpenID's schema. No id tokens are issued; the
 * three fields that schema insists on name what signs the access tokens.
 */
export function authorizationServerMetadata(issuer: string, authUrl: string) {
  return {
    issuer,
    authorization_endpoint: issuer + ENDPOINT.authorize,
    token_endpoint: issuer + ENDPOINT.token,
    registration_endpoint: issuer + ENDPOINT.register,
    revocation_endpoint: issuer + ENDPOINT.revoke,
    introspection_endpoint: issuer + ENDPOINT.introspect,
    jwks_uri: `${authUrl}/.well-known/jwks.json`,
    scopes_supported: [...Object.keys(SCOPES), OFFLINE_ACCESS],
    response_types_supported: ["code"],
    response_modes_supported: ["query"],
    grant_types_supported: GRANT_TYPES,
    code_challenge_methods_supported: ["S256"],
    token_endpoint_auth_methods_supported: AUTH_METHODS,
    revocation_endpoint_auth_methods_supported: AUTH_METHODS,
    introspection_endpoint_auth_methods_supported: CONFIDENTIAL_METHODS,
    authorization_response_iss_parameter_supported: true,
    client_id_metadata_document_supported: true,
    request_uri_parameter_supported: false,
    protected_resources: [issuer],
    subject_types_supported: ["public"],
    id_token_signing_alg_values_supported: ["ES256"],
  };
}
