// The operations as agents call them: names, what they may do, arguments, and answers with a schema.

import { INPUT_SCHEMAS, OPERATIONS, publishedSchema } from "../../shared/operations/registry.ts";
import { addAccepted, addAnswered, emptySurface, type Surface } from "./surface.ts";

/** Every operation; an argument that is demanded anew breaks whoever calls without it. */
export function toolsSurface(): Surface {
  const surface = emptySurface();
  for (const [name, { effect, output }] of OPERATIONS) {
    surface.provides[name] = effect;
    addAccepted(surface, name, INPUT_SCHEMAS.get(name)!);
    if (output) addAnswered(surface, name, publishedSchema(output, "output"));
  }
  return surface;
}
