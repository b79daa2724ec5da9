import { randomUUID } from "node:crypto";
import { expect } from "vitest";
import { MATRIX } from "../../support/matrix.ts";
import { database } from "../../support/world.ts";
import { answers, type Case, type Cases, find, tableCases } from "../support/case.ts";
import { valueOf } from "../support/client.ts";
import type { Scene } from "../support/scene.ts";

const newDevice = async (scene: Scene) => ({
  device_uuid: (await MATRIX["devices"]!.row(scene))["uuid"] as string,
});

/** add_… and remove_… of an item of a device's own list. */
const listCases = (noun: string, column: string): Cases => ({
  [`add_${noun}`]: {
    args: async (scene) => ({ ...await newDevice(scene), value: "api.example.com" }),
    check: (answer, _, { device_uuid, value }) =>
      expect(valueOf(answer)).toEqual({ device_uuid, [column]: [value] }),
  },
  [`remove_${noun}`]: {
    async args(scene) {
      const { device_uuid } = await newDevice(scene);
      const sql = database();
      await sql`insert into public.settings_device ${
        sql({ device_uuid, [column]: ["a.example.com", "b.example.com"] })
      }`;
      return { device_uuid, value: "a.example.com" };
    },
    check: (answer, _, { device_uuid }) =>
      expect(valueOf(answer)).toEqual({ device_uuid, [column]: ["b.example.com"] }),
  },
});

const changed = (table: string): Case["check"] => async (answer, _, args) => {
  expect(valueOf(answer)).toMatchObject(args);
  expect(await find(table, args)).toHaveLength(1);
};

export const SETTINGS_CASES: Cases = {
  get_effective_settings: {
    args: newDevice,
    check: answers({ connection_type: "vpn", sources: { connection_type: expect.any(String) } }),
  },
  get_global_settings: {
    args: () => ({}),
    check: answers({ connection_type: expect.any(String) }),
    everyone: true,
  },
  update_global_settings: {
    by: "admin",
    args: () => ({ paused_domains: [`${randomUUID()}.example.com`] }),
    check: changed("settings_global"),
  },
  ...tableCases("settings_device", {
    list: "list_device_settings",
    get: "get_device_settings",
    remove: "clear_device_settings",
  }),
  update_device_settings: {
    args: async (scene) => ({
      ...await newDevice(scene),
      mitm_all_hosts: true,
      ignore_hosts: ["*.example.com"],
      connection_type: null,
    }),
    check: changed("settings_device"),
  },
  ...listCases("ssl_proxying_domain", "ssl_proxying_domains"),
  ...listCases("ignored_host", "ignore_hosts"),
  ...listCases("paused_domain", "paused_domains"),
  ...listCases("request_breakpoint", "breakpoint_request_patterns"),
  ...listCases("response_breakpoint", "breakpoint_response_patterns"),
  get_my_settings: {
    async args(_scene, { id }) {
      await database()`
        insert into public.settings_user (user_id, connection_type) values (${id}, 'pac')
        on conflict (user_id) do update set connection_type = 'pac'`;
      return {};
    },
    check: answers(({ ownerId }) => ({ user_id: ownerId, connection_type: "pac" })),
    everyone: true,
  },
  update_my_settings: {
    args: () => ({ connection_type: "pac" }),
    check: answers(({ ownerId }) => ({ user_id: ownerId, connection_type: "pac" })),
    everyone: true,
  },
  ...tableCases("redaction_policies", {
    list: "list_redaction_policies",
    get: "get_redaction_policy",
  }, { everyone: true }),
  update_redaction_policy: {
    by: "admin",
    args: () => ({ destination: "mcp", extra_names: [`x-${randomUUID()}`] }),
    check: changed("redaction_policies"),
  },
};
