import type { z } from "zod";

/** A route of an edge function as the reference shows it. The schemas are those the route checks by. */
export interface Route {
  readonly function: string;
  readonly method: "GET" | "POST" | "DELETE";
  /** As Hono spells it, below the function's name. */
  readonly path: string;
  readonly summary: string;
  readonly credential: "none" | "person" | "device" | "session";
  readonly parameters?: z.ZodObject;
  readonly query?: z.ZodObject;
  readonly body?: z.ZodType;
  readonly bodyOptional?: true;
  /** Form-encoded, and its errors are RFC 6749's. */
  readonly form?: true;
  readonly status: number;
  readonly answers: string;
  readonly answer?: z.ZodType;
}
