// What belongs to a person alone, whatever their workspaces: nobody in the matrix sees the owner's.

import { randomInt, randomUUID } from "node:crypto";
import { type Declarations, newAccount, put, unique } from "./declaration.ts";

/** Everybody who is signed in with the right to write, whatever their role. */
const WRITERS = "viewer member stranger keeper admin";

const newThread = (ownerId: string) =>
  put("busybro_threads", { user_id: ownerId, title: unique("thread") }, "id");

/** A number nobody else chose: it finds a row that has no text of its own. */
const newNumber = () => randomInt(1, 2 ** 31 - 1);

export const PERSONAL: Declarations = {
  busybro_threads: {
    row: ({ ownerId }) => newThread(ownerId),
    insert: () => ({ title: unique("thread") }),
    sent: ["title"],
    update: { title: "changed" },
    may: { select: "", insert: WRITERS, update: "", delete: "" },
  },
  busybro_messages: {
    row: async ({ ownerId }) =>
      await put("busybro_messages", {
        user_id: ownerId,
        thread_id: (await newThread(ownerId)).id,
        role: "user",
        text: unique("message"),
      }, "text"),
    insert: async (_, callerId) => ({
      thread_id: (await newThread(callerId)).id,
      role: "user",
      text: unique("message"),
    }),
    sent: ["text"],
    update: { text: "changed" },
    may: { select: "", insert: WRITERS, delete: "" },
  },
  jobs: {
    row: ({ ownerId }) => put("jobs", { user_id: ownerId, kind: unique("job") }, "id"),
    insert: () => ({ kind: unique("job") }),
    sent: ["kind"],
    update: { progress: 50 },
    may: { select: "", insert: WRITERS, update: "", delete: "" },
  },
  alert_rules: {
    row: async ({ workspaceId }) =>
      await put("alert_rules", {
        user_id: await newAccount(),
        workspace_id: workspaceId,
        kind: "error_spike",
      }, "id"),
    insert: ({ workspaceId }) => ({
      workspace_id: workspaceId,
      kind: "error_spike",
      threshold: newNumber(),
    }),
    sent: ["threshold"],
    update: { enabled: false },
    may: { select: "", insert: "viewer member admin", update: "", delete: "" },
  },
  telegram_links: {
    row: async () =>
      await put("telegram_links", {
        user_id: await newAccount(),
        telegram_user_id: newNumber(),
        chat_id: newNumber(),
      }, "user_id"),
    insert: (_, callerId) => ({
      user_id: callerId,
      telegram_user_id: newNumber(),
      chat_id: newNumber(),
      username: randomUUID(),
    }),
    sent: ["username"],
    update: { username: "changed" },
    may: { select: "admin" },
  },
};
