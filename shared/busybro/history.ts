import { cleanedText } from "./cleaning.ts";
import type { Message } from "./provider.ts";
import type { Thread } from "./threads.ts";
import type { Turn } from "./turn.ts";

const HISTORY_CHARACTERS = 24_000;

/** What a model is given to read: what was said, as much of it as fits, then the question. */
export function conversationFor(turn: Turn, thread: Thread): Message[] {
  const said = [...thread.said];
  if (turn.priorAnswer !== "" && said.at(-1)?.text !== turn.priorAnswer) {
    said.push({ role: "assistant", text: turn.priorAnswer });
  }
  const kept: Message[] = [];
  let room = HISTORY_CHARACTERS;
  for (const { role, text } of said.toReversed()) {
    room -= text.length;
    if (room < 0) break;
    const clean = cleanedText(text);
    kept.unshift(
      role === "user" ? { role, text: clean } : { role, text: clean, calls: [] },
    );
  }
  // Providers want the person to speak first.
  while (kept[0]?.role === "assistant") kept.shift();
  const context = turn.context === "" ? "" : `(The person is looking at: ${cleanedText(turn.context)})\n\n`;
  return [...kept, { role: "user", text: context + cleanedText(turn.question) }];
}
