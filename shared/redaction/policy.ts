import { z } from "zod";
import type { createCaller } from "../db/caller.ts";
import { withTimeout } from "../db/signal.ts";

export const DESTINATIONS = ["console", "export", "mcp", "busybro", "telegram"] as const;
export type Destination = (typeof DESTINATIONS)[number];

/** What is done to secrets on their way somewhere. */
export interface RedactionPolicy {
  enabled: boolean;
  /** A placeholder is left, or nothing. */
  mode: "mask" | "strip";
  extraNames: readonly string[];
  extraPatterns: readonly string[];
}

/** All that is known without the database: what holds when it cannot be asked. */
export const EVERYTHING: RedactionPolicy = {
  enabled: true,
  mode: "mask",
  extraNames: [],
  extraPatterns: [],
};

/** What goes there goes to a model, and is redacted whatever anybody says. */
const ALWAYS_ON: ReadonlySet<Destination> = new Set(["busybro", "telegram"]);
const TIMEOUT_MS = 5_000;

const row = z.object({
  enabled: z.boolean(),
  mode: z.enum(["mask", "strip"]),
  extra_names: z.array(z.string()),
  extra_patterns: z.array(z.string()),
});

/** The policy of a destination, read as the caller. What cannot be read is on. */
export async function readPolicy(
  caller: ReturnType<typeof createCaller>,
  destination: Destination,
  signal: AbortSignal,
): Promise<RedactionPolicy> {
  const answer = await caller.rpc("redaction_policy", { destination })
    .abortSignal(withTimeout(signal, TIMEOUT_MS));
  const result = row.safeParse(answer.data);
  if (answer.error || !result.success) return EVERYTHING;
  const { enabled, mode, extra_names, extra_patterns } = result.data;
  return {
    enabled: enabled || ALWAYS_ON.has(destination),
    mode,
    extraNames: extra_names,
    extraPatterns: extra_patterns,
  };
}
