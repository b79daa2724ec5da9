import { ProtocolError, ProtocolErrorCode } from "@modelcontextprotocol/server";
import type { CallToolResult } from "@modelcontextprotocol/server";
import type { z } from "zod";
import { AppError } from "../http/errors.ts";
import { validate } from "../http/validate.ts";
import { fit } from "../operations/answer.ts";
import type { Call } from "../operations/call.ts";
import { dispatch } from "../operations/dispatch.ts";
import { ranked } from "../operations/ranking.ts";
import type { Operation } from "../operations/operation.ts";
import { OPERATIONS } from "../operations/registry.ts";
import { CONNECTORS, executorOf, runInput, SEARCH, searchInput } from "./connectors.ts";
import { searchTools } from "./search.ts";
import { closedTo, openTo, type Surface } from "./surface.ts";

/** Errors that are about the credential end the request; every other is for the model to act on. */
const CREDENTIAL_ERRORS = new Set(["invalid_token", "missing_token"]);

/** Words of a refusal: those that repeat what was sent may be as long as that. */
const FAULT_LIMIT = 4_000;

/**
 * Runs a tool by its name, listed or not. What the model can put right comes back as a result marked as
 * an error; an unknown name is an error of the protocol; a credential that is no good is thrown.
 */
export async function callTool(
  call: Call,
  surface: Surface,
  name: string,
  args: Record<string, unknown>,
): Promise<CallToolResult> {
  const known = OPERATIONS.has(name) || CONNECTORS.some(({ tool }) => tool.name === name);
  if (!known) {
    throw new ProtocolError(
      ProtocolErrorCode.InvalidParams,
      unknownTool(call, surface, name),
    );
  }
  try {
    return await run(call, surface, name, args);
  } catch (error) {
    if (!(error instanceof AppError) || CREDENTIAL_ERRORS.has(error.code)) throw error;
    const text = shortened(`${error.code}: ${error.message}`, FAULT_LIMIT);
    return { isError: true, content: [{ type: "text", text }] };
  }
}

async function run(
  call: Call,
  surface: Surface,
  name: string,
  args: Record<string, unknown>,
): Promise<CallToolResult> {
  if (name === SEARCH) {
    const found = searchTools(openTo(call.rights, surface), input(searchInput, name, args));
    return { content: [{ type: "text", text: fit(found) }] };
  }
  const direct = OPERATIONS.get(name);
  if (direct) return await perform(call, surface, direct, args);
  const wanted = input(runInput, name, args);
  const operation = OPERATIONS.get(wanted.name);
  if (!operation) {
    throw new AppError("not_found", `name: ${unknownTool(call, surface, wanted.name)}`);
  }
  const executor = executorOf(operation.effect);
  if (executor !== name) {
    throw new AppError("invalid_request", `name: ${wanted.name} is run with ${executor}.`);
  }
  return await perform(call, surface, operation, wanted.arguments);
}

async function perform(
  call: Call,
  surface: Surface,
  operation: Operation,
  args: Record<string, unknown>,
): Promise<CallToolResult> {
  const closed = closedTo(call.rights, surface, operation);
  if (closed) throw closed;
  const { text, structured } = await dispatch(call, operation, args);
  return {
    content: [{ type: "text", text }],
    ...(structured && { structuredContent: structured }),
  };
}

/** Names are remembered wrongly more often than made up. */
function unknownTool(call: Call, surface: Surface, name: string): string {
  const shown = shortened(name);
  const [closest] = ranked(openTo(call.rights, surface), shown);
  return `There is no tool ${shown}; find one with ${SEARCH}` +
    (closest ? `. Is ${closest.name} meant?` : ".");
}

/** What a caller sent, as far as it helps to be told it again. */
export const shortened = (text: string, limit = 200) =>
  text.length <= limit ? text : `${text.slice(0, limit)}…`;

function input<T extends z.ZodObject>(schema: T, name: string, args: unknown): z.output<T> {
  try {
    return validate(schema, args) as z.output<T>;
  } catch (error) {
    if (error instanceof AppError) throw new AppError(error.code, `${name}: ${error.message}.`);
    throw error;
  }
}
