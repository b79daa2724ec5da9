import { z } from "zod";
import { defineChannel, deviceHint, uuid } from "./event.ts";

/** Every device there is. */
export const devices = defineChannel({
  address: "devices:all",
  summary: "Devices of all workspaces that came, changed or went, and which are there now",
  joinedBy: "People with global:view and devices:view; devices for presence alone.",
  presence: "Devices announce themselves, under their uuid; all who are there can see that.",
  events: {
    INSERT: {
      summary: "A device was paired for the first time",
      sentBy: "inserts into devices",
      payload: deviceHint,
    },
    UPDATE: {
      summary: "Something about a device has changed that people see",
      sentBy: "changes of devices, not heartbeats",
      payload: deviceHint,
    },
    DELETE: {
      summary: "A device was unpaired",
      sentBy: "deletes from devices",
      payload: deviceHint,
    },
  },
});

/** The state of every device. */
export const deviceStatus = defineChannel({
  address: "device_status:all",
  summary: "Devices of all workspaces that went on- or offline",
  joinedBy: "People with global:view and devices:view.",
  events: {
    INSERT: {
      summary: "A device has reported for the first time",
      sentBy: "inserts into device_status",
      payload: deviceHint,
    },
    UPDATE: {
      summary: "A device went on- or offline, or its tunnel or country changed",
      sentBy: "changes of device_status, not heartbeats",
      payload: deviceHint,
    },
    DELETE: {
      summary: "The state of a device is no longer known, mostly because it was unpaired",
      sentBy: "deletes from device_status",
      payload: deviceHint,
    },
  },
});

/** Roles of people. */
export const profiles = defineChannel({
  address: "profiles:all",
  summary: "People whose role has changed",
  joinedBy: "Holders of users:view.",
  events: {
    UPDATE: {
      summary: "Somebody has another role",
      sentBy: "changes of profiles.role",
      payload: z.object({ id: uuid, role: z.string() }),
    },
  },
});

/** One person's own rights. */
export const person = defineChannel({
  address: "user:{user_id}",
  summary: "Changes of what a person may do",
  joinedBy: "That person.",
  events: {
    "access-changed": {
      summary: "Rights have changed: channels are to be joined anew",
      sentBy: "changes of role, membership, connections and tokens",
      payload: z.object({}),
    },
  },
});
