import { AppError, internal, unavailable } from "../http/errors.ts";

/** What postgrest-js hands over when a call failed. */
export interface PostgrestFailure {
  error: { code?: string; message: string };
  status: number;
}

/** A function of ours said no by name (`raise exception 'session_gone'`); its caller says what that means. */
export class Refusal extends Error {
  override readonly name = "Refusal";
  readonly reason: string;

  constructor(reason: string) {
    super(`the database refused: ${reason}`);
    this.reason = reason;
  }
}

/** Connection exceptions, out of resources, operator intervention (Postgres appendix A). */
const AWAY = /^(?:08|53|57)/;
/**
 * PostgREST: no connection, no schema cache, no connection from the pool in time; and an empty code
 * (as a 400) when the database died under the query and had no time to say why.
 */
const POSTGREST_AWAY = ["PGRST000", "PGRST001", "PGRST002", "PGRST003", ""];

/** The one place where a failed call becomes an error of ours. The database's words stay in the cause. */
export function fromPostgrest({ error, status }: PostgrestFailure): AppError | Refusal {
  const { code } = error;
  // Status 0 is postgrest-js's for a fetch that never answered: refused, timed out or aborted.
  if (
    status === 0 || [502, 503, 504].includes(status) ||
    (code !== undefined && (AWAY.test(code) || POSTGREST_AWAY.includes(code)))
  ) {
    return unavailable("The database", error);
  }
  if (code === "P0001") return new Refusal(error.message);
  // Raised for the one who asked, in words that name the argument and the fix.
  if (code === "PT400") return new AppError("invalid_request", error.message, { cause: error });
  if (status === 401) {
    return new AppError("invalid_token", "The token is not valid here.", {
      headers: { "WWW-Authenticate": 'Bearer error="invalid_token"' },
      cause: error,
    });
  }
  if (code === "42501" || status === 403) {
    return new AppError("forbidden", "This is not allowed for this caller.", { cause: error });
  }
  return internal(error);
}
