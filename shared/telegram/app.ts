import { busybroOnDemand } from "../busybro/on-demand.ts";
import { BRAIN_VARIABLES } from "../busybro/settings.ts";
import type { Config } from "../config/config.ts";
import { createService } from "../db/service.ts";
import { createApp } from "../http/app.ts";
import { AppError } from "../http/errors.ts";
import { createSigner } from "../token/sign.ts";
import type { BackgroundRuntime } from "./background.ts";
import { createBot } from "./bot.ts";
import { delivery } from "./delivery.ts";
import { loadGrammy } from "./grammy.ts";
import { webhook } from "./webhook.ts";

export const TELEGRAM_VARIABLES = [
  "SUPABASE_SECRET_KEYS",
  "BUSYMATE_WEB_URL",
  ...BRAIN_VARIABLES,
  "TELEGRAM_BOT_TOKEN",
  "TELEGRAM_WEBHOOK_SECRET",
  "TELEGRAM_API_ROOT",
] as const;

/** A message of the outbox is tried again later: it does not wait long for an answer. */
const DELIVERY_TIMEOUT_SECONDS = 10;

/** The function `telegram-bot`: what Telegram posts to, and where the database has messages sent. */
export function telegramApp(
  config: Config<(typeof TELEGRAM_VARIABLES)[number]>,
  runtime: BackgroundRuntime,
) {
  const app = createApp("telegram-bot", runtime);
  const {
    SUPABASE_URL: url,
    TELEGRAM_BOT_TOKEN: token,
    TELEGRAM_WEBHOOK_SECRET: secret,
    TELEGRAM_API_ROOT: apiRoot,
  } = config;
  if (token === undefined || secret === undefined) {
    app.all("*", () => {
      throw notSetUp(token === undefined ? "TELEGRAM_BOT_TOKEN" : "TELEGRAM_WEBHOOK_SECRET");
    });
    return app;
  }
  const { fetch } = runtime;
  const service = createService({ url, secretKey: config.SUPABASE_SECRET_KEYS, fetch });
  const busybro = busybroOnDemand(config, service, fetch);
  const bot = once(() =>
    createBot({
      token,
      apiRoot,
      webUrl: config.BUSYMATE_WEB_URL,
      service,
      signer: createSigner(config.BUSYMATE_SIGNING_KEY, config.BUSYMATE_ISSUER),
      url,
      publishableKey: config.SUPABASE_PUBLISHABLE_KEYS,
      fetch,
      async *asking(question, asker, signal) {
        const { ask, brain } = await busybro();
        yield* ask(question, { brain, asker, signal });
      },
    })
  );
  const functionUrl = `${url}/functions/v1/telegram-bot`;
  const api = once(async () => {
    const { Api } = await loadGrammy();
    return new Api(token, { apiRoot, fetch, timeoutSeconds: DELIVERY_TIMEOUT_SECONDS });
  });
  app.route("/", webhook({ bot, service, secret, functionUrl, runtime }));
  app.route("/", delivery({ api, service, runtime }));
  return app;
}

function once<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | undefined;
  return () => made ??= make();
}

function notSetUp(variable: string): AppError {
  return new AppError(
    "unavailable",
    `The Telegram bot is not set up on this server: ${variable} is missing.`,
  );
}
