import type { PostgrestClient } from "@supabase/postgrest-js";
import type { Database } from "../db/database.types.ts";
import type { Destination } from "../redaction/policy.ts";
import type { Scope } from "../token/claims.ts";
import type { Action, Section } from "./operation.ts";

/** Who calls and what they may do, read from the database once a call. */
export interface Rights {
  readonly userId: string | null;
  readonly role: string;
  readonly isAdmin: boolean;
  readonly scopes: readonly Scope[];
  /** The strongest action the role holds in a section. */
  readonly capabilities: Readonly<Partial<Record<Section, Action>>>;
}

/** Addresses and keys a client needs; nothing in it is secret. */
export interface Connection {
  readonly url: string;
  readonly publishable_key: string;
  readonly issuer: string;
  readonly rest_url: string;
  readonly realtime_url: string;
  readonly mcp_url: string;
}

/**
 * What an operation works with. Everything goes out on the caller's own token, so that row-level
 * security decides; an operation adds no rights.
 */
export interface Call {
  readonly db: PostgrestClient<Database>;
  /** One of our edge functions, as the caller; answers its JSON, and throws its error envelope. */
  readonly edge: (path: string, init?: { method?: string; body?: unknown }) => Promise<unknown>;
  readonly rights: Rights;
  readonly connection: Connection;
  readonly signal: AbortSignal;
  /** Where answers go: what is done to secrets on the way there. */
  readonly destination: Destination;
  /** Goes on after the answer, as far as the platform lets it. */
  readonly background: (work: Promise<unknown>) => void;
}

/** Whether the role holds a capability; edit implies view. */
export function holds({ capabilities }: Rights, section: Section, action: Action): boolean {
  const held = capabilities[section];
  return held === "edit" || (held !== undefined && held === action);
}
