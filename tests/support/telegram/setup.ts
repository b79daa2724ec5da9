import { startBotApi } from "./bot-api.ts";

/** Where the shared stack's bot lives, for tests to speak to it as Telegram does. */
export interface TelegramTarget {
  apiRoot: string;
  botToken: string;
  webhookSecret: string;
}

declare module "vitest" {
  export interface ProvidedContext {
    /** Null when the tests run against a stack that was not started by them. */
    telegram: TelegramTarget | null;
  }
}

/** A Bot API server, and what a stack's functions need to use it. */
export async function startTelegram() {
  const api = await startBotApi();
  const target: TelegramTarget = {
    apiRoot: api.url,
    botToken: "7000000001:surface-tests",
    webhookSecret: "a-secret-of-the-surface-tests",
  };
  return {
    target,
    stop: api.stop,
    secrets: {
      TELEGRAM_BOT_TOKEN: target.botToken,
      TELEGRAM_WEBHOOK_SECRET: target.webhookSecret,
      TELEGRAM_API_ROOT: target.apiRoot,
    },
  };
}
