// Secrets and ordinary traffic made up by a seeded generator: nothing here was ever valid, and no secret
// stands in the source in one piece, where scanners would take it for a leak.

/** Mulberry32: the same corpus every time. */
export function generator(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

const LOWER = "abcdefghijklmnopqrstuvwxyz";
const DIGITS = "0123456789";
const HEX = "0123456789abcdef";
const ALNUM = LOWER + LOWER.toUpperCase() + DIGITS;

export class Maker {
  readonly #random: () => number;

  constructor(seed: number) {
    this.#random = generator(seed);
  }

  below(limit: number): number {
    return Math.floor(this.#random() * limit);
  }

  pick<T>(list: readonly T[]): T {
    return list[this.below(list.length)]!;
  }

  chars(alphabet: string, length: number): string {
    return Array.from({ length }, () => alphabet[this.below(alphabet.length)]).join("");
  }

  alnum = (length: number) => this.chars(ALNUM, length);
  hex = (length: number) => this.chars(HEX, length);
  digits = (length: number) => this.chars(DIGITS, length);
  upper = (length: number) => this.chars(LOWER.toUpperCase() + DIGITS, length);

  uuid(): string {
    return [8, 4, 4, 4, 12].map((length) => this.hex(length)).join("-");
  }

  base64url(value: unknown): string {
    return btoa(JSON.stringify(value)).replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "");
  }

  jwt(): string {
    const head = this.base64url({ alg: "ES256", typ: "JWT", kid: this.alnum(6) });
    return `${head}.${this.base64url({ sub: this.uuid(), exp: 1_800_000_000 })}.${this.alnum(64)}`;
  }

  card(prefix: string, length: number): string {
    const digits = prefix + this.digits(length - prefix.length - 1);
    const sum = [...digits].reverse().reduce((total, digit, at) => {
      const doubled = Number(digit) * (at % 2 === 0 ? 2 : 1);
      return total + (doubled > 9 ? doubled - 9 : doubled);
    }, 0);
    return digits + ((10 - sum % 10) % 10);
  }
}

/** A kind of secret: the name it has in traffic, and how it looks. */
export interface Kind {
  kind: string;
  name: string;
  make(maker: Maker): string;
}

const kind = (kind: string, name: string, make: Kind["make"]): Kind => ({ kind, name, make });

export const KINDS: readonly Kind[] = [
  kind("opaque access token", "access_token", (m) => m.alnum(40)),
  kind("opaque refresh token", "refresh_token", (m) => m.alnum(48)),
  kind("ID token", "id_token", (m) => m.jwt()),
  kind("JWT", "jwt", (m) => m.jwt()),
  kind("session id", "session_id", (m) => m.hex(32)),
  kind("PHP session", "PHPSESSID", (m) => m.chars(LOWER + DIGITS, 26)),
  kind("CSRF token", "csrf_token", (m) => m.alnum(32)),
  kind("password", "password", (m) => `${m.chars(LOWER, 5)}${m.digits(3)}-${m.alnum(4)}`),
  kind("new password", "newPassword", (m) => `${m.chars(LOWER, 7)}${m.digits(2)}`),
  kind("PIN", "pin", (m) => m.digits(4)),
  kind("one-time code", "otp", (m) => m.digits(6)),
  kind("API key", "api_key", (m) => m.hex(32)),
  kind("API key in a header", "X-Api-Key", (m) => m.alnum(36)),
  kind("client secret", "client_secret", (m) => m.alnum(30)),
  kind("private key id", "privateKey", (m) => m.alnum(44)),
  kind("request signature", "signature", (m) => m.hex(64)),
  kind("code verifier", "code_verifier", (m) => m.alnum(43)),
  kind(
    "Basic credentials",
    "authorization",
    (m) => `Basic ${btoa(`${m.alnum(6)}:${m.alnum(12)}`)}`,
  ),
  kind("Bearer", "authorization", (m) => `Bearer ${m.alnum(32)}`),
  kind("AWS access key", "aws_access_key_id", (m) => `AKIA${m.upper(16)}`),
  kind("AWS secret key", "aws_secret_access_key", (m) => m.alnum(40)),
  kind("AWS session token", "X-Amz-Security-Token", (m) => m.alnum(120)),
  kind("card number", "card_number", (m) => m.card("4", 16)),
  ...shaped("AWS temporary key", (m) => `ASIA${m.upper(16)}`),
  ...shaped("Google API key", (m) => `AI${"za"}${m.alnum(35)}`),
  ...shaped("Google client secret", (m) => `GOC${"SPX-"}${m.alnum(28)}`),
  ...shaped("Google access token", (m) => `ya${"29."}${m.alnum(60)}`),
  ...shaped("GitHub token", (m) => `gh${m.pick(["p", "o", "s"])}_${m.alnum(36)}`),
  ...shaped("GitHub fine-grained token", (m) => `github${"_pat_"}${m.alnum(60)}`),
  ...shaped("GitLab token", (m) => `gl${"pat-"}${m.alnum(20)}`),
  ...shaped("Slack token", (m) => `xo${"xb-"}${m.digits(12)}-${m.digits(12)}-${m.alnum(24)}`),
  ...shaped("Stripe key", (m) => `sk_${m.pick(["live", "test"])}_${m.alnum(24)}`),
  ...shaped("webhook secret", (m) => `wh${"sec_"}${m.alnum(32)}`),
  ...shaped("OpenAI key", (m) => `sk${"-proj-"}${m.alnum(20)}${m.digits(2)}${m.alnum(20)}`),
  ...shaped("Anthropic key", (m) => `sk${"-ant-"}api03-${m.alnum(80)}`),
  ...shaped("Telegram bot token", (m) => `${m.digits(9)}:AA${m.alnum(33)}`),
  ...shaped("Supabase secret key", (m) => `sb_${"secret_"}${m.alnum(31)}`),
  ...shaped("npm token", (m) => `np${"m_"}${m.alnum(36)}`),
  ...shaped("SendGrid key", (m) => `S${"G."}${m.alnum(22)}.${m.alnum(43)}`),
  ...shaped("Shopify token", (m) => `shp${"at_"}${m.hex(32)}`),
  ...shaped("Hugging Face token", (m) => `h${"f_"}${m.alnum(34)}`),
  ...shaped("Vault token", (m) => `hv${"s."}${m.alnum(24)}`),
];

/** One that its look gives away, under a name that says nothing. */
function shaped(name: string, make: Kind["make"]): Kind[] {
  return [kind(name, "X-Value", make)];
}
