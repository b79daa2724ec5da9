import { readConfig } from "../../shared/config/config.ts";
import { productionRuntime } from "../../shared/http/runtime.ts";
import { TELEGRAM_VARIABLES, telegramApp } from "../../shared/telegram/app.ts";

/** Hosted functions are ended once they have answered, unless they say what they still wait for. */
declare const EdgeRuntime: { waitUntil(work: Promise<unknown>): void } | undefined;
const background = (work: Promise<void>) => {
  if (typeof EdgeRuntime !== "undefined") EdgeRuntime.waitUntil(work);
};

const config = readConfig(Deno.env.toObject(), TELEGRAM_VARIABLES);
Deno.serve(telegramApp(config, { ...productionRuntime(config), background }).fetch);
