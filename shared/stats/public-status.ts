import type { PublicStatusRow, Service } from "../db/service.ts";
import { overallOf } from "./status.ts";
import type { Overall } from "./status.ts";

/** What anyone may know of the installation's health. */
export interface PublicStatus {
  /** `unknown` when nobody has looked for more than 30 seconds. */
  overall: Overall | "unknown";
  components: { key: string; label: string; up: boolean }[];
  /** When the status agent last posted; null before it ever did. */
  updated_at: string | null;
  age_seconds: number | null;
  stale: boolean;
}

/** The last known state of each component stays in the answer when it is stale; the verdict does not. */
export function publicStatusOf(row: PublicStatusRow): PublicStatus {
  const { components, updated_at, age_seconds, stale } = row;
  const posted = components.length > 0;
  return {
    overall: posted && !stale ? overallOf(components) : "unknown",
    components: components.map(({ key, label, up }) => ({ key, label, up })),
    updated_at: posted ? updated_at : null,
    age_seconds: posted ? age_seconds : null,
    stale,
  };
}

const KEPT_MS = 1_000;
const TIMEOUT_MS = 5_000;

/** Reads the status at most once a second, however many ask: nobody needs a token to ask. */
export function publicStatusReader(
  service: Pick<Service, "publicStatus">,
): () => Promise<PublicStatus> {
  let kept: { answer: Promise<PublicStatus>; until: number } | undefined;
  return () => {
    if (kept && Date.now() < kept.until) return kept.answer;
    // A signal of its own: the answer is for all who wait, whoever of them goes away.
    const answer = service.publicStatus(AbortSignal.timeout(TIMEOUT_MS)).then(publicStatusOf);
    const reading = kept = { answer, until: Date.now() + KEPT_MS };
    answer.catch(() => {
      if (kept === reading) kept = undefined;
    });
    return answer;
  };
}
