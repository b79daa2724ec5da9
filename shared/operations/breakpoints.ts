import { z } from "zod";
import { AppError } from "../http/errors.ts";
import { labelsIn } from "../redaction/placeholders.ts";
import { ANSWER_ROOM } from "./answer.ts";
import type { Call } from "./call.ts";
import { found, rowsOf } from "./failure.ts";
import { deviceUuid, id, workspaceId } from "./fields.ts";
import { type Operation, operation } from "./operation.ts";
import { bodySlice } from "./outline.ts";
import { redactorOf } from "./redacting.ts";
import { offsetPage, page, tableOperations } from "./rows.ts";

const eventId = id("a breakpoint event");
const common = { toolset: "breakpoints", content: "captured" } as const;
const view = { section: "breakpoints", action: "view" } as const;
const edit = { section: "breakpoints", action: "edit" } as const;
const phase = z.enum(["request", "response"]);
/** A held message is up to 1.5 MB: lists leave it out. */
const LINE = "id,request_id,device_uuid,workspace_id,phase,method,url,held_at,expires_at," +
  "resumed_at,decision,decided_by";

export const BREAKPOINT_OPERATIONS: Operation[] = [
  operation({
    ...common,
    name: "list_breakpoint_events",
    title: "List breakpoint events",
    summary:
      "Requests and responses held by breakpoints, newest first. held: true for those that wait for a decision now; each waits 60 seconds.",
    needs: view,
    effect: "read",
    top: true,
    input: () =>
      z.strictObject({
        held: z.boolean().optional().describe("true: waiting now; false: decided or timed out"),
        workspace_id: workspaceId.optional(),
        device_uuid: deviceUuid.optional(),
        phase: phase.optional(),
        ...page,
      }),
    async run(call, { held, limit, offset, ...equal }) {
      let query = call.db.from("breakpoint_events").select(LINE);
      for (const [column, value] of Object.entries(equal)) {
        if (value !== undefined) query = query.eq(column, value);
      }
      // One that nobody decided counts as gone on from expires_at on; cron writes that down later.
      const now = new Date().toISOString();
      if (held === true) query = query.is("resumed_at", null).gt("expires_at", now);
      if (held === false) query = query.or(`resumed_at.not.is.null,expires_at.lte.${now}`);
      const rows = rowsOf(
        await query.order("held_at", { ascending: false }).range(offset, offset + limit)
          .abortSignal(call.signal),
      );
      return offsetPage(rows ?? [], { limit, offset });
    },
  }),
  operation({
    ...common,
    name: "get_breakpoint_event",
    title: "Get a breakpoint event",
    summary:
      "One held request or response with its raw HTTP message, which breakpoint_continue takes back changed.",
    needs: view,
    effect: "read",
    redacts: true,
    input: () =>
      z.strictObject({
        id: eventId,
        offset: z.int().min(0).default(0).describe("characters of raw to skip"),
        length: z.int().min(1).max(20_000).default(20_000),
      }),
    async run(call, { id, offset, length }) {
      const row = rowsOf(
        await call.db.from("breakpoint_events").select(
          `${LINE},raw,encoding,edited_raw,edited_encoding`,
        ).eq("id", id).abortSignal(call.signal).maybeSingle(),
      );
      const { raw, encoding, edited_raw, edited_encoding, ...rest } = found(
        row as Held | null,
        "breakpoint event",
      );
      const event = (await redactorOf(call)).json(rest);
      const slice = async (message: RawMessage, room: number) =>
        bodySlice(await shownTo(call, message), offset, length, room);
      if (edited_raw === null) {
        return { ...event, raw: await slice({ raw, encoding }, ANSWER_ROOM) };
      }
      const edited = { raw: edited_raw, encoding: edited_encoding };
      return {
        ...event,
        raw: await slice({ raw, encoding }, ANSWER_ROOM / 2),
        edited_raw: await slice(edited, ANSWER_ROOM / 2 - 1_000),
      };
    },
  }),
  ...tableOperations({
    ...common,
    table: "breakpoint_events",
    one: "breakpoint_event",
    many: "breakpoint_events",
    about: "exchanges held by a device until somebody decides or 60 seconds pass",
    section: "breakpoints",
    key: { id: eventId },
    order: "held_at",
    list: false,
    get: false,
    remove: "A held one goes on unchanged after its 60 seconds.",
  }),
  operation({
    ...common,
    name: "list_held_exchanges",
    title: "List what is held now",
    summary:
      "Exchanges that wait for a decision at this moment, the one that expires first on top.",
    needs: view,
    effect: "read",
    input: () => z.strictObject({ workspace_id: workspaceId.optional() }),
    async run(call, { workspace_id }) {
      const query = call.db.from("breakpoint_events")
        .select("id,request_id,device_uuid,workspace_id,phase,method,url,held_at,expires_at")
        .is("resumed_at", null).gt("expires_at", new Date().toISOString());
      const rows = rowsOf(
        await (workspace_id === undefined ? query : query.eq("workspace_id", workspace_id))
          .order("expires_at").limit(200).abortSignal(call.signal),
      );
      return { rows };
    },
  }),
  operation({
    ...common,
    name: "breakpoint_continue",
    title: "Let a held exchange go on",
    summary:
      "Lets a held request or response go on as it is, or with raw as its whole new HTTP message (get_breakpoint_event has the old one).",
    needs: edit,
    effect: "write",
    openWorld: true,
    top: true,
    input: () =>
      z.strictObject({
        id: eventId.optional(),
        request_id: z.string().max(200).optional().describe(
          "instead of id: what is held of this request",
        ),
        raw: z.string().max(1_500_000).optional().describe(
          "the whole edited message: start line, headers, empty line, body",
        ),
        encoding: z.literal("base64").optional().describe("if raw is base64 of the bytes"),
      }),
    async run(call, { id, request_id, raw, encoding }) {
      const event = id ?? await heldOf(call, request_id);
      if (raw === undefined) return await decide(call, event, "continue");
      await demandSecrets(call, event, raw);
      return await decide(call, event, "edit", raw, encoding);
    },
  }),
  operation({
    ...common,
    name: "breakpoint_abort",
    title: "Abort a held exchange",
    summary: "Ends a held request or response; its client sees a failed connection.",
    needs: edit,
    effect: "destructive",
    openWorld: true,
    input: () => z.strictObject({ id: eventId }),
    run: (call, { id }) => decide(call, id, "abort"),
  }),
];

interface Held {
  raw: string;
  encoding: string | null;
  edited_raw: string | null;
  edited_encoding: string | null;
  [column: string]: unknown;
}

type RawMessage = Pick<Held, "raw" | "encoding">;

/** A raw message as the caller may see it. Bytes cannot be searched for secrets. */
async function shownTo(call: Call, { raw, encoding }: RawMessage) {
  const redactor = await redactorOf(call);
  if (!redactor.on) return { text: raw, ...(encoding && { encoding }) };
  if (encoding) return { text: "", encoding, omitted: true };
  return { text: redactor.text(raw) };
}

/** An edit made from a message with placeholders would send those in place of the secrets. */
async function demandSecrets(call: Call, id: string, raw: string): Promise<void> {
  if (!(await redactorOf(call)).on) return;
  const held = rowsOf(
    await call.db.from("breakpoint_events").select("raw,encoding").eq("id", id)
      .abortSignal(call.signal).maybeSingle(),
  );
  const original = found(held, "breakpoint event");
  const own = labelsIn(original.raw);
  const hidden = labelsIn((await shownTo(call, original)).text)
    .filter((label) => !own.includes(label));
  const sent = [...new Set(labelsIn(raw))].filter((label) => hidden.includes(label));
  if (sent.length === 0) return;
  throw new AppError(
    "forbidden",
    `raw: it holds placeholders (${sent.map((label) => `<${label}>`).join(", ")}) for secrets ` +
      "that you may not see, and would be sent like that. Editing this message needs the capability " +
      "secrets:view and a token with the scope secrets; without raw it goes on as it is.",
    { details: { capabilities: ["secrets:view"] } },
  );
}

/** The event that holds a request at this moment. */
async function heldOf(call: Call, request_id: string | undefined): Promise<string> {
  if (request_id === undefined) {
    throw new AppError(
      "invalid_request",
      "Give id or request_id, as list_breakpoint_events with held: true shows them.",
    );
  }
  const rows = rowsOf(
    await call.db.from("breakpoint_events").select("id").eq("request_id", request_id)
      .is("resumed_at", null).order("held_at", { ascending: false }).limit(1)
      .abortSignal(call.signal),
  );
  return found(rows?.[0], "held request").id;
}

/** Decides, and says so plainly when another decision or the 60 seconds came first. */
async function decide(
  call: Call,
  event_id: string,
  decision: string,
  raw?: string,
  encoding?: string,
) {
  const outcome = rowsOf(
    await call.db.rpc("resolve_breakpoint", {
      event_id,
      decision,
      ...(raw !== undefined && { raw }),
      ...(encoding !== undefined && { encoding }),
    }).abortSignal(call.signal),
  ) as { won: boolean; decision: string } | null;
  const { won, ...event } = found(outcome, "breakpoint event");
  if (won) return { ...event, won };
  throw new AppError("conflict", `It was already decided: ${event.decision}.`, { details: event });
}
