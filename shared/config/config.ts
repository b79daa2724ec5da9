import { z } from "zod";

const jwk = z.object({
  kty: z.literal("EC"),
  crv: z.literal("P-256"),
  x: z.string(),
  y: z.string(),
  d: z.string(),
  kid: z.string().min(1),
});

const url = z.url({ protocol: /^https?$/ }).refine((text) => !text.endsWith("/"), {
  error: "must not end in a slash",
});

/** Every environment variable a function reads: its shape, and what to set it to when it is not there. */
export const VARIABLES = {
  SUPABASE_URL: { shape: url, hint: "the project's URL" },
  SUPABASE_PUBLISHABLE_KEYS: {
    shape: keyRing("sb_publishable_"),
    hint: '{"default":"sb_publishable_…"}',
  },
  SUPABASE_SECRET_KEYS: { shape: keyRing("sb_secret_"), hint: '{"default":"sb_secret_…"}' },
  BUSYMATE_ISSUER: { shape: url, hint: "<project url>/functions/v1/mcp" },
  BUSYMATE_WEB_URL: { shape: url, hint: "where the web app is, without a path" },
  BUSYMATE_SIGNING_KEY: {
    shape: json(jwk),
    hint: "the private JWK printed by supabase gen signing-key --algorithm ES256",
  },
  /** For development: Client ID Metadata Documents may be on this machine. Never set when deployed. */
  BUSYMATE_ALLOW_LOOPBACK_DOCUMENTS: {
    shape: z.literal("1").optional(),
    hint: "1, or leave it out",
  },
  /** Both are set at deployment; the embedded stack runs a working copy and has neither. */
  BUSYMATE_DEPLOYED_AT: { shape: z.iso.datetime({ offset: true }).optional(), hint: "a timestamp" },
  BUSYMATE_COMMIT: {
    shape: z.string().regex(/^[0-9a-f]{7,64}$/).optional(),
    hint: "the deployed commit",
  },
  /** Without a provider BusyBro answers offline. */
  BUSYBRO_PROVIDER: {
    shape: z.enum(["anthropic", "openai-compatible", "offline"]).default("offline"),
    hint: "anthropic, openai-compatible or offline",
  },
  BUSYBRO_BASE_URL: {
    shape: url.optional(),
    hint: "the model server's URL with its version, as /v1",
  },
  BUSYBRO_MODEL: { shape: z.string().min(1).optional(), hint: "the model's name" },
  BUSYBRO_API_KEY: { shape: z.string().min(1).optional(), hint: "the model server's key" },
  BUSYBRO_WEB_SEARCH: {
    shape: z.literal("1").optional(),
    hint: "1 lets the provider search the web, or leave it out",
  },
  /** Without the first two the bot is not set up, and its function says so. */
  TELEGRAM_BOT_TOKEN: {
    shape: z.string().regex(/^\d+:[\w-]+$/).optional(),
    hint: "the token BotFather gave",
  },
  TELEGRAM_WEBHOOK_SECRET: {
    // What Telegram takes as secret_token.
    shape: z.string().regex(/^[\w-]{1,256}$/).optional(),
    hint: "up to 256 random characters of A-Z a-z 0-9 _ -",
  },
  TELEGRAM_API_ROOT: {
    shape: url.default("https://api.telegram.org"),
    hint: "a Bot API server's URL, or leave it out for Telegram's own",
  },
} as const;

export type Variable = keyof typeof VARIABLES;
export const VARIABLE_NAMES = Object.keys(VARIABLES) as Variable[];
type Values = { [K in Variable]: z.infer<(typeof VARIABLES)[K]["shape"]> };

/** The variables a function declared, checked; what it did not declare it cannot read. */
export type Config<K extends Variable> = Pick<Values, K>;

/** The environment lacks something. Lists all of it, so that one restart is enough. */
export class ConfigError extends Error {
  override readonly name = "ConfigError";
}

/** Reads the named variables once, from a record that the entry point hands in. */
export function readConfig<K extends Variable>(
  environment: Record<string, string | undefined>,
  names: readonly K[],
): Config<K> {
  const values: Partial<Record<Variable, unknown>> = {};
  const faults: string[] = [];
  for (const name of names) {
    // A variable set to nothing is a variable not set.
    const text = environment[name] || undefined;
    const result = VARIABLES[name].shape.safeParse(text);
    if (result.success) values[name] = result.data;
    else if (text === undefined) {
      faults.push(`${name} is missing: set it to ${VARIABLES[name].hint}`);
    } // Never the value: it may be a secret.
    else faults.push(`${name} is not valid: it must be ${VARIABLES[name].hint}`);
  }
  if (faults.length > 0) throw new ConfigError(faults.join("\n"));
  return values as Config<K>;
}

function json<T extends z.ZodType>(shape: T) {
  return z.string().transform((text, context): unknown => {
    try {
      return JSON.parse(text);
    } catch {
      context.addIssue({ code: "custom", message: "not JSON" });
      return z.NEVER;
    }
  }).pipe(shape);
}

/** Supabase hands functions its keys as JSON by name; ours is the one named `default`. */
function keyRing(prefix: string) {
  return json(z.object({ default: z.string().startsWith(prefix) })).transform((ring) =>
    ring.default
  );
}
