import { z } from "zod";
import { withTimeout } from "../db/signal.ts";

export const DESTINATIONS = ["console", "export", "mcp", "busybro", "telegram"] as const;
export type Destination = (typeof DESTINATIONS)[number];

/**
 * What is done to secrets on their way somewhere. From those who may not see secrets they are always
 * hidden; where the policy is on, from everybody.
 */
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

/** What holds for somebody: off is off for those alone who may see secrets. */
export function hiding(policy: RedactionPolicy, maySeeSecrets: boolean): RedactionPolicy {
  return { ...policy, enabled: policy.enabled || !maySeeSecrets };
}

/** What goes there goes to a model, and is redacted whatever anybody says. */
const ALWAYS_ON: ReadonlySet<Destination> = new Set(["busybro", "telegram"]);
const TIMEOUT_MS = 5_000;

/** As the database answers one. */
export const policyRow = z.object({
  enabled: z.boolean(),
  mode: z.enum(["mask", "strip"]),
  extra_names: z.array(z.string()),
  extra_patterns: z.array(z.string()),
}).transform(({ enabled, mode, extra_names, extra_patterns }): RedactionPolicy => ({
  enabled,
  mode,
  extraNames: extra_names,
  extraPatterns: extra_patterns,
}));

/** PostgREST as somebody, as far as policies are concerned. */
interface PolicySource {
  rpc(name: "redaction_policy", args: { destination: Destination }): {
    abortSignal(signal: AbortSignal): PromiseLike<{ data: unknown; error: unknown }>;
  };
}

/** The policy of a destination, read as the caller. What cannot be read is on. */
export async function readPolicy(
  caller: PolicySource,
  destination: Destination,
  signal: AbortSignal,
): Promise<RedactionPolicy> {
  const answer = await caller.rpc("redaction_policy", { destination })
    .abortSignal(withTimeout(signal, TIMEOUT_MS));
  const result = policyRow.safeParse(answer.data);
  if (answer.error || !result.success) return EVERYTHING;
  return { ...result.data, enabled: result.data.enabled || ALWAYS_ON.has(destination) };
}
