// npm run telegram-webhook -- set [url] | show | delete: tells Telegram where the bot's function is.

import { Api, GrammyError, HttpError } from "grammy/web";
import { readConfig } from "../shared/config/config.ts";
import { COMMANDS } from "../shared/telegram/texts.ts";
import { Complaint, runProgram } from "./complaint.ts";

const USAGE = `Usage: npm run telegram-webhook -- <what>
  set [url]   has Telegram send updates to the function; url is the project's, else SUPABASE_URL
  show        says where they go, and what went wrong last
  delete      stops them
TELEGRAM_BOT_TOKEN is needed, for set TELEGRAM_WEBHOOK_SECRET too.`;

const FUNCTION_PATH = "/functions/v1/telegram-bot";
const TELEGRAM = "https://api.telegram.org";
const TIMEOUT_SECONDS = 20;

const settings = () =>
  readConfig(process.env, [
    "TELEGRAM_BOT_TOKEN",
    "TELEGRAM_WEBHOOK_SECRET",
    "TELEGRAM_API_ROOT",
  ]);

await runProgram(async () => {
  const [what = "", url, ...rest] = process.argv.slice(2);
  if (rest.length > 0 || (url !== undefined && what !== "set")) throw new Complaint(USAGE);
  const work = { set: () => set(url), show, delete: remove }[what];
  if (!work) throw new Complaint(USAGE);
  await work().catch(explain);
});

async function set(projectUrl = process.env["SUPABASE_URL"]): Promise<void> {
  const { TELEGRAM_WEBHOOK_SECRET: secret_token, TELEGRAM_API_ROOT: apiRoot } = settings();
  if (!projectUrl) throw new Complaint("Give the project's URL, or set SUPABASE_URL.");
  if (!URL.canParse(projectUrl)) throw new Complaint(`${projectUrl} is not a URL.`);
  if (!secret_token) {
    throw new Complaint(
      "TELEGRAM_WEBHOOK_SECRET is missing: the function takes no update without it. Make one with " +
        "openssl rand -hex 32, and set it for the function as well.",
    );
  }
  const address = new URL(projectUrl.replace(/\/+$/, "") + FUNCTION_PATH);
  if (address.protocol !== "https:" && apiRoot === TELEGRAM) {
    throw new Complaint(`Telegram sends updates to https addresses alone, not to ${address.href}.`);
  }
  const api = botApi();
  const { username } = await api.getMe();
  await api.setWebhook(address.href, { secret_token, allowed_updates: ["message"] });
  await api.setMyCommands(COMMANDS);
  say(`Updates of @${username} go to ${address.href}.`);
}

async function show(): Promise<void> {
  const api = botApi();
  const [{ username }, info] = await Promise.all([api.getMe(), api.getWebhookInfo()]);
  say(info.url ? `Updates of @${username} go to ${info.url}.` : `@${username} has no webhook.`);
  say(`Waiting: ${info.pending_update_count}`);
  if (info.last_error_message && info.last_error_date) {
    const when = new Date(info.last_error_date * 1000).toISOString();
    say(`Last error (${when}): ${info.last_error_message}`);
  }
}

async function remove(): Promise<void> {
  const api = botApi();
  const { username } = await api.getMe();
  await api.deleteWebhook();
  say(`@${username} gets no updates any more. What arrives meanwhile waits at Telegram for a day.`);
}

function botApi(): Api {
  const { TELEGRAM_BOT_TOKEN: token, TELEGRAM_API_ROOT: apiRoot } = settings();
  if (!token) throw new Complaint("TELEGRAM_BOT_TOKEN is missing: it is what @BotFather gave you.");
  return new Api(token, { apiRoot, timeoutSeconds: TIMEOUT_SECONDS });
}

/** What the person can put right, in a sentence; the token is never part of it. */
function explain(error: unknown): never {
  if (error instanceof GrammyError) {
    throw new Complaint(
      [401, 404].includes(error.error_code)
        ? "Telegram does not know this bot: TELEGRAM_BOT_TOKEN is wrong or was revoked."
        : `Telegram refused (${error.error_code}): ${error.description}`,
    );
  }
  if (error instanceof HttpError) {
    throw new Complaint(`${settings().TELEGRAM_API_ROOT} cannot be reached. Try again shortly.`);
  }
  throw error;
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}
