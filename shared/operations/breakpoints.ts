import { z } from "zod";
import { AppError } from "../http/errors.ts";
import type { Call } from "./call.ts";
import { found, rowsOf } from "./failure.ts";
import { deviceUuid, id, workspaceId } from "./fields.ts";
import { type Operation, operation } from "./operation.ts";
import { tableOperations } from "./rows.ts";

const eventId = id("a breakpoint event");
const common = { toolset: "breakpoints", content: "captured" } as const;
const edit = { section: "breakpoints", action: "edit" } as const;

export const BREAKPOINT_OPERATIONS: Operation[] = [
  ...tableOperations({
    ...common,
    table: "breakpoint_events",
    one: "breakpoint_event",
    many: "breakpoint_events",
    about: "exchanges held by a device until somebody decides or 60 seconds pass",
    section: "breakpoints",
    key: { id: eventId },
    filters: {
      workspace_id: workspaceId,
      device_uuid: deviceUuid,
      phase: z.enum(["request", "response"]),
    },
    order: "held_at",
    newestFirst: true,
    remove: "A held one goes on unchanged after its 60 seconds.",
  }).map((one) => one.name === "list_breakpoint_events" ? { ...one, top: true as const } : one),
  operation({
    ...common,
    name: "list_held_exchanges",
    title: "List what is held now",
    summary:
      "Exchanges that wait for a decision at this moment, the one that expires first on top.",
    needs: { section: "breakpoints", action: "view" },
    effect: "read",
    input: z.strictObject({ workspace_id: workspaceId.optional() }),
    async run(call, { workspace_id }) {
      const query = call.db.from("breakpoint_events")
        .select("id,request_id,device_uuid,workspace_id,phase,method,url,held_at,expires_at")
        .is("resumed_at", null);
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
      "Lets a held request or response go on as it is, or with raw as its whole new message. One decision wins.",
    needs: edit,
    effect: "write",
    openWorld: true,
    top: true,
    input: z.strictObject({
      id: eventId.optional(),
      request_id: z.string().max(200).optional().describe(
        "instead of id: what is held of this request",
      ),
      raw: z.string().max(1_500_000).optional().describe("the whole edited message"),
    }),
    async run(call, { id, request_id, raw }) {
      const event = id ?? await heldOf(call, request_id);
      return await decide(call, event, raw === undefined ? "continue" : "edit", raw);
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
    input: z.strictObject({ id: eventId }),
    run: (call, { id }) => decide(call, id, "abort"),
  }),
];

/** The event that holds a request at this moment. */
async function heldOf(call: Call, request_id: string | undefined): Promise<string> {
  if (request_id === undefined) {
    throw new AppError(
      "invalid_request",
      "Give id or request_id, as list_breakpoint_events shows them.",
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
async function decide(call: Call, event_id: string, decision: string, raw?: string) {
  const outcome = rowsOf(
    await call.db.rpc("resolve_breakpoint", {
      event_id,
      decision,
      ...(raw !== undefined && { raw }),
    }).abortSignal(call.signal),
  ) as { won: boolean; decision: string } | null;
  const { won, ...event } = found(outcome, "breakpoint event");
  if (won) return { ...event, won };
  throw new AppError("conflict", `It was already decided: ${event.decision}.`, { details: event });
}
