import pg from "pg";
import { TokenRefused } from "./token.ts";

const CANNOT_CONNECT = "Realtime was unable to connect to the project database";

/** The database could not be asked. */
export class DatabaseFault extends Error {
  override name = "DatabaseFault";
  readonly kind: "policy" | "partition" | "canceled" | "connection";

  constructor(error: unknown) {
    super(error instanceof Error ? error.message : String(error), { cause: error });
    this.kind = kindOf(sqlState(error));
  }
}

/** The policies let the caller read nothing of the channel. */
export class NotPermitted extends Error {
  override name = "NotPermitted";
}

/** A join that is refused for what it asks, in words of its own. */
export class JoinRefused extends Error {
  override name = "JoinRefused";
}

export const sqlState = (error: unknown): string | undefined =>
  error instanceof pg.DatabaseError ? error.code : undefined;

/** Whether it is the caller's doing, and nothing the operator has to know of. */
export const isRefusal = (error: unknown): boolean =>
  error instanceof JoinRefused || error instanceof NotPermitted || error instanceof TokenRefused;

/** The reason in the error reply to a join; a policy that raises is one that says no. */
export function joinReason(error: unknown, channel: string): string {
  if (error instanceof JoinRefused) return error.message;
  if (error instanceof TokenRefused) return `${error.code}: ${error.message}`;
  if (error instanceof NotPermitted) return `Unauthorized: ${notPermitted(channel)}`;
  if (!(error instanceof DatabaseFault)) return "Unknown Error on Channel";
  switch (error.kind) {
    case "policy":
      return `Unauthorized: ${notPermitted(channel)}`;
    case "partition":
      return "MissingPartition: Realtime was unable to find the expected messages partition";
    case "canceled":
      return `QueryCanceled: ${error.message}`;
    case "connection":
      return `UnableToConnectToProject: ${CANNOT_CONNECT}`;
  }
}

/** The message of the system event that ends a channel. */
export function systemMessage(error: unknown, channel: string): string {
  if (error instanceof TokenRefused) return error.onChannel;
  if (error instanceof NotPermitted) return notPermitted(channel);
  if (!(error instanceof DatabaseFault)) return "Unknown Error on Channel";
  switch (error.kind) {
    case "policy":
      return notPermitted(channel);
    case "canceled":
      return "Query was cancelled, please try again";
    case "partition":
    case "connection":
      return CANNOT_CONNECT;
  }
}

const notPermitted = (channel: string) =>
  `You do not have permissions to read from this Channel topic: ${channel}`;

function kindOf(state: string | undefined): DatabaseFault["kind"] {
  // 23514 is what an insert without a partition for its row raises.
  if (state === "23514") return "partition";
  // Taking too long, or waiting too long for a lock.
  if (state === "57014" || state === "55P03") return "canceled";
  // No answer at all, or one of class 57P (shutdown) or 53 (too many connections).
  if (state === undefined || /^(57P|53)/.test(state)) return "connection";
  return "policy";
}
