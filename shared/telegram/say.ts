import type { Api } from "grammy/web";
import type { Quote } from "./captured.ts";
import { splitMessage } from "./split.ts";

// No previews: Telegram would fetch every address in a text, those in captured traffic too.
export const QUIETLY = { link_preview_options: { is_disabled: true } } as const;

/** Sends what the bot says in its own words. */
export async function say(api: Api, chatId: number, text: string): Promise<void> {
  await api.sendMessage(chatId, text, QUIETLY);
}

/** Sends a text that may quote captured traffic, in as many messages as it takes. */
export async function sayCaptured(
  api: Api,
  chatId: number,
  text: string,
  quote: Quote,
): Promise<void> {
  for (const part of splitMessage(quote(text))) await say(api, chatId, part);
}
