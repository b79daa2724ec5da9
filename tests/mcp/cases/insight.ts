import { expect } from "vitest";
import { put } from "../../support/matrix/declaration.ts";
import { MATRIX } from "../../support/matrix.ts";
import { database } from "../../support/world.ts";
import { answers, type Cases, find, tableCases } from "../support/case.ts";
import { valueOf } from "../support/client.ts";
import type { Scene } from "../support/scene.ts";

/** A row of the log about the scene's workspace. */
async function logged(scene: Scene) {
  const { target } = await MATRIX["audit_log"]!.row(scene);
  const [row] = await database()<{ id: string }[]>`
    select id from public.audit_log where target = ${target!}`;
  return { target: target as string, id: Number(row!.id) };
}

const rule = async ({ ownerId, workspaceId }: Scene) => {
  await database()`delete from public.alert_rules where user_id = ${ownerId}`;
  return await put("alert_rules", {
    user_id: ownerId,
    workspace_id: workspaceId,
    kind: "error_spike",
  }, "id");
};

export const INSIGHT_CASES: Cases = {
  get_stats: {
    args: ({ workspaceId }) => ({ workspace_id: workspaceId }),
    check: answers({ devices: { total: expect.any(Number) }, entries: { total: 2 } }),
  },
  refresh_stats: {
    by: "admin",
    args: () => ({}),
    check: answers({ refreshed: true }),
  },
  get_status: {
    args: () => ({}),
    check: (answer) => expect(valueOf(answer)).toHaveProperty("overall"),
    everyone: true,
  },
  post_status: {
    by: "admin",
    args: () => ({
      snapshot: {
        collected_at: new Date().toISOString(),
        overall: "operational",
        host: {
          cpu_percent: 1,
          load: [0, 0, 0],
          memory: { total: 2, used: 1 },
          uptime_s: 10,
        },
        components: [{
          key: "api",
          label: "API",
          core: true,
          up: true,
          http_status: 200,
          latency_ms: 1,
          unit_state: null,
          version: null,
          build: null,
          checked_at: new Date().toISOString(),
          error: null,
        }],
      },
    }),
    check: answers({ stored: true }),
  },
  list_audit_events: {
    by: "admin",
    args: async (scene) => ({ target: (await logged(scene)).target }),
    check(answer, _scene, { target }) {
      expect(valueOf(answer)).toMatchObject({ rows: [{ target, action: "matrix.made" }] });
    },
  },
  get_audit_event: {
    by: "admin",
    args: async (scene) => ({ id: (await logged(scene)).id }),
    check: answers({ action: "matrix.made" }),
  },
  ...tableCases("alert_rules", {
    list: "list_alert_rules",
    get: "get_alert_rule",
    update: "update_alert_rule",
    remove: "delete_alert_rule",
  }, { row: rule }),
  create_alert_rule: {
    async args(scene) {
      await database()`delete from public.alert_rules where user_id = ${scene.ownerId}`;
      return { workspace_id: scene.workspaceId, kind: "device_offline", enabled: true };
    },
    async check(_answer, { ownerId }, args) {
      expect(await find("alert_rules", { ...args, user_id: ownerId })).toHaveLength(1);
    },
  },
  ...tableCases("jobs", { list: "list_jobs", remove: "delete_job" }),
};
