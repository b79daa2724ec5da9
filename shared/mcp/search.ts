import type { Operation } from "../operations/operation.ts";
import { ranked } from "../operations/ranking.ts";
import { inputSchemaOf } from "../operations/schemas.ts";
import { executorOf } from "./connectors.ts";

/** The operations that fit best, with all that is needed to run them. */
export function searchTools(
  operations: readonly Operation[],
  { query, toolset, limit }: { query: string; toolset?: string | undefined; limit: number },
) {
  const candidates = operations.filter((one) => toolset === undefined || one.toolset === toolset);
  const fitting = ranked(candidates, query);
  return {
    found: fitting.slice(0, limit).map((one) => ({
      name: one.name,
      about: one.summary,
      run_with: executorOf(one.effect),
      arguments: inputSchemaOf(one),
    })),
    ...(fitting.length > limit && {
      more: fitting.slice(limit, limit + 40).map(({ name }) => name),
    }),
    ...(fitting.length === 0 && {
      advice:
        `Nothing fits; ${candidates.length} operations are open to you. Ask with other words, or by toolset.`,
    }),
  };
}
