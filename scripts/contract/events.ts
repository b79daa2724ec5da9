import { CHANNELS } from "../../shared/realtime/events/catalogue.ts";
import { eventJsonSchemas } from "../../shared/realtime/json-schema.ts";
import { addAnswered, emptySurface, type Surface } from "./surface.ts";

/** Every private channel, its events and the fields they carry. */
export function eventsSurface(): Surface {
  const surface = emptySurface();
  for (const [name, events] of Object.entries(eventJsonSchemas())) {
    const { address, presence } = CHANNELS[name as keyof typeof CHANNELS];
    surface.provides[address] = presence === undefined ? "channel" : "channel with presence";
    for (const [event, schema] of Object.entries(events)) {
      const place = `${address} ${event}`;
      surface.provides[place] = "event";
      addAnswered(surface, place, schema);
    }
  }
  return surface;
}
