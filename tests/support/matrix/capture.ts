// Devices, what they captured, and what people make them do.

import { randomUUID } from "node:crypto";
import { attributedDevice, type Declarations, put, unique } from "./declaration.ts";

export const CAPTURE: Declarations = {
  devices: {
    row: ({ workspaceId, ownerId }) =>
      put("devices", {
        uuid: randomUUID(),
        name: unique("device"),
        workspace_id: workspaceId,
        owner_user_id: ownerId,
      }, "uuid"),
    insert: ({ workspaceId }) => ({
      uuid: randomUUID(),
      name: unique("device"),
      workspace_id: workspaceId,
    }),
    update: { model: "changed" },
    may: {
      select: "viewer member keeper admin",
      insert: "member keeper admin",
      update: "member keeper admin",
      delete: "member keeper admin",
    },
  },
  device_status: {
    row: async (scene) =>
      await put("device_status", { device_uuid: await attributedDevice(scene) }, "device_uuid"),
    insert: async (scene) => ({ device_uuid: await attributedDevice(scene), online: true }),
    update: { vpn_state: "connected" },
    may: {
      select: "viewer member keeper admin device",
      insert: "device",
      update: "device",
    },
  },
  device_jwts: {
    row: ({ device }) =>
      put("device_jwts", {
        device_uuid: device.uuid,
        device_uuids: [device.uuid],
        expires_at: new Date(),
      }, "id"),
    insert: ({ device }) => ({
      id: randomUUID(),
      device_uuid: device.uuid,
      device_uuids: [device.uuid],
      expires_at: "2099-01-01T00:00:00Z",
    }),
    update: { expires_at: "2099-01-01T00:00:00Z" },
    may: { select: "member keeper admin" },
  },
  entries: {
    row: async ({ device }) => {
      const request_id = randomUUID();
      await put("entries", {
        request_id,
        device_uuid: device.uuid,
        ts: new Date(),
        payload: { url: "https://api.example.com/" },
      });
      return { request_id };
    },
    insert: ({ device }) => ({
      request_id: randomUUID(),
      device_uuid: device.uuid,
      ts: new Date().toISOString(),
      kind: "event",
      payload: { url: "https://api.example.com/" },
    }),
    update: { host: "changed.example" },
    may: { select: "viewer member admin device", insert: "device", delete: "admin" },
  },
  breakpoint_events: {
    row: ({ device }) =>
      put("breakpoint_events", {
        request_id: randomUUID(),
        device_uuid: device.uuid,
        phase: "request",
        raw: "GET / HTTP/1.1",
      }, "request_id"),
    insert: ({ device }) => ({
      request_id: randomUUID(),
      device_uuid: device.uuid,
      phase: "request",
      raw: "GET / HTTP/1.1",
    }),
    update: { decision: "continue" },
    may: { select: "viewer member admin device", insert: "device", delete: "member admin" },
  },
  device_commands: {
    row: ({ device, workspaceId }) =>
      put("device_commands", {
        device_uuid: device.uuid,
        workspace_id: workspaceId,
        name: "matrix",
      }, "id"),
    insert: ({ device, workspaceId }) => ({
      device_uuid: device.uuid,
      workspace_id: workspaceId,
      name: "matrix",
      idempotency_key: randomUUID(),
    }),
    sent: ["idempotency_key"],
    update: { result: {} },
    may: { select: "viewer member keeper admin device" },
  },
  device_live_activity_message: {
    row: async (scene) =>
      await put("device_live_activity_message", {
        device_uuid: await attributedDevice(scene),
        message: "made",
      }, "device_uuid"),
    insert: async (scene) => ({ device_uuid: await attributedDevice(scene), message: "sent" }),
    sent: ["device_uuid"],
    update: { message: "changed" },
    may: {
      select: "viewer member keeper admin device",
      insert: "member keeper admin",
      update: "member keeper admin",
      delete: "member keeper admin",
    },
  },
};
