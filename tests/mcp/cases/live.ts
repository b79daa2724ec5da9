import { expect } from "vitest";
import { CHANNELS } from "../../../shared/realtime/events/catalogue.ts";
import { answers, type Cases } from "../support/case.ts";
import { valueOf } from "../support/client.ts";

export const LIVE_CASES: Cases = {
  list_channels: {
    args: () => ({}),
    check(answer) {
      const { channels } = valueOf<{ channels: { address: string }[] }>(answer);
      expect(channels.map(({ address }) => address))
        .toEqual(Object.values(CHANNELS).map(({ address }) => address));
    },
    everyone: true,
  },
  realtime_broadcast: {
    by: "admin",
    args: ({ workspaceId }) => ({
      topic: `ws:${workspaceId}`,
      event: "note",
      payload: { text: "hello" },
    }),
    check: answers({ sent: true }),
  },
};
