import type { Operation } from "../operations/operation.ts";

/** What of an operation decides how far it can be trusted to a model. */
export type Traits = Pick<Operation, "effect" | "content" | "peopleOnly" | "openWorld">;

/** `run` it, `propose` it to the person, or `refuse` it whatever the person says. */
export type Verdict = "run" | "propose" | "refuse";

/** Whether an operation brings words that a stranger may have chosen into the conversation. */
export function taints({ content }: Traits): boolean {
  return content === "captured";
}

/**
 * The rule that no prompt can talk away. Nothing that acts runs once untrusted content is in the
 * conversation, and nothing that cannot be undone ever runs without the person.
 */
export function verdictOn({ effect, peopleOnly, openWorld }: Traits, tainted: boolean): Verdict {
  const acts = effect !== "read" || openWorld === true;
  // Who may do what is often asked of BusyBro; deciding it is what it must never be talked into.
  if (peopleOnly && acts) return "refuse";
  if (effect === "destructive") return "propose";
  return acts && tainted ? "propose" : "run";
}

/**
 * The verdicts on calls that a model makes at once. They run side by side, so untrusted content that
 * one of them brings counts for all of them.
 */
export function verdictsOn(
  calls: readonly (Traits | undefined)[],
  tainted: boolean,
): { verdicts: Verdict[]; tainted: boolean } {
  const after = tainted || calls.some((one) => one !== undefined && taints(one));
  return {
    verdicts: calls.map((one) => one === undefined ? "refuse" : verdictOn(one, after)),
    tainted: after,
  };
}
