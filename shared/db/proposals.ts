import { z } from "zod";
import type { Json } from "./database.types.ts";
import { id, timestamp } from "./shapes.ts";

const args = z.record(z.string(), z.unknown());
const made = z.object({ id, expires_at: timestamp });
const taken = z.discriminatedUnion("state", [
  z.object({ state: z.literal("taken"), tool: z.string(), args }),
  z.object({ state: z.literal("done"), tool: z.string(), result: z.unknown() }),
]);

export type MadeProposal = z.infer<typeof made>;
/** A proposal to be carried out now, or the outcome that the same confirmation had before. */
export type TakenProposal = z.infer<typeof taken>;

/** Proposals of BusyBro. Not on the person's token: no tool that runs on it may confirm one. */
export interface ProposalStore {
  create(
    proposal: { user_id: string; thread_id: string; tool: string; args: Record<string, unknown> },
    signal: AbortSignal,
  ): Promise<MadeProposal>;
  /** Refusals: proposal_not_found, proposal_changed, proposal_used, proposal_expired. */
  take(
    confirmation: {
      user_id: string;
      proposal_id: string;
      /** `{}` stands for the arguments as proposed. */
      args: Record<string, unknown>;
      idempotency_key: string | null;
    },
    signal: AbortSignal,
  ): Promise<TakenProposal>;
  finish(
    outcome: { user_id: string; proposal_id: string; result: Json },
    signal: AbortSignal,
  ): Promise<void>;
}

type Name = "create_proposal" | "take_proposal" | "finish_proposal";
type Call = <T>(
  name: Name,
  args: Record<string, unknown>,
  shape: z.ZodType<T>,
  signal: AbortSignal,
) => Promise<T>;

export function proposalStore(call: Call): ProposalStore {
  return {
    create: (proposal, signal) => call("create_proposal", proposal, made, signal),
    take: (confirmation, signal) => call("take_proposal", confirmation, taken, signal),
    async finish(outcome, signal) {
      await call("finish_proposal", outcome, z.unknown(), signal);
    },
  };
}
