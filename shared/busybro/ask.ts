import { AppError, type ErrorCode, toAppError } from "../http/errors.ts";
import type { PersonClaims } from "../token/claims.ts";
import { readPolicy } from "../redaction/policy.ts";
import type { Brain } from "./brain.ts";
import { type Cleaner, cleanerFor } from "./cleaning.ts";
import { Dispatcher } from "./dispatcher.ts";
import type { AskEvent, Usage } from "./events.ts";
import { conversationFor } from "./history.ts";
import { harmlessMarkup } from "./markup.ts";
import { ModelError } from "./model-error.ts";
import { systemPrompt } from "./prompt.ts";
import type { Message, ModelRequest, ToolCall } from "./provider.ts";
import { serviceAgentFor } from "./service-agent.ts";
import { partingSignal, type Session, sessionOf } from "./session.ts";
import { componentFor, signatureOf, type Specialist } from "./specialist.ts";
import { openThread, remember, type Thread } from "./threads.ts";
import { offered, openTo } from "./toolbox.ts";
import type { Turn } from "./turn.ts";

/** Who asks, through which brain, until when. */
export interface AskRuntime {
  brain: Brain;
  /** The asking person's verified claims: everything is done on a token of theirs. */
  asker: PersonClaims;
  signal: AbortSignal;
}

const STEPS = 12;
/** Hosted functions end after 150 s; the answer says so before. */
const TURN_MS = 140_000;
/** What tools answered in a turn, as far as a model is shown it again in the next step. */
const RESULT_CHARACTERS = 160_000;

/**
 * One turn of BusyBro, the same for every surface. Throws an AppError before its first event when the
 * turn cannot begin (no such conversation); once `meta` is out it throws no more: the last event is
 * always exactly one `done` or `error`, unless the signal ended it.
 */
export async function* ask(
  turn: Turn,
  { brain, asker, signal }: AskRuntime,
): AsyncGenerator<AskEvent, void> {
  const session = sessionOf(brain, asker, turn.surface);
  const time = deadline(signal, TURN_MS);
  const answer = new Answer();
  try {
    const begun = await begin(brain, session, turn, time.signal);
    const { thread, specialist } = begun;
    yield {
      type: "meta",
      thread_id: thread.id,
      specialist: specialist.label,
      provider: brain.provider.name,
    };
    const dispatcher = new Dispatcher(brain, session, thread, begun.clean);
    try {
      yield* converse(brain, begun, dispatcher, answer, time.signal);
      yield* answer.add(`\n\n${signatureOf(specialist)}`);
      yield* answer.end();
      await keep(session, turn, begun, dispatcher, answer.text, time.signal);
      answer.kept = true;
      yield { type: "done", answer: answer.text, usage: answer.usage };
    } catch (thrown) {
      if (signal.aborted) return;
      yield errorEvent(time.passed() ? new ModelError("model_timeout", thrown) : thrown);
    } finally {
      // Stopped in the middle: what the person saw so far is part of the conversation.
      if (!answer.kept) {
        await keep(session, turn, begun, dispatcher, answer.text, partingSignal()).catch(() => {});
      }
    }
  } finally {
    time.stop();
  }
}

interface Begun {
  thread: Thread;
  specialist: Specialist;
  request: Omit<ModelRequest, "messages" | "webSearch">;
  messages: Message[];
  clean: Cleaner;
}

async function begin(
  brain: Brain,
  session: Session,
  turn: Turn,
  signal: AbortSignal,
): Promise<Begun> {
  const call = await session.call(signal);
  const [policy, agent] = await Promise.all([
    readPolicy(call.db, "busybro", signal),
    serviceAgentFor(call, turn.question),
  ]);
  const clean = cleanerFor(policy);
  const thread = await openThread(call, turn, clean);
  const specialist = agent ?? componentFor(turn.question);
  const open = openTo(brain.operations.values(), call.rights);
  return {
    // An agent's notes are other people's words: they may guide an answer, not act for this person.
    thread: { ...thread, tainted: thread.tainted || specialist.fromAgent },
    specialist,
    request: {
      system: systemPrompt(specialist, new Date(), call.rights.role, clean),
      tools: offered(open, turn.question),
    },
    messages: conversationFor(turn, thread, clean),
    clean,
  };
}

/** Model and tools in turns, until the model has nothing more to ask for. */
async function* converse(
  { provider }: Brain,
  { request, messages }: Begun,
  dispatcher: Dispatcher,
  answer: Answer,
  signal: AbortSignal,
): AsyncGenerator<AskEvent> {
  for (let step = 0; step < STEPS; step++) {
    const last = step === STEPS - 1 || dispatcher.exhausted;
    const calls: ToolCall[] = [];
    let text = "";
    const stream = provider.stream({
      ...request,
      messages: trimmed(messages),
      ...(last && { tools: [] }),
      webSearch: provider.canSearch && !dispatcher.tainted,
    }, signal);
    for await (const event of stream) {
      if (event.type === "text") {
        text += event.text;
        yield* answer.add(event.text);
      } else if (event.type === "call") calls.push(event.call);
      else if (event.type === "searched") await dispatcher.taint(signal);
      else answer.count(event.inputTokens, event.outputTokens);
    }
    if (calls.length === 0 || last) {
      if (answer.text.trim() === "") {
        throw new ModelError("model_failed", "the model ended without a word");
      }
      return;
    }
    messages.push({ role: "assistant", text, calls });
    const results = yield* dispatcher.run(calls, signal);
    messages.push({ role: "tool", results });
    // What is said before and after a look at the data are paragraphs of one answer.
    if (text !== "" && !text.endsWith("\n")) yield* answer.add("\n\n");
  }
}

/** Old tool answers make room for new ones; that there was one stays. */
function trimmed(messages: readonly Message[]): Message[] {
  let room = RESULT_CHARACTERS;
  return messages.toReversed().map((message): Message => {
    if (message.role !== "tool") return message;
    return {
      role: "tool",
      results: message.results.map((result) => {
        room -= result.text.length;
        return room >= 0 ? result : { ...result, text: "(left out: ask again if it matters)" };
      }),
    };
  }).toReversed();
}

/** The answer so far. */
class Answer {
  text = "";
  kept = false;
  readonly usage: Usage = { input_tokens: 0, output_tokens: 0 };
  readonly #markup = harmlessMarkup();

  *add(text: string): Generator<AskEvent> {
    yield* this.#say(this.#markup.push(text));
  }

  *end(): Generator<AskEvent> {
    yield* this.#say(this.#markup.end());
  }

  count(input: number, output: number): void {
    this.usage.input_tokens += input;
    this.usage.output_tokens += output;
  }

  *#say(text: string): Generator<AskEvent> {
    if (text === "") return;
    this.text += text;
    yield { type: "delta", text };
  }
}

async function keep(
  session: Session,
  turn: Turn,
  { thread, specialist, messages }: Begun,
  { used }: Dispatcher,
  text: string,
  signal: AbortSignal,
): Promise<void> {
  const question = messages.findLast((message) => message.role === "user");
  await remember(await session.call(signal), thread.id, [
    { role: "user", text: cleanQuestion(question, turn) },
    ...(text.trim() === "" ? [] : [{
      role: "assistant" as const,
      text,
      specialist: specialist.label,
      tools: used,
    }]),
  ]);
}

/** As the model read it, without what the client put around it. */
function cleanQuestion(message: Message | undefined, { context, priorAnswer, question }: Turn) {
  return context === "" && priorAnswer === "" && message?.role === "user" ? message.text : question;
}

function errorEvent(thrown: unknown): AskEvent {
  const { code, message } = asAppError(thrown);
  return { type: "error", code, message };
}

function asAppError(thrown: unknown): AppError {
  return thrown instanceof ModelError
    ? new AppError(thrown.failure satisfies ErrorCode, thrown.message, { cause: thrown.cause })
    : toAppError(thrown);
}

/** A signal that also ends after a while; its timer ends with the turn. */
function deadline(signal: AbortSignal, milliseconds: number) {
  const controller = new AbortController();
  const abort = () => controller.abort(signal.reason);
  let passed = false;
  const timer = setTimeout(() => {
    passed = true;
    controller.abort(new Error("the turn took too long"));
  }, milliseconds);
  if (signal.aborted) abort();
  else signal.addEventListener("abort", abort, { once: true });
  return {
    signal: controller.signal,
    passed: () => passed,
    stop() {
      clearTimeout(timer);
      signal.removeEventListener("abort", abort);
    },
  };
}
