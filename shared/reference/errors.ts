import type { ErrorCode } from "../http/errors.ts";

/** What an error code means to whoever gets it, and what they do about it: the reference is made from this. */
export const ERROR_HELP: Record<ErrorCode, { means: string; fix: string }> = {
  invalid_request: {
    means: "A field is missing, misplaced or not what it must be.",
    fix: "The message names the field and what it takes.",
  },
  invalid_json: {
    means: "The body is not JSON, or nests too deep.",
    fix: "`details.position` is where reading stopped.",
  },
  invalid_utf8: {
    means: "The body is not UTF-8.",
    fix: "Send UTF-8; bodies of captures as base64.",
  },
  invalid_compression: {
    means: "The body is not gzip although Content-Encoding says so.",
    fix: "Compress it, or leave the header out.",
  },
  invalid_pairing_code: {
    means: "The code was never given out, was used, or is too old.",
    fix: "Ask for a new code.",
  },
  invalid_grant: {
    means: "Code or refresh token: unknown, used, expired, revoked, or not this client's.",
    fix: "Send the person through authorization again.",
  },
  invalid_scope: {
    means: "A scope that there is not, or that was not granted.",
    fix: "Ask for scopes that the discovery document lists.",
  },
  invalid_target: {
    means: "`resource` is not this server.",
    fix: "Send the issuer, or leave it out.",
  },
  invalid_redirect_uri: {
    means: "A redirect URI that cannot be registered.",
    fix: "https, http on loopback, or a private scheme; no fragment, no wildcard.",
  },
  invalid_client_metadata: {
    means: "A registration or client document that cannot be taken.",
    fix: "The message names the member.",
  },
  unauthorized_client: {
    means: "This client may not use this grant type, or its service account is off.",
    fix: "Register with the grant type; have an admin switch the account on.",
  },
  unsupported_grant_type: {
    means: "A grant type that there is not.",
    fix: "authorization_code, refresh_token or client_credentials.",
  },
  request_aborted: {
    means: "The client went away before the request was complete.",
    fix: "Send it again.",
  },
  missing_token: { means: "No token was sent.", fix: "Authorization: Bearer and the token." },
  invalid_token: {
    means: "The token is expired, revoked, forged, or made for something else.",
    fix: "Refresh it once; then sign in again.",
  },
  invalid_client: {
    means: "Unknown client, wrong secret, or another way of authenticating than registered.",
    fix: "Authenticate as registered; register again if it is gone.",
  },
  wrong_credential: {
    means: "A person's token where a device's credential belongs, or the other way round.",
    fix: "The message says which is needed.",
  },
  insufficient_scope: {
    means: "The token lacks a scope, whatever its person may do.",
    fix: "WWW-Authenticate names the scope: authorize again with it.",
  },
  forbidden: {
    means: "The caller's role lacks a capability.",
    fix: "The message names it; an admin can give it.",
  },
  not_found: {
    means: "There is no such thing, or none that you may know of.",
    fix: "Check the path and the id; the two cases are not told apart.",
  },
  method_not_allowed: { means: "Another method belongs here.", fix: "`Allow` lists them." },
  name_taken: {
    means: "The workspace has a device of this name.",
    fix: "Choose another name; the code still works.",
  },
  proposal_changed: {
    means: "The arguments are not those that were proposed.",
    fix: "Confirm with `{}` or exactly the proposed arguments.",
  },
  proposal_used: { means: "The proposal was confirmed before.", fix: "Ask again." },
  proposal_expired: { means: "The proposal is too old.", fix: "Ask again." },
  conflict: {
    means: "Something was there or decided already.",
    fix: "Read it again; `details` may say how it stands.",
  },
  body_too_large: {
    means: "The body is over the limit, counted after decompression.",
    fix: "Send less at once; `details.limit` is in bytes.",
  },
  too_many_entries: {
    means: "More entries than one request takes.",
    fix: "Send them in batches; `details.limit` is how many.",
  },
  unsupported_media_type: {
    means: "Content-Type is not JSON in UTF-8.",
    fix: "Content-Type: application/json.",
  },
  unsupported_encoding: {
    means: "Content-Encoding is not gzip.",
    fix: "gzip, or none.",
  },
  rate_limited: {
    means: "More requests than the limit.",
    fix: "Wait as long as `Retry-After` says.",
  },
  internal: {
    means: "A fault of ours.",
    fix: "Report it with `request_id`; the log has the cause.",
  },
  model_failed: { means: "The model's server sent no answer that can be used.", fix: "Ask again." },
  unavailable: {
    means: "A part that is needed is away; nothing was decided without it.",
    fix: "Try again after `Retry-After`; sending it twice does no harm where the page says so.",
  },
  model_rate_limited: { means: "The model's server takes no more now.", fix: "Wait a minute." },
  model_unavailable: { means: "The model's server does not answer.", fix: "Try again shortly." },
  model_timeout: { means: "The model stopped in the middle of its answer.", fix: "Ask again." },
};
