import { z } from "zod";
import type { Config } from "../config/config.ts";
import { dataOf } from "../db/answer.ts";
import { createCaller } from "../db/caller.ts";
import { withTimeout } from "../db/signal.ts";
import { AppError, ERROR_STATUS, type ErrorCode, internal, unavailable } from "../http/errors.ts";
import type { Call, Rights } from "../operations/call.ts";
import { SECTIONS } from "../operations/operation.ts";
import type { Destination } from "../redaction/policy.ts";
import type { Scope } from "../token/claims.ts";
import { connectionOf } from "../version/connection.ts";

/** No call takes longer than this: clients give up at 60 seconds. */
const TIMEOUT_MS = 25_000;

const rights = z.object({
  user_id: z.guid().nullable(),
  role: z.string(),
  is_admin: z.boolean(),
  scopes: z.array(z.string()),
  capabilities: z.partialRecord(z.enum(SECTIONS), z.enum(["view", "edit"])),
});

const envelope = z.object({
  error: z.object({ code: z.string(), message: z.string(), details: z.unknown().optional() }),
});

export interface Caller {
  token: string;
  /** What the admission told of the token; asked for if it told nothing. */
  rights?: unknown;
  signal: AbortSignal;
  destination: Destination;
  background: (work: Promise<unknown>) => void;
}

/** Makes the calls of operations for a token: everything they send carries it. */
export function callFactory(
  config: Config<"SUPABASE_URL" | "SUPABASE_PUBLISHABLE_KEYS" | "BUSYMATE_ISSUER">,
  fetch: typeof globalThis.fetch,
) {
  const { SUPABASE_URL: url, SUPABASE_PUBLISHABLE_KEYS: publishableKey } = config;
  const connection = connectionOf(config);

  return async (
    { token, rights: told, signal: client, destination, background }: Caller,
  ): Promise<Call> => {
    const signal = withTimeout(client, TIMEOUT_MS);
    const db = createCaller({ url, publishableKey, token, fetch });
    const { user_id, is_admin, ...known } = told === undefined
      ? dataOf(await db.rpc("my_rights").abortSignal(signal), rights, client)
      : shaped(told);
    return {
      db,
      connection,
      signal,
      destination,
      background,
      rights: {
        ...known,
        userId: user_id,
        isAdmin: is_admin,
        scopes: spelled(known.scopes),
      } as Rights,
      edge: (path, init) => edge(path, init ?? {}, signal, token),
    };
  };

  async function edge(
    path: string,
    { method = "GET", body }: { method?: string; body?: unknown },
    signal: AbortSignal,
    token: string,
  ): Promise<unknown> {
    let response: Response;
    try {
      response = await fetch(`${url}/functions/v1/${path}`, {
        method,
        signal,
        headers: {
          apikey: publishableKey,
          Authorization: `Bearer ${token}`,
          ...(body !== undefined && { "Content-Type": "application/json" }),
        },
        ...(body !== undefined && { body: JSON.stringify(body) }),
      });
    } catch (error) {
      throw unavailable("A function", error);
    }
    const text = await response.text();
    if (response.ok) return text === "" ? null : JSON.parse(text);
    throw failure(response.status, text);
  }
}

/** Rights that are not there or not as they must be are a fault of ours, never no rights at all. */
function shaped(told: unknown): z.infer<typeof rights> {
  const result = rights.safeParse(told);
  if (result.success) return result.data;
  throw internal(result.error);
}

/** `mcp` is both. */
const spelled = (scopes: string[]) =>
  scopes.flatMap((scope) => scope === "mcp" ? ["mcp:read", "mcp:write"] : [scope]) as Scope[];

/** A function's own error, passed on with its code and words. */
function failure(status: number, text: string): AppError {
  const parsed = envelope.safeParse(tryJson(text));
  if (!parsed.success) {
    return internal(new Error(`a function answered ${status}: ${text.slice(0, 200)}`));
  }
  const { code, message, details } = parsed.data.error;
  if (!(code in ERROR_STATUS)) return internal(new Error(`unknown code ${code}`));
  return new AppError(code as ErrorCode, message, { details });
}

function tryJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
