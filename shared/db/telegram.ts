import { z } from "zod";
import { policyRow } from "../redaction/policy.ts";
import type { Database, Json } from "./database.types.ts";
import { id, timestamp } from "./shapes.ts";

const admission = z.discriminatedUnion("fresh", [
  z.object({ fresh: z.literal(false) }),
  z.object({
    fresh: z.literal(true),
    allowed: z.boolean(),
    /** Whether a refusal should be said: once a minute. */
    tell: z.boolean(),
    reset_seconds: z.int(),
  }),
]);
const code = z.object({ expires_at: timestamp });
const turn = z.object({
  jti: id,
  grant_id: id,
  client_id: z.string(),
  scope: z.string(),
  sub: id,
  user_role: z.string(),
  issued_at: timestamp,
  expires_at: timestamp,
});
const claimed = z.array(z.object({
  id: z.int(),
  chat_id: z.int(),
  message: z.looseObject({ kind: z.string() }),
  attempts: z.int(),
}));

export type UpdateAdmission = z.infer<typeof admission>;
export type TelegramTurn = z.infer<typeof turn>;
export type ClaimedMessage = z.infer<typeof claimed>[number];

/** Whom a code is for, as Telegram names them. */
export interface TelegramAccount {
  user_id: number;
  chat_id: number;
  username: string | null;
  first_name: string;
}

export type Settlement =
  | { outcome: "sent" }
  | { outcome: "refused" }
  | { outcome: "retry"; retry_seconds: number; error: string };

type TelegramFunction = Extract<keyof Database["internal"]["Functions"], `telegram_${string}`>;

/** A database function of schema `internal`, called with the secret key. */
type Call = <T>(
  name: TelegramFunction,
  args: Record<string, Json | undefined>,
  shape: z.ZodType<T>,
  signal: AbortSignal,
) => Promise<T>;

/** What the Telegram bot remembers: updates it has acted on, codes, turns and messages to send. */
export function telegramStore(call: Call) {
  return {
    /** Whether to act on an update. The same attempt may ask again. */
    begin: (
      args: { update_id: number; attempt: string; chat_id: number; function_url: string },
      signal: AbortSignal,
    ) => call("telegram_begin", args, admission, signal),
    /** Refusal `already_linked` when the account belongs to somebody. */
    issueCode: (account: TelegramAccount, code_hash: string, signal: AbortSignal) =>
      call("telegram_issue_code", { telegram: { ...account }, code_hash }, code, signal),
    /** Null when the account is linked to nobody. */
    turn: (telegram_user_id: number, signal: AbortSignal) =>
      call("telegram_turn", { telegram_user_id }, turn.nullable(), signal),
    /** Refusal `invalid_ticket` unless the database made the ticket a moment ago. */
    claim: (ticket_hash: string, batch: number, signal: AbortSignal) =>
      call("telegram_claim", { ticket_hash, batch }, claimed, signal),
    /** What is done to secrets in messages that nobody asked for. */
    redaction: (signal: AbortSignal) => call("telegram_redaction", {}, policyRow, signal),
    settle: (id: number, settlement: Settlement, signal: AbortSignal) =>
      call("telegram_settle", { id, ...settlement }, z.unknown(), signal),
  };
}

export type TelegramStore = ReturnType<typeof telegramStore>;
