import { refusalOf } from "../operations/dispatch.ts";
import type { Rights } from "../operations/call.ts";
import { annotationsOf, type Operation, type Toolset, TOOLSETS } from "../operations/operation.ts";
import { OPERATIONS } from "../operations/registry.ts";
import { inputSchemaOf, publishedSchema } from "../operations/schemas.ts";
import { AppError } from "../http/errors.ts";
import { CONNECTORS } from "./connectors.ts";

/** How a client asked to see the product: the query of the endpoint's URL. */
export interface Surface {
  /** Toolsets listed natively; undefined for the default list with search and executors. */
  readonly toolsets?: ReadonlySet<Toolset>;
  /** Wins over everything: what changes anything is neither listed nor run. */
  readonly readOnly: boolean;
}

/** @throws AppError for anything unknown or malformed: a typo must not open what was to be closed. */
export function surfaceOf(query: URLSearchParams): Surface {
  for (const name of new Set(query.keys())) {
    if (name !== "toolsets" && name !== "read_only") {
      throw new AppError(
        "invalid_request",
        `There is no query parameter "${name}"; use toolsets or read_only.`,
      );
    }
    if (query.getAll(name).length > 1) {
      throw new AppError("invalid_request", `${name}: give it once.`);
    }
  }
  const readOnly = query.get("read_only") ?? "false";
  if (readOnly !== "true" && readOnly !== "false") {
    throw new AppError("invalid_request", "read_only: use true or false.");
  }
  const toolsets = query.get("toolsets");
  return {
    readOnly: readOnly === "true",
    ...(toolsets !== null && { toolsets: toolsetsOf(toolsets) }),
  };
}

function toolsetsOf(text: string): ReadonlySet<Toolset> {
  const known = Object.keys(TOOLSETS) as Toolset[];
  if (text === "all") return new Set(known);
  const names = text.split(",").map((name) => name.trim());
  const unknown = names.find((name) => !(known as string[]).includes(name));
  if (unknown !== undefined) {
    throw new AppError(
      "invalid_request",
      `toolsets: there is no "${unknown}"; use all or ${known.join(", ")}.`,
    );
  }
  return new Set(names as Toolset[]);
}

/** Why a caller may not use an operation on this surface. */
export function closedTo(
  rights: Rights,
  surface: Surface,
  operation: Operation,
): AppError | undefined {
  if (surface.readOnly && operation.effect !== "read") {
    return new AppError(
      "forbidden",
      `${operation.name}: this connection is read-only (read_only=true).`,
    );
  }
  return refusalOf(rights, operation);
}

/** What a caller may use here, in the order of names. */
export function openTo(rights: Rights, surface: Surface): Operation[] {
  return [...OPERATIONS.values()].filter((operation) => !closedTo(rights, surface, operation));
}

/** A tool as `tools/list` shows it. */
export interface Tool {
  name: string;
  title: string;
  description: string;
  inputSchema: Record<string, unknown> & { type: "object" };
  outputSchema?: Record<string, unknown> & { type: "object" };
  annotations: ReturnType<typeof annotationsOf>;
}

function toolOf(operation: Operation): Tool {
  const { name, title, summary, output } = operation;
  return {
    name,
    title,
    description: summary,
    inputSchema: inputSchemaOf(operation),
    ...(output && { outputSchema: publishedSchema(output, "output") }),
    annotations: annotationsOf(operation),
  };
}

/** The list of tools for a caller: by default the top ones and the connectors to the rest. */
export function toolsFor(rights: Rights, surface: Surface): Tool[] {
  const { toolsets } = surface;
  const open = openTo(rights, surface);
  if (toolsets) {
    return open.filter(({ toolset }) => toolsets.has(toolset)).map(toolOf);
  }
  const connectors = CONNECTORS.filter(({ runs }) =>
    runs === undefined || open.some(({ effect }) => effect === runs)
  ).map(({ tool }) => tool);
  return [...open.filter(({ top }) => top).map(toolOf), ...connectors]
    .sort((a, b) => a.name < b.name ? -1 : 1);
}
