import type { Api } from "grammy/web";
import type { AskEvent } from "../busybro/events.ts";
import type { Turn as Question } from "../busybro/turn.ts";
import type { PersonClaims } from "../token/claims.ts";
import type { Quote } from "./captured.ts";
import { isGrammyError } from "./grammy.ts";
import { plainText } from "./plain.ts";
import { QUIETLY, say, sayCaptured } from "./say.ts";
import { MESSAGE_LIMIT, splitMessage } from "./split.ts";

/** BusyBro, as the bot needs it. */
export type Asking = (
  question: Question,
  asker: PersonClaims,
  signal: AbortSignal,
) => AsyncIterable<AskEvent>;

/** Telegram shows it for five seconds. */
const TYPING_EVERY_MS = 4_500;
/** Telegram asks for at most about one message a second and chat. */
const EDIT_EVERY_MS = 1_500;

/** Asks, shows meanwhile that and on what BusyBro is at work, and sends the answer. */
export async function answerQuestion(
  api: Api,
  chatId: number,
  events: AsyncIterable<AskEvent>,
  quote: Quote,
): Promise<void> {
  const stopTyping = keepTyping(api, chatId);
  const progress = progressMessage(api, chatId, quote);
  const proposals: string[] = [];
  let last = "BusyBro gave no answer. Try again.";
  try {
    for await (const event of events) {
      if (event.type === "tool" && event.status === "running") await progress.show(event.summary);
      if (event.type === "proposal") proposals.push(event.summary);
      if (event.type === "done") last = plainText(event.answer);
      if (event.type === "error") last = `⚠️ ${event.message}`;
    }
  } finally {
    stopTyping();
  }
  await progress.replaceBy([last, ...proposals.map(unconfirmed)].join("\n\n"));
}

/** A write waits for a click where the person sees what exactly would be done; a chat is not that place. */
function unconfirmed(summary: string): string {
  return `📝 Proposed, and not done: ${summary}\nTo have it done, ask for it in the dashboard and confirm it there.`;
}

function keepTyping(api: Api, chatId: number): () => void {
  // It is a courtesy: the answer is not held up by it, nor lost with it.
  const type = () => void api.sendChatAction(chatId, "typing").catch(() => {});
  type();
  const timer = setInterval(type, TYPING_EVERY_MS);
  return () => clearInterval(timer);
}

/** One message that says what is being done, and becomes the answer. */
function progressMessage(api: Api, chatId: number, quote: Quote) {
  let messageId: number | undefined;
  let shown = "";
  let shownAt = -Infinity;
  return {
    async show(summary: string): Promise<void> {
      const text = quote(`🔍 ${summary}`).slice(0, MESSAGE_LIMIT);
      if (text === shown || performance.now() - shownAt < EDIT_EVERY_MS) return;
      shownAt = performance.now();
      // As typing is: an answer does not get lost with what was said on the way to it.
      try {
        if (messageId === undefined) {
          messageId = (await api.sendMessage(chatId, text, QUIETLY)).message_id;
        } else await api.editMessageText(chatId, messageId, text, QUIETLY);
        shown = text;
      } catch (error) {
        if (!isGrammyError(error)) throw error;
      }
    },
    async replaceBy(answer: string): Promise<void> {
      const [first, ...rest] = splitMessage(quote(answer));
      if (messageId === undefined || first === undefined) {
        await sayCaptured(api, chatId, answer, quote);
        return;
      }
      if (first !== shown) {
        try {
          await api.editMessageText(chatId, messageId, first, QUIETLY);
        } catch (error) {
          // Somebody has deleted the message meanwhile.
          if (!(isGrammyError(error) && error.error_code === 400)) throw error;
          await say(api, chatId, first);
        }
      }
      for (const part of rest) await say(api, chatId, part);
    },
  };
}
