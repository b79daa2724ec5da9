// What a part of the product promises to programs written against it, and when a promise is broken.

import { z } from "zod";
import { acceptedBy, factsOf, type JsonSchema } from "./json-schema.ts";

/**
 * A surface as two lists of facts. What is provided may grow: a caller who does not know of it goes on
 * as before. What is demanded may shrink: a caller who still brings it does no harm. Each demand names
 * the provided fact it is part of, since what is new may demand what it likes: nobody uses it yet.
 */
export const Surface = z.strictObject({
  provides: z.record(z.string(), z.string()),
  demands: z.record(z.string(), z.string()),
});
export type Surface = z.infer<typeof Surface>;

export const emptySurface = (): Surface => ({ provides: {}, demands: {} });

/** Adds what may be and must be sent to a place that is itself a fact of the surface. */
export function addAccepted(surface: Surface, place: string, schema: JsonSchema): void {
  const factAt = (path: string, kind: string) =>
    path === "" ? place : `${place} accepts ${path} as ${kind}`;
  for (const { path, alternatives, required, within } of acceptedBy(schema)) {
    if (path === "") continue;
    for (const kind of alternatives) surface.provides[factAt(path, kind)] = "accepted";
    if (required) surface.demands[`${place} needs ${path}`] = factAt(within, "object");
  }
}

/** Adds what a place that is itself a fact of the surface answers or sends. */
export function addAnswered(surface: Surface, place: string, schema: JsonSchema): void {
  for (const { path, type, required } of factsOf(schema)) {
    surface.provides[`${place}: ${path}`] = type;
    if (required) surface.provides[`${place}: ${path} is always there`] = "true";
  }
}

/** What a program written against the released surface would find broken; empty if nothing. */
export function breaks(released: Surface, current: Surface): string[] {
  const found: string[] = [];
  for (const [name, was] of Object.entries(released.provides)) {
    const is = Object.hasOwn(current.provides, name) ? current.provides[name] : undefined;
    if (is === undefined) found.push(`${name} is gone (it was ${was})`);
    else if (is !== was) found.push(`${name} is ${is} (it was ${was})`);
  }
  for (const [name, of] of Object.entries(current.demands)) {
    const known = Object.hasOwn(released.provides, of);
    if (known && !Object.hasOwn(released.demands, name)) found.push(`${name} is demanded now`);
  }
  return found;
}

/** Names in order, so that a snapshot changes where the surface does and nowhere else. */
export function sorted({ provides, demands }: Surface): Surface {
  const order = (facts: Record<string, string>) =>
    Object.fromEntries(Object.entries(facts).sort(([a], [b]) => a < b ? -1 : a > b ? 1 : 0));
  return { provides: order(provides), demands: order(demands) };
}
