// The database has the same rule (private.is_secret_name); a test compares their verdicts.

/** Where a capital letter begins a word: `clientSecret`. */
const HUMP = /([a-z0-9])([A-Z])/g;
const WHOLE_WORD =
  /(^|[^a-z0-9])(authorization|bearer|cookie|set-cookie2?|token|secret|password|passwd|passphrase|passcode|pwd|pw|(?:api|access|private|secret|signing|encryption|master|account|license|subscription|functions?|shared|webhook)[^a-z0-9]?key|connection[^a-z0-9]?string|session|sessionid|sid|csrf|xsrf|signature|sig|hmac|credential|jwt|otp|totp|pin|mnemonic|(?:seed|recovery|backup)[^a-z0-9]?phrase|cvv2?|cvc2?|assertion|saml[^a-z0-9]?response|code[^a-z0-9]?verifier|(?:access|auth|authorization|backup|device|login|mfa|oob|recovery|reset|security|user|verification)[^a-z0-9]?code|card[^a-z0-9]?number)s?($|[^a-z0-9])/i;
const LAST_WORD = /(^|[^a-z0-9])(auth|pass)$/i;
const ENDING = /(token|secret|password|apikey|sess(?:ion)?id)$/i;
/** What is said about a secret is none: `token_type`, `password_policy`, `session_expires_at`. */
const ABOUT_ONE =
  /[^a-z0-9](type|count|endpoint|url|uri|limit|length|expires|expiry|expiration|in|at|ttl|algorithm|alg|methods?|supported|enabled|disabled|required|policy|duration|timeout|version|size|usage|name|format|label|placeholder|hint|status|scheme|strategy|domain|path|consent|banner|param|parameter|field|strength)$/i;
/** How much is left, not what with: `x-ratelimit-remaining-tokens`. */
const QUOTA = /rate[^a-z0-9]?limit/i;

/** Whether a header, cookie, query or JSON name usually carries a secret. */
export function isSecretName(name: string): boolean {
  const words = name.replace(HUMP, "$1_$2");
  return (WHOLE_WORD.test(words) || LAST_WORD.test(words) || ENDING.test(words)) &&
    !ABOUT_ONE.test(words) && !QUOTA.test(words);
}

/** Where links in e-mails carry what lets their reader in: `/magic-link/9fA…`. */
const LINK =
  /^(?:activate|activation|confirm|confirmation|invite|invitations?|magic|magic[-_](?:link|login)|recover|recovery|reset|verify|verification)$/i;

/** Whether the path segment after this one may be random because it lets in whoever has it. */
export function isLinkName(name: string): boolean {
  return LINK.test(name);
}

/** Plural, and a number: how many there are. `max_tokens`, `sessions`. */
export function isCountName(name: string): boolean {
  return /(?:token|session|secret|password|cookie|credential|signature|assertion)s(?![a-z])/i.test(
    name,
  );
}

/** Whether a path segment may be the secret that the segment before it names: `/reset-token/9fA…`. */
export function isSecretSegment(segment: string, before: string): boolean {
  return isSecretName(before) && /\d|[A-Z]|.{21}/.test(segment);
}
