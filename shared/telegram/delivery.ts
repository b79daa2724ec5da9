import type { Api } from "grammy/web";
import { Hono } from "hono";
import type { ClaimedMessage, Settlement } from "../db/telegram.ts";
import { Refusal } from "../db/errors.ts";
import type { Service } from "../db/service.ts";
import type { AppEnv } from "../http/app.ts";
import { AppError } from "../http/errors.ts";
import { hashSecret } from "../oauth/secrets.ts";
import { limitByAddress } from "../token/guard.ts";
import type { Limit } from "../token/guard.ts";
import { inBackground } from "./background.ts";
import type { BackgroundRuntime } from "./background.ts";
import { EVERYTHING } from "../redaction/policy.ts";
import { type Quote, quoting } from "./captured.ts";
import { isGrammyError } from "./grammy.ts";
import { wordingOf } from "./messages.ts";
import { sayCaptured } from "./say.ts";

const HEADER = "X-Busymate-Ticket";
export const RATE: Limit = { bucket: "telegram-deliver", capacity: 120, perSeconds: 60 };
const BATCH = 20;
/** Messages are leased for 60 s: what is not sent by then somebody else would send too. */
const BUDGET_MS = 40_000;
const LONGEST_WAIT_SECONDS = 300;

export interface DeliveryParts {
  /** Without the waiting of the bot's own: what is not taken now is tried later. */
  api: () => Promise<Api>;
  service: Service;
  runtime: BackgroundRuntime;
}

/** `POST /deliver`: the database says that messages are waiting, with a ticket it made for the call. */
export function delivery({ api, service, runtime }: DeliveryParts) {
  const app = new Hono<AppEnv>();
  app.post("/deliver", limitByAddress(service, RATE), async (c) => {
    const ticket = c.req.header(HEADER);
    if (!ticket) throw new AppError("missing_token", `The header ${HEADER} is missing.`);
    const messages = await service.telegram.claim(
      await hashSecret(ticket),
      BATCH,
      c.req.raw.signal,
    ).catch(invalidTicket);
    const origin = { requestId: c.var.requestId, caller: "database", path: c.req.path };
    inBackground(runtime, origin, deliver({ api, service }, messages));
    return c.json({ claimed: messages.length }, 202);
  });
  return app;
}

/** Sends messages in order, and says of each at once what became of it. */
async function deliver(
  { api: load, service }: Pick<DeliveryParts, "api" | "service">,
  messages: ClaimedMessage[],
): Promise<void> {
  const api = await load();
  const end = performance.now() + BUDGET_MS;
  const blocked = new Map<number, number>();
  const quote = quoting(
    await service.telegram.redaction(AbortSignal.timeout(BUDGET_MS)).catch(() => null) ??
      EVERYTHING,
  );
  for (const message of messages) {
    const { id, chat_id } = message;
    const wait = performance.now() > end ? 1 : blocked.get(chat_id);
    const settlement: Settlement = wait === undefined
      ? await attempt(api, message, quote)
      : { outcome: "retry", retry_seconds: wait, error: "not tried" };
    // The order within a chat is kept: what follows waits as well.
    if (settlement.outcome === "retry") blocked.set(chat_id, settlement.retry_seconds);
    await service.telegram.settle(id, settlement, AbortSignal.timeout(BUDGET_MS));
  }
}

async function attempt(
  api: Api,
  { chat_id, message, attempts }: ClaimedMessage,
  quote: Quote,
): Promise<Settlement> {
  const text = wordingOf(message);
  // The database is newer than this function: the next version has the words.
  if (text === null) return retry(attempts, `unknown kind ${message.kind}`);
  try {
    await sayCaptured(api, chat_id, text, quote);
    return { outcome: "sent" };
  } catch (error) {
    if (!isGrammyError(error)) return retry(attempts, String(error));
    const { error_code, description, parameters } = error;
    // The chat is gone or the person has blocked the bot: that does not change by asking again. What is
    // said of the bot itself (401, 404: its token is wrong) does, once it is put right.
    if (error_code === 400 || error_code === 403) return { outcome: "refused" };
    return retry(attempts, description, parameters.retry_after);
  }
}

/** As long as Telegram says, else twice as long every time. */
function retry(
  attempts: number,
  error: string,
  seconds: number = Math.min(2 ** attempts, LONGEST_WAIT_SECONDS),
): Settlement {
  return { outcome: "retry", retry_seconds: seconds, error };
}

function invalidTicket(error: unknown): never {
  if (!(error instanceof Refusal && error.reason === "invalid_ticket")) throw error;
  throw new AppError("invalid_token", `The header ${HEADER} is wrong, used or too old.`);
}
