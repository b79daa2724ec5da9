import { CHANNELS } from "../../shared/realtime/events/catalogue.ts";
import type { ChannelDefinition } from "../../shared/realtime/events/event.ts";
import { table } from "./parts.ts";
import { found, type Sources } from "./sources.ts";

/** The part of docs/realtime.md about channels and events, from the schemas that also check what is sent. */
export function channelsPart(): string {
  return Object.values<ChannelDefinition>(CHANNELS).map(channelSection).join("\n\n");
}

function channelSection({ address, summary, joinedBy, presence, events }: ChannelDefinition) {
  const rows = Object.entries(events).map(([name, { summary, payload, sentBy }]) => [
    `\`${name}\``,
    Object.keys(payload.shape).map((field) => `\`${field}\``).join(" ") || "nothing",
    summary,
    sentBy,
  ]);
  return `### \`${address}\`

${summary}. Who may join: ${joinedBy}${presence ? ` Presence: ${presence}` : ""}

${table(["Event", "Carries", "Tells", "Sent by"], rows)}`;
}

/** The part about tables whose changes can be subscribed to. */
export function publishedTables(sources: Sources): string {
  return found(sources, "publication", /(.+)/).split(" ").map((name) => `\`${name}\``).join(", ") +
    ".";
}
