import { z } from "zod";
import type { Config } from "../config/config.ts";
import { createApp } from "../http/app.ts";
import type { Runtime } from "../http/app.ts";
import { readJson } from "../http/body.ts";
import { AppError, ERROR_STATUS, type ErrorCode } from "../http/errors.ts";
import { validate } from "../http/validate.ts";
import { createGate, guard } from "../token/guard.ts";
import type { Limit } from "../token/guard.ts";
import type { Brain } from "./brain.ts";
import type { AskEvent, ProposalView } from "./events.ts";
import { busybroOnDemand } from "./on-demand.ts";
import { BRAIN_VARIABLES } from "./settings.ts";
import { sseStream } from "./sse.ts";
import { readTurn } from "./turn.ts";

export const ASK_VARIABLES = ["SUPABASE_SECRET_KEYS", ...BRAIN_VARIABLES] as const;

export const RATE: Limit = { bucket: "ask", capacity: 20, perSeconds: 60 };
/** A question with the longest history allowed, in four-byte characters. */
export const BODY_LIMIT = 2 * 1_048_576;

const SSE_HEADERS = {
  "Content-Type": "text/event-stream; charset=utf-8",
  "Cache-Control": "no-store",
  // nginx would collect the events and hand them over at the end.
  "X-Accel-Buffering": "no",
};

const args = z.record(z.string(), z.unknown(), "send {} or the arguments as proposed");
const proposalId = z.object({ id: z.guid("give a proposal's uuid") });
const idempotencyKey = z.string().min(1).max(200, "Idempotency-Key: at most 200 characters");

/** The function `ask`: a question to BusyBro, and the confirmation of what it proposes. */
export function askApp(
  config: Config<(typeof ASK_VARIABLES)[number]>,
  runtime: Runtime,
  brainWith: (brain: Brain) => Brain = (brain) => brain,
) {
  const app = createApp("ask", runtime);
  const gate = createGate(config, runtime.fetch);
  const person = guard(gate, { accept: "person", limit: RATE, scope: "mcp:read" });
  const busybro = busybroOnDemand(config, gate.service, runtime.fetch);

  app.post("/", person, async (c) => {
    const turn = readTurn(await readJson(c.req.raw, { limit: BODY_LIMIT }), "web");
    const left = new AbortController();
    const signal = AbortSignal.any([c.req.raw.signal, left.signal]);
    const { ask, brain } = await busybro();
    const events = ask(turn, { brain: brainWith(brain), asker: c.var.caller.claims, signal });
    if (!wantsStream(c.req.header("accept"))) return c.json(await collected(events));
    // What cannot begin is an error like any other, with its status; from here on it is an event.
    const first = await events.next();
    const stream = sseStream(after(first, events), () => left.abort());
    return c.body(stream, 200, SSE_HEADERS);
  });

  app.post("/proposals/:id", person, async (c) => {
    const { id } = validate(proposalId, c.req.param());
    const key = c.req.header("idempotency-key");
    const confirmation = {
      proposalId: id,
      args: validate(args, await readJson(c.req.raw, { limit: BODY_LIMIT }) ?? {}),
      idempotencyKey: key === undefined ? null : validate(idempotencyKey, key),
    };
    const { confirmProposal, brain } = await busybro();
    const asking = {
      brain: brainWith(brain),
      asker: c.var.caller.claims,
      signal: c.req.raw.signal,
    };
    return c.json(await confirmProposal(confirmation, asking));
  });

  return app;
}

function wantsStream(accept: string | undefined): boolean {
  return accept?.toLowerCase().includes("text/event-stream") ?? false;
}

async function* after(
  first: IteratorResult<AskEvent, void>,
  rest: AsyncGenerator<AskEvent, void>,
): AsyncGenerator<AskEvent, void> {
  try {
    if (first.done) return;
    yield first.value;
    yield* rest;
  } finally {
    await rest.return();
  }
}

/** The whole turn as one answer: the JSON form. */
async function collected(events: AsyncIterable<AskEvent>) {
  let meta = { thread_id: "", specialist: "" };
  const tools = new Map<string, { id: string; name: string; status: string; summary: string }>();
  const proposals: ProposalView[] = [];
  for await (const event of events) {
    if (event.type === "meta") meta = event;
    else if (event.type === "tool") {
      const { type: _, ...tool } = event;
      tools.set(tool.id, tool);
    } else if (event.type === "proposal") {
      const { type: _, ...proposal } = event;
      proposals.push(proposal);
    } else if (event.type === "error") throw failure(event);
    else if (event.type === "done") {
      const { thread_id, specialist } = meta;
      return {
        answer: event.answer,
        thread_id,
        specialist,
        tools: [...tools.values()],
        proposals,
        usage: event.usage,
      };
    }
  }
  throw new AppError("request_aborted", "The client went away.");
}

function failure({ code, message }: { code: string; message: string }): AppError {
  return new AppError(code in ERROR_STATUS ? code as ErrorCode : "internal", message);
}
