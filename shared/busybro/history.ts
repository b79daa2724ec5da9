import type { Cleaner } from "./cleaning.ts";
import type { Message } from "./provider.ts";
import type { Thread } from "./threads.ts";
import type { Turn } from "./turn.ts";

const HISTORY_CHARACTERS = 24_000;

/** What a model is given to read: what was said, as much of it as fits, then the question. */
export function conversationFor(
  turn: Turn,
  thread: Thread,
  { text: cleanedText }: Cleaner,
): Message[] {
  const kept: Message[] = [];
  let room = HISTORY_CHARACTERS;
  for (const { role, text } of thread.said.toReversed()) {
    room -= text.length;
    if (room < 0) break;
    const clean = cleanedText(text);
    kept.unshift(
      role === "user" ? { role, text: clean } : { role, text: clean, calls: [] },
    );
  }
  // Providers want the person to speak first.
  while (kept[0]?.role === "assistant") kept.shift();
  return [...kept, { role: "user", text: cleanedText(prefaced(turn, thread)) }];
}

/** The question, after what the client says of where it was asked. */
function prefaced({ question, context, priorAnswer }: Turn, { said }: Thread): string {
  const parts = [
    context === "" ? "" : `(The person is looking at: ${context})`,
    priorAnswer === "" || said.at(-1)?.text === priorAnswer
      ? ""
      : `(The answer before was:\n${priorAnswer})`,
    question,
  ];
  return parts.filter((part) => part !== "").join("\n\n");
}
