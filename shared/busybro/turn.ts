import { z } from "zod";
import { validate } from "../http/validate.ts";

export const QUESTION_LIMIT = 8_000;
export const CONTEXT_LIMIT = 2_000;
export const TURN_LIMIT = 8_000;
export const HISTORY_TURNS = 40;

export type Surface = "web" | "telegram";

export interface SpokenTurn {
  role: "user" | "assistant";
  text: string;
}

/** A question and what the client says came before it. */
export interface Turn {
  question: string;
  /** Oldest first. */
  history: SpokenTurn[];
  context: string;
  priorAnswer: string;
  threadId: string | null;
  surface: Surface;
  /** Whether the question is the person's own: what they pass on of others' is not. */
  ownWords: boolean;
}

const body = z.object({
  question: z.string("give the question as a string")
    .trim()
    .min(1, "ask something")
    .max(QUESTION_LIMIT, `at most ${QUESTION_LIMIT} characters`),
  history: z.array(z.unknown()).catch([]),
  context: z.string().catch(""),
  priorAnswer: z.string().catch(""),
  thread_id: z.guid("give a conversation's uuid, or leave it out").nullish(),
});

const spoken = z.object({ role: z.enum(["user", "assistant"]), text: z.string().trim().min(1) });

/** The turn in a request's body. A malformed part of the history is dropped, as documented. */
export function readTurn(value: unknown, surface: Surface): Turn {
  const { question, history, context, priorAnswer, thread_id } = validate(body, value ?? {});
  return {
    question,
    history: history.slice(-HISTORY_TURNS).flatMap((turn) => {
      const { success, data } = spoken.safeParse(turn);
      return success ? [{ role: data.role, text: data.text.slice(0, TURN_LIMIT) }] : [];
    }),
    context: context.slice(0, CONTEXT_LIMIT),
    priorAnswer: priorAnswer.slice(0, TURN_LIMIT),
    threadId: thread_id ?? null,
    surface,
    ownWords: true,
  };
}

/** Whether the client brought words that BusyBro cannot vouch for: its own, or a stranger's. */
export function bringsWords({ history, context, priorAnswer, ownWords }: Turn): boolean {
  return !ownWords || history.length > 0 || context !== "" || priorAnswer !== "";
}
