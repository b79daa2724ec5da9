import type { ZodError, ZodType } from "zod";
import { AppError } from "./errors.ts";

/** The first fault as `field: what is wrong`; `root` names the value itself. */
export function faultOf(error: ZodError, root: string): string {
  const issue = error.issues[0];
  if (!issue) return `${root}: invalid`;
  const field = issue.path.reduce<string>(
    (path, key) =>
      typeof key === "number" ? `${path}[${key}]` : path ? `${path}.${String(key)}` : String(key),
    "",
  );
  return `${field || root}: ${issue.message}`;
}

/** The value as the schema types it, or a 400 that names the field. */
export function validate<T>(schema: ZodType<T>, value: unknown): T {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  throw new AppError("invalid_request", faultOf(result.error, "body"));
}
