// The operations as agents call them: names, what they may do, arguments, and answers with a schema.

import { OPERATIONS } from "../../shared/operations/registry.ts";
import { inputSchemaOf, publishedSchema } from "../../shared/operations/schemas.ts";
import { addAccepted, addAnswered, emptySurface, type Surface } from "./surface.ts";

/** Every operation; an argument that is demanded anew breaks whoever calls without it. */
export function toolsSurface(): Surface {
  const surface = emptySurface();
  for (const [name, operation] of OPERATIONS) {
    surface.provides[name] = operation.effect;
    addAccepted(surface, name, inputSchemaOf(operation));
    const { output } = operation;
    if (output) addAnswered(surface, name, publishedSchema(output, "output"));
  }
  return surface;
}
