import { AppError, toAppError } from "../http/errors.ts";
import { fence, fit } from "../operations/answer.ts";
import type { Call } from "../operations/call.ts";
import { inputFor, refusalOf } from "../operations/dispatch.ts";
import { inputOf, type Operation } from "../operations/operation.ts";
import type { Brain } from "./brain.ts";
import type { Cleaner } from "./cleaning.ts";
import type { AskEvent, ProposalView, ToolStatus } from "./events.ts";
import type { ToolCall, ToolResult } from "./provider.ts";
import type { Session } from "./session.ts";
import { taintThread } from "./threads.ts";
import { FIND_TOOLS, findInput, found, openTo, USE_TOOL, useInput } from "./toolbox.ts";
import { type Verdict, verdictsOn } from "./verdict.ts";

const CALLS_A_TURN = 24;

export interface UsedTool {
  name: string;
  status: ToolStatus;
}

interface Outcome {
  status: ToolStatus;
  result: ToolResult;
  proposal?: ProposalView;
}

/** A call with the operation that it comes to, if there is one. */
interface Resolved {
  call: ToolCall;
  operation: Operation | undefined;
  args: unknown;
}

/**
 * Stands between a model and the product: every call is judged here, on traits of the operation and
 * the taint of the conversation, never on anything that the model says.
 */
export class Dispatcher {
  readonly used: UsedTool[] = [];
  #tainted: boolean;
  readonly #brain: Brain;
  readonly #session: Session;
  readonly #threadId: string;
  readonly #clean: Cleaner;
  #calls = 0;

  constructor(
    brain: Brain,
    session: Session,
    thread: { id: string; tainted: boolean },
    clean: Cleaner,
  ) {
    this.#brain = brain;
    this.#session = session;
    this.#clean = clean;
    this.#threadId = thread.id;
    this.#tainted = thread.tainted;
  }

  get tainted(): boolean {
    return this.#tainted;
  }

  /** Whether the turn may still use tools. */
  get exhausted(): boolean {
    return this.#calls >= CALLS_A_TURN;
  }

  /** Marks the conversation before anything else happens in it. */
  async taint(signal: AbortSignal): Promise<void> {
    if (this.#tainted) return;
    this.#tainted = true;
    await taintThread(await this.#session.call(signal), this.#threadId);
  }

  /** Runs what a model asked for at once; tells what happens, and returns what it may read of it. */
  async *run(
    calls: readonly ToolCall[],
    signal: AbortSignal,
  ): AsyncGenerator<AskEvent, ToolResult[]> {
    const resolved = calls.map((call) => this.#resolve(call));
    const { verdicts, tainted } = verdictsOn(
      resolved.map(({ call, operation }) => operation ?? builtIn(call)),
      this.#tainted,
    );
    if (tainted) await this.taint(signal);
    for (const { call, operation, args } of resolved) {
      yield {
        type: "tool",
        id: call.id,
        name: operation?.name ?? this.#clean.text(call.name).slice(0, 100),
        status: "running",
        summary: summaryOf(operation, args, this.#clean),
      };
    }
    const caller = await this.#session.call(signal);
    const outcomes = await Promise.all(
      resolved.map((one, at) => this.#outcome(one, verdicts[at]!, caller)),
    );
    for (const [at, { status, proposal }] of outcomes.entries()) {
      const { call, operation, args } = resolved[at]!;
      const name = operation?.name ?? this.#clean.text(call.name).slice(0, 100);
      this.used.push({ name, status });
      if (proposal) yield { type: "proposal", ...proposal };
      yield {
        type: "tool",
        id: call.id,
        name,
        status,
        summary: summaryOf(operation, args, this.#clean),
      };
    }
    return outcomes.map(({ result }) => result);
  }

  #resolve(call: ToolCall): Resolved {
    const through = call.name === USE_TOOL ? useInput.safeParse(call.args) : undefined;
    const { name, args } = through?.success ? through.data : call;
    return { call, operation: this.#brain.operations.get(name), args };
  }

  async #outcome(
    { call, operation, args }: Resolved,
    verdict: Verdict,
    caller: Call,
  ): Promise<Outcome> {
    const answer = (status: ToolStatus, text: string, value: unknown = null): Outcome => ({
      status,
      result: { id: call.id, name: call.name, text, value, failed: status !== "done" },
    });
    if (this.exhausted) return answer("refused", "No more tools in this turn: answer now.");
    this.#calls++;
    try {
      if (!operation) return this.#builtIn(call, caller, answer);
      if (verdict === "refuse") {
        return answer("refused", `${operation.name}: only people do this; tell them where.`);
      }
      const refusal = refusalOf(caller.rights, operation);
      // Reads that lack a right would answer nothing, as if there were nothing. Writes go on to the
      // database, whose word it is.
      if (refusal && (operation.effect === "read" || verdict === "propose")) throw refusal;
      const input = inputFor(operation, confirmed(operation, args));
      if (verdict === "propose") {
        const proposal = await this.#propose(operation, args as ProposalView["args"], caller);
        const text = `Not done. Proposed as ${proposal.id}; only the person can confirm it.`;
        return { ...answer("proposed", text), proposal };
      }
      const value = this.#clean.value(await operation.run(caller, input) ?? null);
      const text = fit(value);
      return answer("done", operation.content === "captured" ? fence(text) : text, value);
    } catch (thrown) {
      if (caller.signal.aborted) throw thrown;
      const error = toAppError(thrown);
      const why = denied(error) && operation && refusalOf(caller.rights, operation);
      return answer(
        denied(error) ? "refused" : "failed",
        this.#clean.text((why || error).message),
      );
    }
  }

  #builtIn(
    call: ToolCall,
    { rights }: Call,
    answer: (status: ToolStatus, text: string, value?: unknown) => Outcome,
  ): Outcome {
    const wanted = call.name === FIND_TOOLS ? findInput.safeParse(call.args) : undefined;
    if (!wanted?.success) return answer("failed", "There is no such tool; find_tools finds some.");
    const tools = found(openTo(this.#brain.operations.values(), rights), wanted.data.query);
    return answer("done", JSON.stringify(tools), tools);
  }

  async #propose(
    operation: Operation,
    args: Record<string, unknown>,
    { signal }: Call,
  ): Promise<ProposalView> {
    const { id, expires_at } = await this.#brain.service.proposals.create({
      user_id: this.#session.asker.sub,
      thread_id: this.#threadId,
      tool: operation.name,
      args: args ?? {},
    }, signal);
    return {
      id,
      tool: operation.name,
      args: args ?? {},
      summary: summaryOf(operation, args, this.#clean),
      expires_at: expires_at.toISOString(),
    };
  }
}

const SAFE = { effect: "read", content: "product" } as const;

const builtIn = (call: ToolCall) => call.name === FIND_TOOLS ? SAFE : undefined;

const denied = ({ code }: AppError) =>
  code === "forbidden" || code === "insufficient_scope" || code === "not_found";

/** The arguments with the `confirm` of a destructive operation, which the person's click stands for. */
export function confirmed(operation: Operation, args: unknown): unknown {
  if (operation.effect !== "destructive" || typeof args !== "object") return args;
  const confirm = (inputOf(operation).shape["confirm"] as unknown as { value: unknown }).value;
  return { ...args, confirm };
}

const SUMMARY_LIMIT = 200;

/** What is being done, in a line for people. */
function summaryOf(operation: Operation | undefined, args: unknown, { text }: Cleaner): string {
  const title = operation?.title ?? "Look for a tool";
  const given = typeof args === "object" && args !== null
    ? Object.entries(args).filter(([, value]) => value !== undefined && value !== null)
      .map(([name, value]) =>
        `${name} ${typeof value === "string" ? value : JSON.stringify(value)}`
      )
    : [];
  const line = given.length > 0 ? `${title}: ${given.join(", ")}` : title;
  const clean = text(line).replaceAll(/\s+/g, " ");
  return clean.length > SUMMARY_LIMIT ? `${clean.slice(0, SUMMARY_LIMIT - 1)}…` : clean;
}
