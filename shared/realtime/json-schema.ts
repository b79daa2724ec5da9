import { z } from "zod";
import { type ChannelName, CHANNELS } from "./events/catalogue.ts";
import { uuid } from "./events/event.ts";

export type JsonSchema = Record<string, unknown>;

/** The JSON Schema of what a client receives: the payload, and the message's id. */
export function payloadJsonSchema(payload: z.ZodObject): JsonSchema {
  // realtime.send() adds an id to a payload that has none.
  const sent = "id" in payload.shape
    ? payload
    : payload.extend({ id: uuid.describe("The message's own id.") });
  const { $schema: _, ...schema } = z.toJSONSchema(sent, { io: "input", target: "draft-7" });
  return schema;
}

/** A JSON Schema for each event, by channel and event. */
export function eventJsonSchemas(): Record<ChannelName, Record<string, JsonSchema>> {
  const schemas = Object.entries(CHANNELS).map(([name, { events }]) => [
    name,
    Object.fromEntries(
      Object.entries(events).map(([event, { payload }]) => [event, payloadJsonSchema(payload)]),
    ),
  ]);
  return Object.fromEntries(schemas);
}
