import type { ZodType } from "zod";
import { AppError, internal } from "../http/errors.ts";
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
export function dataOf<T>(answer: Answer, shape: ZodType<T>, client: AbortSignal): T {
  // Not an outage: nobody is there to read the answer, and the log must not cry for the database.
  if (answer.error && client.aborted) {
    throw new AppError("request_aborted", "The client went away.", { cause: answer.error });
  }
  if (answer.error) throw fromPostgrest({ error: answer.error, status: answer.status });
  const result = shape.safeParse(answer.data);
  if (result.success) return result.data;
  throw internal(result.error);
}
