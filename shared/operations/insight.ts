import { z } from "zod";
import { AppError } from "../http/errors.ts";
import { found, rowsOf } from "./failure.ts";
import { id, instant, name, workspaceId } from "./fields.ts";
import { type Operation, operation } from "./operation.ts";
import { pageOf } from "./paging.ts";
import { anyTable, page, tableOperations } from "./rows.ts";

const common = { toolset: "insight" } as const;
const kind = z.enum(["device_offline", "error_spike", "breakpoint_held"]);
const threshold = z.int().min(1).nullable();

export const INSIGHT_OPERATIONS: Operation[] = [
  operation({
    ...common,
    name: "get_stats",
    title: "Get statistics",
    summary:
      "Devices, entries, throughput, status mix, top hosts: of a workspace, or of the fleet (stats:view and global:view).",
    needs: null,
    effect: "read",
    content: "captured",
    top: true,
    input: () => z.strictObject({ workspace_id: workspaceId.optional() }),
    async run(call, { workspace_id }) {
      const snapshot = rowsOf(
        await call.db.rpc("get_stats", workspace_id === undefined ? {} : { workspace_id })
          .abortSignal(call.signal),
      );
      if (snapshot) return snapshot;
      if (workspace_id !== undefined) return found(null, "workspace");
      throw new AppError(
        "forbidden",
        "The fleet's statistics need the capabilities stats:view and global:view; give a workspace_id for a workspace's.",
        { details: { capabilities: ["stats:view", "global:view"] } },
      );
    },
  }),
  operation({
    ...common,
    name: "refresh_stats",
    title: "Recompute the statistics",
    summary: "Recomputes the fleet's snapshot now instead of within a minute.",
    needs: { section: "status", action: "edit" },
    effect: "write",
    idempotent: true,
    content: "product",
    input: () => z.strictObject({}),
    async run(call) {
      const refreshed = rowsOf(await call.db.rpc("refresh_stats").abortSignal(call.signal));
      return { refreshed: found(refreshed, "snapshot") };
    },
  }),
  operation({
    ...common,
    name: "get_status",
    title: "Get the status",
    summary:
      "Health of the installation: host figures and every component; without status:view up or down alone.",
    needs: null,
    effect: "read",
    content: "product",
    top: true,
    input: () => z.strictObject({}),
    async run(call) {
      const status = rowsOf(await call.db.rpc("get_status").abortSignal(call.signal));
      return status ?? await call.edge("api/status");
    },
  }),
  operation({
    ...common,
    name: "post_status",
    title: "Post a status",
    summary: "Stores a status snapshot, as the status agent does every 10 seconds.",
    needs: { section: "status", action: "edit" },
    effect: "write",
    idempotent: true,
    content: "product",
    peopleOnly: true,
    input: () =>
      z.strictObject({
        snapshot: z.record(z.string(), z.unknown()).describe(
          "{collected_at, overall, host, components}",
        ),
      }),
    run: (call, { snapshot }) => call.edge("stats/status", { method: "POST", body: snapshot }),
  }),
  operation({
    ...common,
    name: "list_audit_events",
    title: "List audit events",
    summary: "Who changed or read what, newest first, with before and after.",
    needs: { section: "audit", action: "view" },
    effect: "read",
    content: "captured",
    input: () =>
      z.strictObject({
        workspace_id: workspaceId.optional(),
        actor_id: id("a person or credential").optional(),
        actor_type: z.enum([
          "user",
          "client",
          "device",
          "assistant",
          "telegram",
          "service",
          "system",
        ])
          .optional(),
        action: z.string().max(100).optional().describe("table.verb, such as tags.insert"),
        target: z.string().max(200).optional(),
        since: instant.optional(),
        before_id: z.int().optional().describe("next_before_id of the page before"),
        limit: page.limit,
      }),
    async run(call, { limit, since, before_id, ...equal }) {
      let query = anyTable(call, "audit_log").select("*");
      for (const [column, value] of Object.entries(equal)) {
        if (value !== undefined) query = query.eq(column, value);
      }
      if (since !== undefined) query = query.gte("at", since);
      if (before_id !== undefined) query = query.lt("id", before_id);
      const rows = rowsOf(
        await query.order("id", { ascending: false }).limit(limit + 1).abortSignal(call.signal),
      ) as { id: number }[] | null;
      return pageOf(
        (rows ?? []).slice(0, limit),
        (shown, whole) =>
          whole && (rows?.length ?? 0) <= limit ? {} : { next_before_id: shown.at(-1)?.id },
      );
    },
  }),
  operation({
    ...common,
    name: "get_audit_event",
    title: "Get an audit event",
    summary: "One row of the audit log by its id.",
    needs: { section: "audit", action: "view" },
    effect: "read",
    content: "captured",
    input: () => z.strictObject({ id: z.int().min(1) }),
    async run(call, { id }) {
      const row = rowsOf(
        await call.db.from("audit_log").select("*").eq("id", id).abortSignal(call.signal)
          .maybeSingle(),
      );
      return found(row, "audit event");
    },
  }),
  ...tableOperations({
    ...common,
    content: "product",
    table: "alert_rules",
    one: "alert_rule",
    many: "alert_rules",
    about: "your own alerts by Telegram: device offline, error spike, breakpoint held",
    section: null,
    key: { id: id("an alert rule") },
    filters: { workspace_id: workspaceId, kind },
    order: "created_at",
    create: {
      workspace_id: workspaceId,
      kind,
      enabled: z.boolean().optional(),
      threshold: threshold.optional(),
    },
    update: { enabled: z.boolean(), threshold },
    remove: "",
  }),
  ...tableOperations({
    ...common,
    content: "captured",
    table: "jobs",
    one: "job",
    many: "jobs",
    about: "your long-running work and its result, kept for a day",
    section: null,
    select: "id,kind,status,progress,arguments,error,created_at,updated_at,expires_at",
    key: { id: id("a job") },
    filters: { kind: name(60), status: z.enum(["queued", "running", "done", "failed"]) },
    order: "created_at",
    newestFirst: true,
    get: false,
    remove: "Its result goes with it; work under way is not stopped.",
  }),
];
