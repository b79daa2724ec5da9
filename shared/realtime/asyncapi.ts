import { CHANNELS } from "./events/catalogue.ts";
import type { ChannelDefinition } from "./events/event.ts";
import { eventJsonSchemas, type JsonSchema } from "./json-schema.ts";

const DESCRIPTION = `Private broadcast channels of Supabase Realtime. Join them with supabase-js:
\`client.channel(address, { config: { private: true } })\`, after \`await client.realtime.setAuth()\`.
Messages are sent by the database alone; clients act through RPCs. Delivery is at most once: after
every SUBSCRIBED read what was missed (entries: \`entries_changes\`). A channel ends with the token
it was joined with, unless that is renewed in time.`;

/** The channels and events as an AsyncAPI 3.0 document. */
export function asyncApiDocument(version: string): Record<string, unknown> {
  const channels: Record<string, unknown> = {};
  const operations: Record<string, unknown> = {};
  const messages: Record<string, unknown> = {};
  const schemas: Record<string, JsonSchema> = {};
  const payloads = eventJsonSchemas();
  for (const [name, channel] of entriesOf(CHANNELS)) {
    const refs: Record<string, unknown> = {};
    for (const [event, { summary, sentBy }] of Object.entries(channel.events)) {
      const key = `${name}.${event}`;
      schemas[key] = payloads[name][event]!;
      messages[key] = {
        name: event,
        title: event,
        summary,
        description: `Sent by: ${sentBy}.`,
        contentType: "application/json",
        payload: { $ref: `#/components/schemas/${key}` },
      };
      refs[key] = { $ref: `#/components/messages/${key}` };
    }
    channels[name] = {
      address: channel.address,
      summary: channel.summary,
      description: describe(channel),
      ...parametersOf(channel),
      messages: refs,
    };
    operations[`receive.${name}`] = {
      action: "receive",
      summary: channel.summary,
      channel: { $ref: `#/channels/${name}` },
      messages: Object.keys(refs).map((key) => ({ $ref: `#/channels/${name}/messages/${key}` })),
    };
  }
  return {
    asyncapi: "3.0.0",
    info: { title: "Busymate live channels", version, description: DESCRIPTION },
    defaultContentType: "application/json",
    servers: {
      project: {
        host: "{project}.supabase.co",
        pathname: "/realtime/v1/websocket",
        protocol: "wss",
        description: "A hosted project; the embedded stack answers on its own URL.",
        variables: { project: { description: "The project's reference." } },
        security: [{ $ref: "#/components/securitySchemes/accessToken" }],
      },
    },
    channels,
    operations,
    components: {
      messages,
      schemas,
      securitySchemes: {
        accessToken: {
          type: "http",
          scheme: "bearer",
          bearerFormat: "JWT",
          description: "A person's access token or a device's credential, shown when joining.",
        },
      },
    },
  };
}

function describe({ joinedBy, presence }: ChannelDefinition): string {
  const who = `Who may join: ${joinedBy}`;
  return presence ? `${who} Presence: ${presence}` : who;
}

/** What varies in the address. */
function parametersOf({ address }: ChannelDefinition) {
  const names = [...address.matchAll(/\{(\w+)\}/g)].map(([, name]) => name!);
  if (names.length === 0) return {};
  const parameters = names.map((name) => [name, { description: "A UUID, in lower case." }]);
  return { parameters: Object.fromEntries(parameters) };
}

const entriesOf = <Value extends object>(object: Value) =>
  Object.entries(object) as { [Key in keyof Value]: [Key, Value[Key]] }[keyof Value][];
