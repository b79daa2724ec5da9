import { withTimeout } from "../db/signal.ts";
import type { Call } from "../operations/call.ts";
import type { PersonClaims, Scope } from "../token/claims.ts";
import type { Brain } from "./brain.ts";
import type { Surface } from "./turn.ts";

/** Scopes that the assistant never has, whatever the person it works for may do. */
const WITHHELD: readonly Scope[] = ["secrets"];

export interface Session {
  asker: PersonClaims;
  surface: Surface;
  /** The person's rights, and calls on a minute's token in which BusyBro says who acts. */
  call(signal: AbortSignal): Promise<Call>;
}

/** What BusyBro does for a person, it does on a token of theirs that it mints for the occasion. */
export function sessionOf(brain: Brain, asker: PersonClaims, surface: Surface): Session {
  const act = surface === "telegram" ? "telegram" : "busybro";
  return {
    asker,
    surface,
    async call(signal) {
      const token = await brain.signer.acting(asker, act, WITHHELD);
      return await brain.callFor({
        token,
        signal,
        destination: "busybro",
        background: (work) => void work.catch(() => {}),
      });
    },
  };
}

const PARTING_MS = 5_000;

/** For what has to be written down although the person has gone. */
export function partingSignal(): AbortSignal {
  return withTimeout(new AbortController().signal, PARTING_MS);
}
