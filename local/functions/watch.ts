import { type FSWatcher, watch } from "node:fs";
import { join } from "node:path";

/** Files at the root that functions read. */
const ROOT_FILES = new Set(["deno.json", "version.json"]);
/** An editor saves, a formatter rewrites, a checkout touches hundreds: one restart for all. */
const QUIET_MS = 200;

/** Calls back when code that functions run has changed. Returns what ends the watching. */
export function watchCode(root: string, changed: () => void): () => void {
  let timer: NodeJS.Timeout | undefined;
  const soon = () => {
    clearTimeout(timer);
    timer = setTimeout(changed, QUIET_MS);
  };
  const folder = (name: string): FSWatcher =>
    watch(join(root, name), { recursive: true }, (_event, file) => {
      if (file && !file.endsWith(".test.ts")) soon();
    });
  const watchers = [
    folder("functions"),
    folder("shared"),
    watch(root, (_event, file) => {
      if (file && ROOT_FILES.has(file)) soon();
    }),
  ];
  // A folder that vanishes under the watcher is no reason to end the stack.
  for (const watcher of watchers) watcher.on("error", () => {});
  return () => {
    clearTimeout(timer);
    for (const watcher of watchers) watcher.close();
  };
}
