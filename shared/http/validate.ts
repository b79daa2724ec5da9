import type { ZodError, ZodType } from "zod";
import { AppError } from "./errors.ts";

/** The first fault as `field: what is wrong`; `at` is where the value itself stands. */
export function faultOf(error: ZodError, at = ""): string {
  const issue = error.issues[0];
  const field = (issue?.path ?? []).reduce<string>((path, key) => {
    if (typeof key === "number") return `${path}[${key}]`;
    return path ? `${path}.${String(key)}` : String(key);
  }, at);
  return `${field || "body"}: ${issue?.message ?? "invalid"}`;
}

/** The value as the schema types it, or a 400 that names the field. */
export function validate<T>(schema: ZodType<T>, value: unknown): T {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  throw new AppError("invalid_request", faultOf(result.error));
}
