import { randomUUID } from "node:crypto";
import { expect } from "vitest";
import { put } from "../../support/matrix/declaration.ts";
import { answers, type Cases, find, tableCases } from "../support/case.ts";
import { valueOf } from "../support/client.ts";
import type { Scene } from "../support/scene.ts";

const held = ({ device }: Scene) =>
  put("breakpoint_events", {
    request_id: randomUUID(),
    device_uuid: device.uuid,
    phase: "request",
    raw: "GET / HTTP/1.1",
  }, "id");

export const BREAKPOINT_CASES: Cases = {
  ...tableCases("breakpoint_events", {
    list: "list_breakpoint_events",
    get: "get_breakpoint_event",
    remove: "delete_breakpoint_event",
  }, { row: held }),
  list_held_exchanges: {
    async args(scene) {
      await held(scene);
      return { workspace_id: scene.workspaceId };
    },
    check(answer) {
      const { rows } = valueOf<{ rows: { expires_at: string }[] }>(answer);
      const times = rows.map(({ expires_at }) => expires_at);
      expect(times.length).toBeGreaterThan(0);
      expect(times).toEqual(times.toSorted());
    },
  },
  breakpoint_continue: {
    args: async (scene) => ({ ...await held(scene), raw: "GET /other HTTP/1.1" }),
    async check(answer, scene, { id, raw }) {
      answers({ won: true, decision: "edit" })(answer, scene, {});
      expect(await find("breakpoint_events", { id, decision: "edit", edited_raw: raw }))
        .toHaveLength(1);
    },
  },
  breakpoint_abort: {
    args: held,
    async check(_answer, _scene, { id }) {
      expect(await find("breakpoint_events", { id, decision: "abort" })).toHaveLength(1);
    },
  },
};
