import { hiding, readPolicy } from "../redaction/policy.ts";
import { createRedactor, type Redactor } from "../redaction/redactor.ts";
import { type Call, holds, type Rights } from "./call.ts";

/** Whether a caller may see the secrets in captured traffic, where no policy hides them. */
export const seesSecrets = (rights: Rights): boolean =>
  rights.scopes.includes("secrets") && holds(rights, "secrets", "view");

const redactors = new WeakMap<Call, Promise<Redactor>>();

/**
 * What hides secrets in a call's answer: as the policy of where it goes says, and from a caller who may
 * not see them whatever it says. One a call, so that equal secrets have equal placeholders.
 */
export function redactorOf(call: Call): Promise<Redactor> {
  let redactor = redactors.get(call);
  if (!redactor) {
    redactor = readPolicy(call.db, call.destination, call.signal)
      .then((policy) => createRedactor(hiding(policy, seesSecrets(call.rights))));
    redactors.set(call, redactor);
  }
  return redactor;
}
