import { z } from "zod";
import { AppError, toAppError } from "../http/errors.ts";
import { faultOf } from "../http/validate.ts";
import { fence, fit } from "./answer.ts";
import { type Call, holds, type Rights } from "./call.ts";
import { inputOf, type Operation, scopesOf } from "./operation.ts";
import { redactorOf } from "./redacting.ts";

export interface Answer {
  text: string;
  /** The whole value, for operations that publish what they answer. */
  structured?: Record<string, unknown>;
}

/** Why the caller may not use an operation, in words that name what is missing; undefined if they may. */
export function refusalOf(rights: Rights, operation: Operation): AppError | undefined {
  if (operation.adminOnly && rights.role !== "admin") {
    return new AppError("forbidden", `${operation.name}: only admins may do this.`);
  }
  const missing = missingScopes(rights, operation);
  if (missing.length > 0) {
    return new AppError(
      "insufficient_scope",
      `${operation.name}: the token lacks the scope ${
        missing.join(" and ")
      }; connect again and allow it.`,
      { details: { scopes: missing } },
    );
  }
  const { needs } = operation;
  if (needs && !holds(rights, needs.section, needs.action)) {
    const capability = `${needs.section}:${needs.action}`;
    return new AppError(
      "forbidden",
      `${operation.name}: this needs the capability ${capability}, which the role ${rights.role} does not have.`,
      { details: { capabilities: [capability] } },
    );
  }
}

/** The scopes of an operation that the token does not carry. */
export function missingScopes({ scopes }: Rights, operation: Operation): string[] {
  return scopesOf(operation).filter((scope) =>
    !scopes.includes(scope) && !(scope === "mcp:read" && scopes.includes("mcp:write"))
  );
}

/** The checked input of an operation, or what to put right: the field and the fix. */
export function inputFor(operation: Operation, args: unknown): Record<string, unknown> {
  const schema = inputOf(operation);
  const result = schema.safeParse(args ?? {});
  if (result.success) return result.data;
  throw new AppError("invalid_request", `${operation.name}: ${explain(result.error, schema)}`);
}

function explain(error: z.ZodError, schema: z.ZodObject): string {
  const issue = error.issues[0];
  if (issue?.code === "unrecognized_keys" && issue.path.length === 0) {
    const known = Object.keys(schema.shape);
    return `there is no ${issue.keys.map((key) => `"${key}"`).join(", ")}; ` +
      (known.length > 0 ? `use ${known.join(", ")}.` : "it takes no arguments.");
  }
  if (issue?.path[0] === "confirm") {
    return `this cannot be undone. Ask the person, then call it again with confirm: ${
      confirmValue(schema)
    }.`;
  }
  return `${faultOf(error)}.`;
}

function confirmValue(schema: z.ZodObject): string {
  const confirm = schema.shape["confirm"];
  return confirm instanceof z.ZodLiteral
    ? JSON.stringify(confirm.value)
    : 'true for one row, or "all" for several';
}

/** Runs an operation for a caller: rights, input, handler, and an answer that fits and is fenced. */
export async function dispatch(call: Call, operation: Operation, args: unknown): Promise<Answer> {
  const refusal = refusalOf(call.rights, operation);
  if (refusal) throw refusal;
  const input = inputFor(operation, args);
  let value: unknown;
  try {
    value = await redacted(call, operation, operation.run(call, input));
  } catch (error) {
    throw toAppError(error);
  }
  const text = fit(value ?? null);
  return {
    text: operation.content === "captured" ? fence(text) : text,
    ...(operation.output && { structured: value as Record<string, unknown> }),
  };
}

/** What was captured, without the secrets that are hidden from the caller, by name or by look. */
async function redacted(call: Call, { content, redacts }: Operation, running: Promise<unknown>) {
  if (content !== "captured" || redacts) return await running;
  // The policy is read meanwhile.
  const [value, redactor] = await Promise.all([running, redactorOf(call)]);
  return redactor.json(value);
}
