import { defineConfig } from "vitest/config";

/** A poll ends when it has what it waits for: vitest's own second is short on a busy machine. */
const POLL_MS = 10_000;

/**
 * Two projects: unit tests stand beside pure code and need nothing; surface tests share one embedded
 * stack (or the target named by BUSYMATE_TARGET), started by the global setup.
 */
export default defineConfig({
  test: {
    // Surface tests mostly wait for a server: one more of them than there are cores keeps all busy.
    maxWorkers: 3,
    projects: [
      {
        test: {
          name: "unit",
          include: ["{shared,local,scripts}/**/*.test.ts"],
          testTimeout: 30_000,
          expect: { poll: { timeout: POLL_MS } },
        },
      },
      {
        test: {
          name: "surfaces",
          include: ["tests/**/*.test.ts"],
          globalSetup: ["tests/support/global-setup.ts"],
          setupFiles: ["tests/support/websocket.ts"],
          testTimeout: 30_000,
          expect: { poll: { timeout: POLL_MS } },
          hookTimeout: 60_000,
        },
      },
    ],
  },
});
