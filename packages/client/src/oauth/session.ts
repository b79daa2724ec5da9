import { OAuthError, SignedOutError } from "./errors.ts";
import { exclusive } from "./exclusive.ts";
import { challengeOf, randomText } from "./pkce.ts";
import {
  type AuthorizationServer,
  discover,
  register,
  requestToken,
  revoke,
  type TokenAnswer,
} from "./server.ts";
import { optional, type Read, readMembers, seconds, text } from "./shape.ts";
import type { TokenStorage } from "./storage.ts";

export interface OAuthOptions {
  /** `<url>/functions/v1/mcp`, as `GET <url>/functions/v1/api/connection` tells. */
  issuer: string;
  /**
   * Who asks, as the person reads it before they consent: registered when it is needed. Or `id`: that
   * of a client registered before, or the https address of a document that describes it.
   */
  client: { name: string; uri?: string } | { id: string };
  /** Where the answer goes. */
  redirectUri: string;
  /** Reading and writing unless told: `mcp:read`, `mcp:write`, `admin`, `secrets`. */
  scope?: string;
  storage: TokenStorage;
  /** Instead of the global one. */
  fetch?: typeof fetch;
}

/** What is kept, by its name in the storage. */
const KEPT = {
  pending: { state: text, verifier: text, client_id: text, redirect_uri: text },
  /** With what was registered: another name or address is another client. */
  client: { client_id: text, metadata: text },
  tokens: {
    client_id: text,
    access_token: text,
    expires_at: seconds,
    scope: text,
    refresh_token: optional(text),
  },
};

type Name = keyof typeof KEPT;
type Kept<What extends Name> = Read<(typeof KEPT)[What]>;
type Tokens = Kept<"tokens">;

/** Not used any more this close to its end. */
const MARGIN_MS = 60_000;
/** What the token endpoint says of a grant or a client that will not come back. */
const OVER = new Set(["invalid_grant", "invalid_client", "unauthorized_client"]);

/**
 * A person's consent to an app and the tokens that come of it: authorization code with PKCE, a token
 * that is renewed in time, and its revocation. How the person gets to the address and back is the
 * platform's part.
 */
export class OAuthSession {
  readonly #options: OAuthOptions;
  #server: Promise<AuthorizationServer> | undefined;
  #renewal: Promise<string> | undefined;

  constructor(options: OAuthOptions) {
    this.#options = { ...options, issuer: options.issuer.replace(/\/$/, "") };
  }

  /** The address at which the person consents. Its answer goes to `complete`, in this session or later. */
  async begin(redirectUri: string = this.#options.redirectUri): Promise<URL> {
    const server = await this.#discovered();
    const pending = {
      state: randomText(),
      verifier: randomText(),
      client_id: await this.#clientId(server),
      redirect_uri: redirectUri,
    };
    await this.#save("pending", pending);
    const address = new URL(server.authorization_endpoint);
    const { scope } = this.#options;
    const query = {
      response_type: "code",
      client_id: pending.client_id,
      redirect_uri: redirectUri,
      state: pending.state,
      code_challenge: await challengeOf(pending.verifier),
      code_challenge_method: "S256",
      resource: server.issuer,
      ...(scope !== undefined && { scope }),
    };
    for (const [name, value] of Object.entries(query)) address.searchParams.set(name, value);
    return address;
  }

  /**
   * Takes the address that the person was sent back to. Rejects with an OAuthError: `access_denied`
   * when they refused, `invalid_state` when it answers no request of this session.
   */
  async complete(answer: URL): Promise<void> {
    const pending = await this.#load("pending");
    const query = answer.searchParams;
    if (!pending || query.get("state") !== pending.state || query.getAll("state").length > 1) {
      throw new OAuthError("invalid_state", "The answer belongs to no request of this app.");
    }
    // The state is used up, whatever the answer says.
    await this.#remove("pending");
    const server = await this.#discovered();
    // RFC 9207: an answer of another server must not reach this one's token endpoint.
    if (query.get("iss") !== server.issuer) {
      throw new OAuthError("invalid_issuer", "The answer comes from another server.");
    }
    const error = query.get("error");
    if (error !== null) throw new OAuthError(error, query.get("error_description") ?? undefined);
    const code = query.get("code");
    if (code === null) throw new OAuthError("invalid_answer", "The answer has no code.");
    const { client_id, redirect_uri, verifier } = pending;
    const tokens = await requestToken(server, {
      grant_type: "authorization_code",
      code,
      code_verifier: verifier,
      redirect_uri,
      client_id,
      resource: server.issuer,
    }, this.#fetch);
    await this.#exclusive(() => this.#keep(tokens, client_id, tokens.refresh_token));
  }

  /**
   * A token that is good for another minute: give it to `createBusymateClient` as it is. Rejects with
   * a SignedOutError when the person has to sign in first.
   */
  readonly accessToken = async (refused?: string): Promise<string> => {
    const tokens = await this.#tokens();
    if (isGood(tokens, refused)) return tokens.access_token;
    // Whoever comes while a renewal is under way waits for that one.
    this.#renewal ??= this.#exclusive(async () => {
      // Another tab may have been quicker.
      const current = await this.#tokens();
      return isGood(current, refused) ? current.access_token : await this.#renew(current);
    }).finally(() => this.#renewal = undefined);
    return await this.#renewal;
  };

  /** Whether there are tokens; that they have not been revoked is not asked. */
  async isSignedIn(): Promise<boolean> {
    const tokens = await this.#tokens();
    return tokens !== null && (tokens.refresh_token !== undefined || isGood(tokens));
  }

  /** What was granted, which the person may have narrowed. */
  async scope(): Promise<string | null> {
    return (await this.#tokens())?.scope ?? null;
  }

  /** Ends the grant: forgotten here in any case, and rejects when the server could not be told. */
  async signOut(): Promise<void> {
    await this.#exclusive(async () => {
      const tokens = await this.#tokens();
      await this.#remove("tokens");
      if (!tokens) return;
      const { client_id, refresh_token, access_token } = tokens;
      const server = await this.#discovered();
      await revoke(server, { token: refresh_token ?? access_token, client_id }, this.#fetch);
    });
  }

  async #renew(tokens: Tokens | null): Promise<string> {
    if (!tokens?.refresh_token) {
      await this.#remove("tokens");
      throw new SignedOutError("Nobody is signed in.");
    }
    const { client_id, refresh_token } = tokens;
    const server = await this.#discovered();
    try {
      const next = await requestToken(server, {
        grant_type: "refresh_token",
        refresh_token,
        client_id,
        resource: server.issuer,
      }, this.#fetch);
      // A refresh token is good for one use. Sent twice, as after an answer that was lost, it brings an
      // access token alone: what somebody else stored in the meantime is then the one to go on with.
      const stored = (await this.#tokens())?.refresh_token;
      const successor = next.refresh_token ?? (stored === refresh_token ? undefined : stored);
      await this.#keep(next, client_id, successor);
      return next.access_token;
    } catch (error) {
      if (!(error instanceof OAuthError && OVER.has(error.code))) throw error;
      await this.#remove("tokens");
      if (error.code !== "invalid_grant") await this.#remove("client");
      throw new SignedOutError("The grant has ended.", { cause: error });
    }
  }

  async #keep(
    answer: TokenAnswer,
    client_id: string,
    refresh_token: string | undefined,
  ): Promise<void> {
    await this.#save("tokens", {
      client_id,
      access_token: answer.access_token,
      expires_at: Date.now() + answer.expires_in * 1000,
      scope: answer.scope,
      refresh_token,
    });
  }

  async #clientId(server: AuthorizationServer): Promise<string> {
    const { client, redirectUri } = this.#options;
    if ("id" in client) return client.id;
    const metadata = JSON.stringify({ ...client, redirectUri });
    const known = await this.#load("client");
    if (known?.metadata === metadata) return known.client_id;
    const client_id = await register(server, { ...client, redirectUri }, this.#fetch);
    await this.#save("client", { client_id, metadata });
    return client_id;
  }

  #discovered(): Promise<AuthorizationServer> {
    if (!this.#server) {
      const server = discover(this.#options.issuer, this.#fetch);
      this.#server = server;
      // A failure is the caller's to see, and the next caller's to try again.
      server.catch(() => this.#server = undefined);
    }
    return this.#server;
  }

  get #fetch(): typeof fetch {
    return this.#options.fetch ?? ((input, init) => globalThis.fetch(input, init));
  }

  #tokens(): Promise<Tokens | null> {
    return this.#load("tokens");
  }

  #exclusive<Result>(run: () => Promise<Result>): Promise<Result> {
    return exclusive(this.#key("tokens"), run);
  }

  /** Of another server's tokens in the same storage this session knows nothing. */
  #key(what: Name): string {
    return `busymate.${what} ${this.#options.issuer}`;
  }

  /** What is stored and whole; anything else counts as nothing. */
  async #load<What extends Name>(what: What): Promise<Kept<What> | null> {
    const stored = await this.#options.storage.getItem(this.#key(what));
    if (stored === null) return null;
    try {
      return readMembers(JSON.parse(stored), KEPT[what]);
    } catch {
      return null;
    }
  }

  async #save<What extends Name>(what: What, value: Kept<What>): Promise<void> {
    await this.#options.storage.setItem(this.#key(what), JSON.stringify(value));
  }

  async #remove(what: Name): Promise<void> {
    await this.#options.storage.removeItem(this.#key(what));
  }
}

function isGood(tokens: Tokens | null, refused?: string): tokens is Tokens {
  return tokens !== null && tokens.access_token !== refused &&
    tokens.expires_at - Date.now() > MARGIN_MS;
}
