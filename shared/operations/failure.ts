import { fromPostgrest, Refusal } from "../db/errors.ts";
import type { PostgrestFailure } from "../db/errors.ts";
import { AppError } from "../http/errors.ts";
import type { ErrorCode } from "../http/errors.ts";

/** What the database says in words meant for whoever asked: our own refusals and broken constraints. */
const SAID_TO_CALLER = /^(?:PT4\d\d|PGRST(?:1\d\d|20\d)|22\w{3}|23\w{3}|42(?:703|P01|883)|57014)$/;

/** Refusals that the database names with a word, as `private.refuse` does. */
const OUR_OWN = /^[a-z]+(?:_[a-z]+)*$/;
const CODE_OF: Partial<Record<number, ErrorCode>> = {
  403: "forbidden",
  404: "not_found",
  409: "conflict",
  429: "rate_limited",
};

/**
 * A failed call as an error an agent can act on. Unlike an edge function's, its caller could have asked
 * PostgREST the same and read the same words.
 */
export function failureOf({ error, status }: PostgrestFailure): AppError {
  if (error.code === "57014") {
    return new AppError(
      "invalid_request",
      "It took too long: narrow it, for instance with since: or host: in the filter.",
      { cause: error },
    );
  }
  const { code = "" } = error;
  if ((SAID_TO_CALLER.test(code) || OUR_OWN.test(code)) && status !== 401) {
    return new AppError(CODE_OF[status] ?? "invalid_request", error.message, { cause: error });
  }
  const failure = fromPostgrest({ error, status });
  return failure instanceof Refusal
    ? new AppError("invalid_request", failure.reason, { cause: failure })
    : failure;
}

interface Answer<T> {
  data: T;
  error: PostgrestFailure["error"] | null;
  status: number;
}

/** The data of an answered call, or its failure. */
export function rowsOf<T>(answer: Answer<T>): NonNullable<T> | null {
  if (answer.error) throw failureOf({ error: answer.error, status: answer.status });
  return answer.data ?? null;
}

/** The same where nothing means that there is no such thing, or that it is somebody else's. */
export function found<T>(value: T | null | undefined | false, what: string): T {
  if (value === null || value === undefined || value === false) {
    throw new AppError(
      "not_found",
      `There is no such ${what}, or it is not yours to see or change.`,
    );
  }
  return value;
}
