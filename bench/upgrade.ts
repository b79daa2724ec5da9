// npm run bench:upgrade [-- --rows N]: upgrades a database from every released version with a million
// captures in it, in use meanwhile, and tells how long anybody was kept out.

import { readOptions } from "../scripts/arguments.ts";
import { Complaint, runProgram } from "../scripts/complaint.ts";
import { readReleases } from "../scripts/contract/releases.ts";
import { startEmptyProject } from "../scripts/empty-project.ts";
import { root } from "../scripts/tools.ts";
import { applyRelease, fill, upgrade } from "./support/upgrade.ts";

const MUST_MS = 1_000;

await runProgram(async () => {
  const values = readOptions("Usage: npm run bench:upgrade [-- --rows N]", {
    options: { rows: { type: "string", default: "1000000" } },
  });
  const rows = Number(values.rows);
  if (!Number.isInteger(rows) || rows < 1) throw new Complaint("--rows must be a positive number");
  for (const release of readReleases(root)) {
    const project = await startEmptyProject();
    try {
      await applyRelease(root, project.url, release);
      await fill(project.url, rows);
      const started = performance.now();
      const { applied, locks, longestWaitMs, uses } = await upgrade(root, project.url);
      const seconds = ((performance.now() - started) / 1000).toFixed(1);
      const longest = Math.max(0, ...locks.map(({ ms }) => ms));
      const passed = longest <= MUST_MS;
      process.stdout.write(
        `from ${release.version} build ${release.build}, ${rows} rows: ${applied} migrations in ${seconds} s, ` +
          `longest lock ${longest} ms (must ≤ ${MUST_MS} ms: ${passed ? "ok" : "MISSED"}), ` +
          `longest of ${uses} uses ${longestWaitMs} ms\n`,
      );
      for (const { relation, mode, ms } of locks.filter((lock) => lock.ms > MUST_MS / 10)) {
        process.stdout.write(`  ${mode} on ${relation}: ${ms} ms\n`);
      }
      if (!passed) process.exitCode = 1;
    } finally {
      await project.stop();
    }
  }
});
