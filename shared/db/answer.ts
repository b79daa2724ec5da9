import type { ZodType } from "zod";
import { AppError } from "../http/errors.ts";
import { fromPostgrest } from "./errors.ts";
import type { PostgrestFailure } from "./errors.ts";

interface Answer {
  data: unknown;
  error: PostgrestFailure["error"] | null;
  status: number;
}

/**
 * A call's data in the shape it must have. A shape that is off is an error, never a default: an
 * admission without `allowed` must not admit (postgrest-js turns an empty 404 into a success without data).
 */
export function dataOf<T>(answer: Answer, shape: ZodType<T>): T {
  if (answer.error) throw fromPostgrest({ error: answer.error, status: answer.status });
  const result = shape.safeParse(answer.data);
  if (result.success) return result.data;
  throw new AppError("internal", "Something went wrong on our side; the request id finds it.", {
    cause: result.error,
  });
}
