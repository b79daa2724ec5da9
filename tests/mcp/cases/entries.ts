import { randomUUID } from "node:crypto";
import { expect } from "vitest";
import { put } from "../../support/matrix/declaration.ts";
import { answers, type Case, type Cases, find } from "../support/case.ts";
import { valueOf } from "../support/client.ts";
import type { Scene } from "../support/scene.ts";

const login = ({ entries }: Scene) => ({ id: entries[1]!.id });
const selection = ({ workspaceId, host }: Scene) => ({
  workspace_id: workspaceId,
  filter: `host:${host} status>=400`,
});
const isLogin: Case["check"] = answers((scene) => ({
  ...login(scene),
  method: "POST",
  status: 401,
}));

export const ENTRY_CASES: Cases = {
  search_entries: {
    args: selection,
    check(answer, { entries, host }) {
      expect(valueOf(answer)).toEqual({
        rows: [
          expect.objectContaining({
            id: entries[1]!.id,
            method: "POST",
            url: `https://${host}/login`,
            status: 401,
          }),
        ],
      });
    },
  },
  count_entries: { args: selection, check: answers({ count: 1, kind: "exact" }) },
  list_entry_changes: {
    args: ({ workspaceId }) => ({ workspace_id: workspaceId, page_size: 500 }),
    check(answer, { entries }) {
      const { rows, cursor } = valueOf<{ rows: { id: string }[]; cursor: string }>(answer);
      expect(rows.map(({ id }) => id)).toEqual(expect.arrayContaining(entries.map(({ id }) => id)));
      expect(cursor).toBeTruthy();
    },
    // The cursor tells how far the database has come, whoever asks.
    everyone: true,
  },
  outline_entry: {
    args: login,
    check(answer, scene, args) {
      isLogin(answer, scene, args);
      expect(valueOf(answer)).toMatchObject({
        request: { header_names: expect.arrayContaining(["authorization"]) },
        response: { body: { shape: { error: "invalid_password" } } },
      });
    },
  },
  get_entry: {
    args: login,
    check(answer, scene, args) {
      isLogin(answer, scene, args);
      expect(answer.text).toContain("invalid_password");
    },
  },
  get_entry_body: {
    args: ({ entries }) => ({ id: entries[0]!.id, of: "response", offset: 2, length: 6 }),
    check: answers({ body: { text: "things", offset: 2, next_offset: 8 } }),
  },
  inspect_requests: {
    args: ({ host }) => ({ host, path: "/login" }),
    check(answer, { entries }) {
      const { requests } = valueOf<{ requests: { id: string }[] }>(answer);
      expect(requests).toMatchObject([{ id: entries[1]!.id, status: 401 }]);
    },
  },
  diff_entries: {
    args: ({ entries }) => ({ a: entries[0]!.id, b: entries[1]!.id }),
    check: (answer) => expect(answer.text).toMatch(/401/),
  },
  get_entry_snippet: {
    args: login,
    check(answer, { host }) {
      answers({ target: "curl" })(answer, {} as Scene, {});
      expect(answer.text).toContain(`https://${host}/login`);
      expect(answer.text).not.toContain("abcdefgh12345");
    },
  },
  resend_entry: {
    args: (scene) => ({
      ...login(scene),
      changes: { method: "GET" },
      idempotency_key: randomUUID(),
    }),
    async check(_answer, { device }, { idempotency_key }) {
      expect(
        await find("device_commands", {
          device_uuid: device.uuid,
          name: "resend",
          idempotency_key,
        }),
      ).toHaveLength(1);
    },
  },
  clear_entries: {
    async args({ owner }) {
      const { id } = await put("workspaces", { name: "To clear", owner_user_id: owner.id }, "id");
      const { uuid } = await put("devices", {
        uuid: randomUUID(),
        name: "Cleared",
        workspace_id: id,
      }, "uuid");
      await put("entries", {
        request_id: randomUUID(),
        device_uuid: uuid,
        ts: new Date(Date.now() - 60_000),
        payload: { url: "https://api.example.com/" },
      }, "id");
      return { workspace_id: id };
    },
    async check(_answer, _scene, { workspace_id }) {
      expect(await find("entries", { workspace_id })).toEqual([]);
    },
  },
};
