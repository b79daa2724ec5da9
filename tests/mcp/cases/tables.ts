import { expect } from "vitest";
import { put, unique } from "../../support/matrix/declaration.ts";
import { answers, type Cases, find } from "../support/case.ts";
import { valueOf } from "../support/client.ts";
import type { Scene } from "../support/scene.ts";

const newTag = async ({ workspaceId }: Scene) =>
  (await put("tags", { workspace_id: workspaceId, name: unique("tag") }, "id")).id;
const byId = (value: string) => ({ table: "tags", filters: [{ column: "id", value }] });

export const TABLE_CASES: Cases = {
  list_tables: {
    args: () => ({ name: "tags" }),
    check: (answer) => expect(answer.text).toContain("workspace_id"),
    everyone: true,
  },
  db_select: {
    args: async (scene) => ({ ...byId(await newTag(scene)), columns: ["id", "workspace_id"] }),
    check(answer, { workspaceId }, args) {
      const [{ value }] = args["filters"] as [{ value: string }];
      expect(valueOf(answer)).toEqual({ rows: [{ id: value, workspace_id: workspaceId }] });
    },
  },
  db_insert: {
    args: ({ workspaceId }) => ({
      table: "tags",
      rows: [{ workspace_id: workspaceId, name: unique("tag") }],
    }),
    async check(_answer, _scene, { rows }) {
      expect(await find("tags", (rows as [Record<string, unknown>])[0])).toHaveLength(1);
    },
  },
  db_update: {
    args: async (scene) => ({ ...byId(await newTag(scene)), values: { color: "#00ff00" } }),
    check: answers({ changed: 1, rows: [{ color: "#00ff00" }] }),
  },
  db_delete: {
    args: async (scene) => byId(await newTag(scene)),
    async check(answer, scene, args) {
      answers({ deleted: 1 })(answer, scene, args);
      const [{ value }] = args["filters"] as [{ value: string }];
      expect(await find("tags", { id: value })).toEqual([]);
    },
  },
  db_rpc: {
    args: ({ workspaceId }) => ({
      name: "entries_filtered_count",
      args: { workspace_id: workspaceId },
    }),
    check: answers({ answer: { count: 2, kind: "exact" } }),
  },
};
