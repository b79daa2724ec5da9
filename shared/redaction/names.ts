// The database has the same two rules (private.is_secret_name); a test compares their verdicts.

const WHOLE_WORD =
  /(^|[-_. ])(authorization|cookie|set-cookie2?|token|secret|password|passwd|pwd|api[-_]?key|apikey|access[-_]?key|private[-_]?key|session|sessionid|sid|csrf|xsrf|signature|credential|jwt|otp|pin)s?($|[-_. ])/i;
const ENDING = /(token|secret|password|apikey|sessionid)$/i;

/** Whether a header, cookie, query or JSON name usually carries a secret. */
export function isSecretName(name: string): boolean {
  return WHOLE_WORD.test(name) || ENDING.test(name);
}

/** Whether a path segment may be the secret that the segment before it names: `/reset-token/9fA…`. */
export function isSecretSegment(segment: string, before: string): boolean {
  return isSecretName(before) && /\d|[A-Z]|.{21}/.test(segment);
}
