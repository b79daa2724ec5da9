import {
  BREAKPOINT_INTENTS,
  PEOPLE_INTENTS,
  PRODUCT_INTENTS,
  SETTINGS_INTENTS,
} from "./offline/product.ts";
import { DEVICE_INTENTS } from "./offline/devices.ts";
import { STATS_INTENTS, STATUS_INTENTS } from "./offline/figures.ts";
import { type Intent, Known } from "./offline/intent.ts";
import { ERROR_INTENTS, TRAFFIC_INTENTS } from "./offline/traffic.ts";
import type { Message, ModelEvent, Provider, ToolResult } from "./provider.ts";

/** Kinds of question, the particular before the general: the first that recognises one answers it. */
export const INTENTS: readonly Intent[] = [
  ...BREAKPOINT_INTENTS.slice(0, 2),
  ...SETTINGS_INTENTS.slice(0, 4),
  ...STATS_INTENTS.slice(0, 5),
  ...PEOPLE_INTENTS,
  ...PRODUCT_INTENTS,
  ...BREAKPOINT_INTENTS.slice(2),
  ...SETTINGS_INTENTS.slice(4),
  ...TRAFFIC_INTENTS.slice(0, 1),
  ...STATUS_INTENTS,
  ...DEVICE_INTENTS,
  ...TRAFFIC_INTENTS.slice(1, 2),
  ...ERROR_INTENTS,
  ...TRAFFIC_INTENTS.slice(2),
  ...STATS_INTENTS.slice(5),
];

/** The kind of question this is, if it is one that can be answered without a model. */
export function intentOf(question: string): Intent | undefined {
  return INTENTS.find(({ asked }) => asked.some((pattern) => pattern.test(question)));
}

/** As intents read it. */
export function normalised(question: string): string {
  return question.toLowerCase().replaceAll("’", "'").replaceAll(/\s+/g, " ").trim();
}

const CANNOT =
  "No model is configured here, so I am answering offline, and this question is beyond what I can do " +
  "that way. Offline I answer questions about devices, traffic, errors, hosts, settings, breakpoints, " +
  "statistics, status, people and rights: “Which devices are offline?”, “Any errors in the last hour?”, " +
  "“What may I do?”. An operator can configure a model with BUSYBRO_PROVIDER.";

/** BusyBro without a model: deterministic, from live data through the same tools as with one. */
export function offlineProvider(): Provider {
  return {
    name: "offline",
    canSearch: false,
    async *stream({ messages }, signal): AsyncGenerator<ModelEvent> {
      const { question, results, step } = situation(messages);
      const known = new Known(normalised(question), results);
      const intent = intentOf(known.question);
      if (!intent) yield* spoken(CANNOT, signal);
      else if (known.failure) {
        yield* spoken(`I could not look that up: ${known.failure.text}`, signal);
      } else {
        const looks = intent.looks(known);
        for (const [at, { tool, args }] of looks.entries()) {
          yield { type: "call", call: { id: `look_${step}_${at}`, name: tool, args: args ?? {} } };
        }
        if (looks.length === 0) yield* spoken(intent.answer(known), signal);
      }
      yield { type: "usage", inputTokens: 0, outputTokens: 0 };
    },
  };
}

/** The last question, and what tools have answered since. */
function situation(messages: readonly Message[]) {
  const at = messages.findLastIndex((message) => message.role === "user");
  const asked = messages[at];
  const results = messages.slice(at + 1)
    .flatMap((message): ToolResult[] => message.role === "tool" ? message.results : []);
  return {
    question: asked?.role === "user" ? asked.text : "",
    results,
    step: messages.length,
  };
}

/** In pieces of a few words, as a model would say it. */
function* spoken(text: string, signal: AbortSignal): Generator<ModelEvent> {
  for (const piece of text.match(/(?:\S+\s*){1,4}|\s+/g) ?? []) {
    signal.throwIfAborted();
    yield { type: "text", text: piece };
  }
}
