import { z } from "zod";
import { CHANNELS } from "../realtime/events/catalogue.ts";
import { AppError } from "../http/errors.ts";
import { rowsOf } from "./failure.ts";
import { object } from "./fields.ts";
import { type Operation, operation } from "./operation.ts";

export const LIVE_OPERATIONS: Operation[] = [
  operation({
    name: "list_channels",
    title: "List live channels",
    summary:
      "The Realtime channels, who may join each, and their events; join them with this token.",
    toolset: "tables",
    needs: null,
    effect: "read",
    content: "product",
    input: () => z.strictObject({}),
    run: () =>
      Promise.resolve({
        channels: Object.values(CHANNELS).map(({ address, summary, joinedBy, events }) => ({
          address,
          summary,
          joined_by: joinedBy,
          events: Object.keys(events),
        })),
      }),
  }),
  operation({
    name: "realtime_broadcast",
    title: "Broadcast on a channel",
    summary:
      "Sends a message to everybody on a private channel; audited. For holders of global:edit.",
    toolset: "tables",
    needs: { section: "global", action: "edit" },
    effect: "write",
    openWorld: true,
    content: "product",
    peopleOnly: true,
    input: () =>
      z.strictObject({
        topic: z.string().min(1).max(200),
        event: z.string().min(1).max(100),
        payload: object.default({}),
      }),
    async run(call, { topic, event, payload }) {
      const sent = rowsOf(
        await call.db.rpc("realtime_broadcast", { topic, event, payload: payload as never })
          .abortSignal(call.signal),
      );
      if (sent === null) throw new AppError("forbidden", "This needs the capability global:edit.");
      return { sent };
    },
  }),
];
