import type { Bot, Context } from "grammy/web";
import { AppError } from "../http/errors.ts";
import { commands } from "./commands.ts";
import type { CommandParts, Sender } from "./commands.ts";
import { loadGrammy } from "./grammy.ts";
import { waitWhenTold } from "./retry.ts";
import { say } from "./say.ts";
import {
  COMMAND_NAMES,
  privateOnly,
  TEXT_ALONE,
  UNAVAILABLE,
  UNKNOWN_COMMAND,
  WENT_WRONG,
} from "./texts.ts";

export interface BotOptions extends CommandParts {
  token: string;
  apiRoot: string;
}

/** After BusyBro's own limit, which says so, and before a hosted function is ended (150 s). */
const WORK_TIMEOUT_MS = 145_000;
const CALL_TIMEOUT_SECONDS = 20;

/** The bot: what it answers where. */
export async function createBot({ token, apiRoot, ...parts }: BotOptions): Promise<Bot> {
  const { Bot } = await loadGrammy();
  const bot = new Bot(token, {
    client: { apiRoot, fetch: parts.fetch, timeoutSeconds: CALL_TIMEOUT_SECONDS },
  });
  bot.api.config.use(waitWhenTold((ms) => new Promise((done) => setTimeout(done, ms))));
  const act = commands(parts);

  // Where others read along nothing is shown, and nothing is done: no link, no account, no numbers.
  bot.chatType(["group", "supergroup"]).command(
    [...COMMAND_NAMES],
    (ctx) => say(ctx.api, ctx.chat.id, privateOnly(ctx.me.username)),
  );

  const alone = bot.chatType("private");
  for (const name of COMMAND_NAMES) {
    alone.command(name, (ctx) => answered(ctx, (from) => act[name](from, ctx.match)));
  }
  alone.on(
    "message:entities:bot_command",
    (ctx, next) =>
      ctx.msg.text?.startsWith("/")
        ? answered(ctx, (from) => say(from.api, from.chatId, UNKNOWN_COMMAND))
        : next(),
  );
  alone.on("message:text", (ctx) => answered(ctx, (from) => act.ask(from, ctx.msg.text)));
  alone.on(
    "message:file",
    (ctx) => answered(ctx, (from) => say(from.api, from.chatId, TEXT_ALONE)),
  );
  return bot;
}

/** Runs what was asked for; a failure is said in the chat, and thrown for the log. */
async function answered(ctx: Context, act: (from: Sender) => Promise<void>): Promise<void> {
  const { chat, from, api } = ctx;
  if (!chat || !from) return;
  try {
    await act({
      api,
      chatId: chat.id,
      userId: from.id,
      username: from.username ?? null,
      firstName: from.first_name,
      ownWords: ctx.msg?.forward_origin === undefined && ctx.msg?.via_bot === undefined,
      signal: AbortSignal.timeout(WORK_TIMEOUT_MS),
    });
  } catch (error) {
    const away = error instanceof AppError && error.code === "unavailable";
    // If that cannot be said either, what went wrong first is still what the log has to know.
    await say(api, chat.id, away ? UNAVAILABLE : WENT_WRONG).catch(() => {});
    throw error;
  }
}
