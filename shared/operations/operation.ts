import { z } from "zod";
import type { Scope } from "../token/claims.ts";
import type { Call } from "./call.ts";

/** The sections capabilities are given for. */
export const SECTIONS = [
  "global",
  "devices",
  "entries",
  "secrets",
  "breakpoints",
  "scripts",
  "settings",
  "services",
  "tags",
  "workspaces",
  "proxies",
  "agents",
  "users",
  "roles",
  "tokens",
  "stats",
  "status",
  "audit",
  "releases",
] as const;
export type Section = (typeof SECTIONS)[number];
export type Action = "view" | "edit";

/** What `?toolsets=` selects by; each with what is in it, for the documentation. */
export const TOOLSETS = {
  entries: "Captured exchanges: find, read, compare, export, tag, clear",
  devices: "Devices, their state, pairing and commands",
  breakpoints: "Held exchanges and what becomes of them",
  settings: "Settings of the fleet, of people and of devices; redaction",
  services: "Services, their domains and groups",
  scripts: "Scripts that rewrite traffic",
  proxies: "Upstream proxies",
  tags: "Tags and saved filters",
  workspaces: "Workspaces, members and invitations",
  agents: "BusyBro's agents and conversations",
  people: "Accounts, roles and capabilities",
  access: "Tokens, connected apps and service accounts",
  insight: "Statistics, status, audit, alerts and jobs",
  releases: "App builds and the version",
  telegram: "The link with Telegram",
  tables: "Any table and RPC by name, and live channels",
} as const;
export type Toolset = keyof typeof TOOLSETS;

export interface Capability {
  section: Section;
  action: Action;
}

/**
 * Where an answer's words come from. `product`: ours, or what a person of the workspace wrote.
 * `captured`: a device, its traffic or anything named by it, which a stranger may have chosen.
 */
export type Content = "product" | "captured";

export interface Operation<Input extends z.ZodObject = z.ZodObject> {
  /** snake_case, verb first, unique and never renamed: other programs call it. */
  readonly name: string;
  readonly title: string;
  /** What it answers and when to use it, for a model that sees nothing else. At most 200 characters. */
  readonly summary: string;
  readonly toolset: Toolset;
  /** What the caller's role must hold; null for what everyone signed in may do with their own. */
  readonly needs: Capability | null;
  /** Only for admins whose token carries the scope admin, whatever the capabilities. */
  readonly adminOnly?: true;
  readonly effect: "read" | "write" | "destructive";
  /** Doing it twice is doing it once. Reads always are. */
  readonly idempotent?: true;
  /** Reaches beyond the product: a device sends a request, a message leaves. */
  readonly openWorld?: true;
  /**
   * What `confirm` must be: destructive operations need true; "all" where many rows go at once; with
   * "rows" the input itself says which of the two.
   */
  readonly confirm?: "all" | "rows";
  readonly content: Content;
  /** It hides secrets of captured content itself, where that needs to know what part is what. */
  readonly redacts?: true;
  /** Never offered to BusyBro: it decides who may do what, or binds an identity. */
  readonly peopleOnly?: true;
  /** In the default list of tools; the rest is found by search_tools. */
  readonly top?: true;
  /** Made when first asked for: to make all of them takes half of what a function may take to start. */
  readonly input: () => Input;
  /** Published, and sent as structured content, where a program rather than a model reads the answer. */
  readonly output?: z.ZodObject;
  run(call: Call, input: z.output<Input>): Promise<unknown>;
}

/** Declares an operation; the handler's input has the schema's type. */
export function operation<Input extends z.ZodObject>(declared: Operation<Input>): Operation {
  let input: Input | undefined;
  const once = { ...declared, input: () => input ??= declared.input() };
  return once as unknown as Operation;
}

/** The scopes a token needs; a read is also allowed by the scope to write. */
export function scopesOf({ effect, adminOnly }: Operation): Scope[] {
  const scope: Scope = effect === "read" ? "mcp:read" : "mcp:write";
  return adminOnly ? [scope, "admin"] : [scope];
}

/** The four hints of MCP, all explicit: absent ones have surprising defaults. */
export function annotationsOf({ title, effect, idempotent, openWorld }: Operation) {
  return {
    title,
    readOnlyHint: effect === "read",
    destructiveHint: effect === "destructive",
    idempotentHint: effect === "read" || idempotent === true,
    openWorldHint: openWorld === true,
  };
}

const confirmed = new WeakMap<Operation, z.ZodObject>();

/** The input as published and checked: destructive operations also ask for `confirm`. */
export function inputOf(operation: Operation): z.ZodObject {
  const { effect, confirm } = operation;
  if (effect !== "destructive" || confirm === "rows") return operation.input();
  let schema = confirmed.get(operation);
  if (!schema) {
    schema = operation.input().extend({ confirm: confirmation(confirm) });
    confirmed.set(operation, schema);
  }
  return schema;
}

const confirmation = (confirm: "all" | undefined) =>
  confirm === undefined
    ? z.literal(true).describe("true, once the person has agreed to this very call")
    : z.literal(confirm).describe(`"${confirm}": it affects many rows and the person has agreed`);
