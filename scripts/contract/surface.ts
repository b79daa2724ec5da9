// What a part of the product promises to programs written against it, and when a promise is broken.

import { z } from "zod";

/**
 * A surface as two lists of facts. What is provided may grow: a caller who does not know of it goes on
 * as before. What is demanded may shrink: a caller who still brings it does no harm.
 */
export const Surface = z.strictObject({
  provides: z.record(z.string(), z.string()),
  demands: z.record(z.string(), z.string()),
});
export type Surface = z.infer<typeof Surface>;

export const emptySurface = (): Surface => ({ provides: {}, demands: {} });

/** What a program written against the released surface would find broken; empty if nothing. */
export function breaks(released: Surface, current: Surface): string[] {
  const found: string[] = [];
  for (const [name, was] of Object.entries(released.provides)) {
    const is = Object.hasOwn(current.provides, name) ? current.provides[name] : undefined;
    if (is === undefined) found.push(`${name} is gone (it was ${was})`);
    else if (is !== was) found.push(`${name} is ${is} (it was ${was})`);
  }
  for (const [name, is] of Object.entries(current.demands)) {
    const was = Object.hasOwn(released.demands, name) ? released.demands[name] : undefined;
    if (was === undefined) found.push(`${name} is demanded now (${is})`);
    else if (is !== was) found.push(`${name} must be ${is} (it had to be ${was})`);
  }
  return found;
}

/** Names in order, so that a snapshot changes where the surface does and nowhere else. */
export function sorted({ provides, demands }: Surface): Surface {
  const order = (facts: Record<string, string>) =>
    Object.fromEntries(Object.entries(facts).sort(([a], [b]) => a < b ? -1 : a > b ? 1 : 0));
  return { provides: order(provides), demands: order(demands) };
}
