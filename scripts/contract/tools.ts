// The operations as agents call them: names, what they may do, and the arguments they insist on.

import { INPUT_SCHEMAS, OPERATIONS } from "../../shared/operations/registry.ts";
import { emptySurface, type Surface } from "./surface.ts";

/** Every operation with its arguments; one that is demanded anew breaks whoever calls without it. */
export function toolsSurface(): Surface {
  const surface = emptySurface();
  for (const [name, { effect }] of OPERATIONS) {
    surface.provides[name] = effect;
    const { properties = {}, required = [] } = INPUT_SCHEMAS.get(name) as {
      properties?: Record<string, { type?: unknown }>;
      required?: string[];
    };
    for (const [argument, { type }] of Object.entries(properties)) {
      surface.provides[`${name} ${argument}`] = JSON.stringify(type ?? "any");
    }
    for (const argument of required) surface.demands[`${name} ${argument}`] = "argument";
  }
  return surface;
}
