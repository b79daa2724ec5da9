import type { Operation } from "../operations/operation.ts";
import { INPUT_SCHEMAS } from "../operations/registry.ts";
import { executorOf } from "./connectors.ts";

const words = (text: string) => text.toLowerCase().match(/[a-z0-9]+/g) ?? [];
/** "tags" finds "tag": English plurals are all that names differ by. */
const stem = (word: string) => word.length > 3 ? word.replace(/(?:ies|es|s)$/, "") : word;

/** How well an operation fits what was asked: words of its name count most, then its title, then the rest. */
function score(operation: Operation, wanted: string[]): number {
  const name = words(operation.name).map(stem);
  const title = words(operation.title).map(stem);
  const rest = words(`${operation.summary} ${operation.toolset}`).map(stem);
  let total = 0;
  for (const word of wanted) {
    if (name.includes(word)) total += 5;
    else if (title.includes(word)) total += 3;
    else if (rest.includes(word)) total += 1;
  }
  return total;
}

/** The operations that fit best, with all that is needed to run them. */
export function searchTools(
  operations: readonly Operation[],
  { query, toolset, limit }: { query: string; toolset?: string | undefined; limit: number },
) {
  const wanted = words(query).map(stem);
  const candidates = operations.filter((one) => toolset === undefined || one.toolset === toolset);
  const ranked = candidates
    .map((one) => ({ one, points: score(one, wanted) }))
    .filter(({ points }) => wanted.length === 0 || points > 0)
    .sort((a, b) => b.points - a.points || (a.one.name < b.one.name ? -1 : 1));
  return {
    found: ranked.slice(0, limit).map(({ one }) => ({
      name: one.name,
      about: one.summary,
      run_with: executorOf(one.effect),
      arguments: INPUT_SCHEMAS.get(one.name),
    })),
    ...(ranked.length > limit && {
      more: ranked.slice(limit, limit + 40).map(({ one }) => one.name),
    }),
    ...(ranked.length === 0 && {
      advice:
        `Nothing fits; ${candidates.length} operations are open to you. Ask with other words, or by toolset.`,
    }),
  };
}
