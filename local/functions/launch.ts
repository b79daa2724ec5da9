import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { type Child, listens, startChild } from "../child.ts";
import type { StackKeys } from "../keys.ts";

export interface FunctionOptions {
  slug: string;
  port: number;
  root: string;
  /** The gateway's address. */
  url: string;
  keys: StackKeys;
  allowLoopbackDocuments: boolean;
  /** What `supabase secrets set` would give every function. */
  secrets: Readonly<Record<string, string>>;
  logFile: string;
  stack: string;
}

/** Functions that mint tokens; no other is handed the private key. */
const MINTING = new Set(["mcp", "ask", "device-pair", "telegram-bot"]);

/** Runs one edge function in a Deno process of its own and returns once it listens. */
export async function launchFunction(options: FunctionOptions): Promise<Child> {
  const { slug, port, root } = options;
  const manifest = createRequire(import.meta.url).resolve("@deno/linux-x64-glibc/package.json");
  return await startChild({
    command: join(dirname(manifest), "deno"),
    args: [
      "run",
      "--no-prompt",
      "--no-lock",
      "--no-remote",
      "--node-modules-dir=manual",
      "--allow-net",
      "--allow-env",
      `--allow-read=${root}`,
      `functions/${slug}/index.ts`,
    ],
    cwd: root,
    env: environment(options),
    logFile: options.logFile,
    stack: options.stack,
    ready: () => listens(port),
  });
}

/** What hosted Supabase sets by itself, and the project's own secrets. */
function environment(options: FunctionOptions): Record<string, string> {
  const { slug, port, url, keys } = options;
  return {
    ...options.secrets,
    PATH: process.env["PATH"] ?? "",
    HOME: process.env["HOME"] ?? "",
    NO_COLOR: "1",
    DENO_NO_UPDATE_CHECK: "1",
    DENO_SERVE_ADDRESS: `tcp:127.0.0.1:${port}`,
    SUPABASE_URL: url,
    SUPABASE_PUBLISHABLE_KEYS: JSON.stringify({ default: keys.publishableKey }),
    SUPABASE_SECRET_KEYS: JSON.stringify({ default: keys.secretKey }),
    BUSYMATE_ISSUER: `${url}/functions/v1/mcp`,
    BUSYMATE_WEB_URL: url,
    ...(options.allowLoopbackDocuments && { BUSYMATE_ALLOW_LOOPBACK_DOCUMENTS: "1" }),
    ...(MINTING.has(slug) && { BUSYMATE_SIGNING_KEY: JSON.stringify(keys.signingKey) }),
  };
}
