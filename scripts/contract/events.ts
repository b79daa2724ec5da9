import { CHANNELS } from "../../shared/realtime/events/catalogue.ts";
import { eventJsonSchemas } from "../../shared/realtime/json-schema.ts";
import { factsOf } from "./json-schema.ts";
import { emptySurface, type Surface } from "./surface.ts";

/** Every private channel, its events and the fields they carry. */
export function eventsSurface(): Surface {
  const surface = emptySurface();
  for (const [name, events] of Object.entries(eventJsonSchemas())) {
    const { address, presence } = CHANNELS[name as keyof typeof CHANNELS];
    surface.provides[address] = presence === undefined ? "channel" : "channel with presence";
    for (const [event, schema] of Object.entries(events)) {
      const place = `${address} ${event}`;
      surface.provides[place] = "event";
      for (const { path, type, required } of factsOf(schema)) {
        surface.provides[`${place}: ${path}`] = type;
        if (required) surface.provides[`${place}: ${path} is always there`] = "true";
      }
    }
  }
  return surface;
}
