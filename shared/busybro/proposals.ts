import { z } from "zod";
import type { Json } from "../db/database.types.ts";
import { Refusal } from "../db/errors.ts";
import { AppError } from "../http/errors.ts";
import { fit } from "../operations/answer.ts";
import { inputFor } from "../operations/dispatch.ts";
import type { AskRuntime } from "./ask.ts";
import { readPolicy } from "../redaction/policy.ts";
import { cleanerFor } from "./cleaning.ts";
import { confirmed } from "./dispatcher.ts";
import { sessionOf } from "./session.ts";

export interface Confirmation {
  proposalId: string;
  /** `{}`, or the arguments as proposed. */
  args: Record<string, unknown>;
  /** The same key is told the same outcome again. */
  idempotencyKey: string | null;
}

export interface Confirmed {
  id: string;
  tool: string;
  status: "done";
  result: unknown;
}

const NO_SUCH = "There is no such proposal of yours.";
const REFUSALS: Record<string, AppError> = {
  proposal_not_found: new AppError("not_found", NO_SUCH),
  proposal_changed: new AppError(
    "proposal_changed",
    "The arguments are not those that were proposed; send {} or exactly them.",
  ),
  proposal_used: new AppError("proposal_used", "The proposal was confirmed before; ask again."),
  proposal_expired: new AppError(
    "proposal_expired",
    "The proposal is older than five minutes; ask again.",
  ),
};

/** Carries out what BusyBro proposed, with the arguments it was made with, on the person's rights of now. */
export async function confirmProposal(
  { proposalId, args, idempotencyKey }: Confirmation,
  { brain, asker, signal }: AskRuntime,
): Promise<Confirmed> {
  const { proposals } = brain.service;
  const owner = { user_id: asker.sub, proposal_id: proposalId };
  const taken = await proposals.take({ ...owner, args, idempotency_key: idempotencyKey }, signal)
    .catch((error) => {
      throw error instanceof Refusal ? REFUSALS[error.reason] ?? error : error;
    });
  if (taken.state === "done") {
    return { id: proposalId, tool: taken.tool, status: "done", result: taken.result };
  }
  const operation = brain.operations.get(taken.tool);
  if (!operation || operation.peopleOnly) throw new AppError("not_found", NO_SUCH);
  const call = await sessionOf(brain, asker, "web").call(signal);
  const clean = cleanerFor(await readPolicy(call.db, "busybro", signal));
  const value = await operation.run(call, inputFor(operation, confirmed(operation, taken.args)));
  const result: Json = z.json().parse(JSON.parse(fit(clean.value(value ?? null))));
  await proposals.finish({ ...owner, result }, signal);
  return { id: proposalId, tool: taken.tool, status: "done", result };
}
