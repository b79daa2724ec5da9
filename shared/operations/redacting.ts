import { type Destination, readPolicy } from "../redaction/policy.ts";
import { createRedactor, type Redactor } from "../redaction/redactor.ts";
import { type Call, holds, type Rights } from "./call.ts";

/** Whether a caller may see the secrets in captured traffic: capabilities count the token's scopes. */
export const seesSecrets = (rights: Rights): boolean => holds(rights, "secrets", "view");

const redactors = new WeakMap<Call, Map<Destination, Promise<Redactor>>>();

/** One redactor a call and destination, so that equal secrets have equal placeholders in an answer. */
export function redactorOf(call: Call, destination: Destination): Promise<Redactor> {
  const known = redactors.get(call) ?? new Map<Destination, Promise<Redactor>>();
  redactors.set(call, known);
  let redactor = known.get(destination);
  if (!redactor) {
    redactor = readPolicy(call.db, destination, call.signal).then(createRedactor);
    known.set(destination, redactor);
  }
  return redactor;
}
