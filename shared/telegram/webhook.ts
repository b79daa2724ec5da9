import type { Bot } from "grammy/web";
import { Hono } from "hono";
import { z } from "zod";
import type { UpdateAdmission } from "../db/telegram.ts";
import type { Service } from "../db/service.ts";
import type { AppEnv } from "../http/app.ts";
import { readJson } from "../http/body.ts";
import { AppError, unavailable } from "../http/errors.ts";
import { validate } from "../http/validate.ts";
import { inBackground } from "./background.ts";
import type { BackgroundRuntime } from "./background.ts";
import { isBotError } from "./grammy.ts";
import { say } from "./say.ts";
import { demandWebhookSecret } from "./secret.ts";
import { tooMany } from "./texts.ts";

/** An update with the longest text and all its entities is far below. */
const BODY_LIMIT = 262_144;

const TRIES = 3;

/** What is needed of an update to decide about it; the rest is grammY's. */
const updateShape = z.looseObject({
  update_id: z.int().nonnegative(),
  message: z.looseObject({
    message_id: z.int(),
    date: z.int(),
    chat: z.looseObject({ id: z.int(), type: z.string() }),
    from: z.looseObject({ id: z.int(), is_bot: z.boolean(), first_name: z.string() }).optional(),
  }).optional(),
});

type Update = Parameters<Bot["handleUpdate"]>[0];

export interface WebhookParts {
  bot: () => Promise<Bot>;
  service: Service;
  secret: string;
  /** This function's own address, which the database is to know. */
  functionUrl: string;
  runtime: BackgroundRuntime;
}

/**
 * `POST /`: an update of Telegram's. It is acknowledged as soon as it is certain that nobody else acts
 * on it: Telegram sends again what it gets no answer to, and holds the chat's next one back meanwhile.
 */
export function webhook({ bot: load, service, secret, functionUrl, runtime }: WebhookParts) {
  const app = new Hono<AppEnv>();
  app.post("/", async (c) => {
    await demandWebhookSecret(c.req.raw.headers, secret);
    const body = await readJson(c.req.raw, { limit: BODY_LIMIT });
    const update = validate(updateShape, body);
    const { message } = update;
    if (!message?.from || message.from.is_bot) return c.json({ ok: true });
    c.set("actor", `telegram:${message.from.id}`);
    // Before the update is taken: what cannot be worked on must come again. grammY asks once.
    const bot = await load();
    await bot.init().catch((error: unknown) => {
      throw unavailable("Telegram", error);
    });
    const admission = await begin(service, {
      update_id: update.update_id,
      attempt: crypto.randomUUID(),
      chat_id: message.chat.id,
      function_url: functionUrl,
    }, c.req.raw.signal);
    if (admission.fresh) {
      const origin = { requestId: c.var.requestId, caller: c.var.actor, path: c.req.path };
      const { chat } = message;
      inBackground(runtime, origin, work(bot, update as unknown as Update, chat.id, admission));
    }
    return c.json({ ok: true });
  });
  return app;
}

/**
 * An update that the database took while its answer was lost would be nobody's: the next delivery is
 * told that it was taken. So the same attempt asks again.
 */
async function begin(
  { telegram }: Service,
  args: Parameters<Service["telegram"]["begin"]>[0],
  signal: AbortSignal,
): Promise<UpdateAdmission> {
  for (let tries = 1;; tries++) {
    try {
      return await telegram.begin(args, signal);
    } catch (error) {
      const away = error instanceof AppError && error.code === "unavailable";
      if (!away || tries === TRIES) throw error;
    }
  }
}

async function work(
  bot: Bot,
  update: Update,
  chatId: number,
  admission: Extract<UpdateAdmission, { fresh: true }>,
): Promise<void> {
  if (admission.allowed) {
    await bot.handleUpdate(update).catch((thrown: unknown) => {
      throw isBotError(thrown) ? thrown.error : thrown;
    });
  } else if (admission.tell) await say(bot.api, chatId, tooMany(admission.reset_seconds));
}
