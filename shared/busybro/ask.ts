import type { PersonClaims } from "../token/claims.ts";
import type { Brain } from "./brain.ts";
import type { AskEvent } from "./events.ts";
import type { Turn } from "./turn.ts";

/** Who asks, through which brain, until when. */
export interface AskRuntime {
  brain: Brain;
  /** The asking person's verified claims: everything is done on a token of theirs. */
  asker: PersonClaims;
  signal: AbortSignal;
}

/**
 * One turn of BusyBro, the same for every surface. Throws an AppError before its first event when the
 * turn cannot begin (no such conversation); once `meta` is out it throws no more: the last event is
 * always exactly one `done` or `error`, unless the signal ended it.
 */
export declare function ask(turn: Turn, runtime: AskRuntime): AsyncGenerator<AskEvent, void>;
