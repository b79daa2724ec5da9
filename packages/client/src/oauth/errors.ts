/** What the authorization server answered, or what is wrong with its answer. */
export class OAuthError extends Error {
  override readonly name = "OAuthError";
  /** As RFC 6749 names it (`access_denied`, `invalid_grant`, …), or one of ours: `invalid_answer`. */
  readonly code: string;

  constructor(code: string, message: string = code, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/** There is no token any more, and none to be had without the person: sign in again. */
export class SignedOutError extends Error {
  override readonly name = "SignedOutError";
}
