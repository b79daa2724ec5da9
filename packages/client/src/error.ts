export interface ErrorParticulars {
  /** A constant: of a function's envelope, or as PostgREST names it. */
  code: string;
  /** The status of the answer. */
  status: number;
  details?: unknown;
  /** Finds the request in the server's log. */
  requestId?: string | undefined;
}

/** What the server answered instead of what it was asked for. */
export class BusymateError extends Error {
  override readonly name = "BusymateError";
  readonly code: string;
  readonly status: number;
  readonly details: unknown;
  readonly requestId: string | undefined;

  constructor(message: string, particulars: ErrorParticulars) {
    super(message);
    this.code = particulars.code;
    this.status = particulars.status;
    this.details = particulars.details;
    this.requestId = particulars.requestId;
  }
}
