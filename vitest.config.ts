import { defineConfig } from "vitest/config";

/** A poll ends when it has what it waits for: vitest's own second is short on a busy machine. */
const POLL_MS = 10_000;

/**
 * Two projects: unit tests stand beside pure code and need nothing; surface tests share one embedded
 * stack (or the target named by BUSYMATE_TARGET), started by the global setup.
 */
export default defineConfig({
  // busymate-client by its name, from its sources.
  resolve: { tsconfigPaths: true },
  test: {
    // Surface tests mostly wait for a server: one more of them than there are cores keeps all busy.
    maxWorkers: 3,
    projects: [
      {
        extends: true,
        test: {
          name: "unit",
          // Pure code needs no world of its own for each file: half the time went into loading it anew.
          isolate: false,
          include: ["{shared,local,scripts}/**/*.test.ts", "packages/*/src/**/*.test.ts"],
          testTimeout: 30_000,
          expect: { poll: { timeout: POLL_MS } },
        },
      },
      {
        extends: true,
        test: {
          name: "surfaces",
          // Tests own their data and leave no global behind: half of the time of importing goes into doing so anew.
          isolate: false,
          include: ["tests/**/*.test.ts"],
          globalSetup: ["tests/support/global-setup.ts"],
          setupFiles: ["tests/support/websocket.ts"],
          testTimeout: 30_000,
          expect: { poll: { timeout: POLL_MS } },
          hookTimeout: 60_000,
          // A runner that stalls for seconds is no fault of the product; what is wrong is wrong twice.
          retry: process.env["CI"] ? 1 : 0,
        },
      },
    ],
  },
});
