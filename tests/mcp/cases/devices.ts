import { randomUUID } from "node:crypto";
import { expect } from "vitest";
import { MATRIX } from "../../support/matrix.ts";
import { newDevice } from "../../support/world.ts";
import { answers, type Cases, find, tableCases } from "../support/case.ts";
import { valueOf } from "../support/client.ts";

export const DEVICE_CASES: Cases = {
  ...tableCases("devices", {
    list: "list_devices",
    get: "get_device",
    create: "create_device",
    update: "update_device",
    remove: "delete_device",
  }, { narrow: (_key, { workspaceId }) => ({ workspace_id: workspaceId }) }),
  ...tableCases("device_status", { list: "list_device_statuses", get: "get_device_status" }),
  ...tableCases("device_jwts", { list: "list_device_credentials", get: "get_device_credential" }),
  ...tableCases("device_commands", { list: "list_device_commands", get: "get_device_command" }),
  ...tableCases("device_live_activity_message", {
    list: "list_live_activity_messages",
    get: "get_live_activity_message",
    remove: "clear_live_activity_message",
  }),
  create_pairing_code: {
    args: ({ workspaceId }) => ({ workspace_id: workspaceId }),
    check: answers(({ workspaceId }) => ({
      code: expect.stringMatching(/^[A-Z0-9]{4}-?[A-Z0-9]{4}$/),
      workspace_id: workspaceId,
    })),
  },
  unpair_device: {
    args: async ({ owner }) => ({ device_uuid: (await newDevice(owner)).uuid }),
    async check(_answer, _scene, { device_uuid }) {
      expect(await find("devices", { uuid: device_uuid })).toEqual([]);
    },
  },
  send_device_command: {
    args: ({ device }) => ({
      device_uuid: device.uuid,
      name: "flush",
      args: { now: true },
      idempotency_key: randomUUID(),
    }),
    async check(_answer, _scene, { device_uuid, name, args, idempotency_key }) {
      expect(await find("device_commands", { device_uuid, name, args, idempotency_key }))
        .toHaveLength(1);
    },
  },
  set_live_activity_message: {
    args: async (scene) => ({
      ...await MATRIX["device_live_activity_message"]!.row(scene),
      message: "Hello",
    }),
    async check(answer, _scene, args) {
      expect(valueOf(answer)).toMatchObject(args);
      expect(await find("device_live_activity_message", args)).toHaveLength(1);
    },
  },
};
