import { z } from "zod";

const count = z.int().positive();

/** What the database has told by the bot, as facts. */
const outgoing = z.discriminatedUnion("kind", [
  z.object({ kind: z.literal("linked"), account: z.string() }),
  z.object({ kind: z.literal("unlinked") }),
  z.object({
    kind: z.literal("device_offline"),
    workspace: z.string(),
    count,
    devices: z.array(z.string()).min(1),
  }),
  z.object({
    kind: z.literal("error_spike"),
    workspace: z.string(),
    errors: count,
    threshold: count,
  }),
  z.object({
    kind: z.literal("breakpoint_held"),
    workspace: z.string(),
    count,
    first: z.object({
      device: z.string(),
      phase: z.enum(["request", "response"]),
      method: z.string().nullable(),
      host: z.string().nullable(),
    }),
  }),
]);

export type Outgoing = z.infer<typeof outgoing>;

/** The words of a message, or null for a kind this version does not know. */
export function wordingOf(message: unknown): string | null {
  const parsed = outgoing.safeParse(message);
  return parsed.success ? words(parsed.data) : null;
}

function words(message: Outgoing): string {
  switch (message.kind) {
    case "linked":
      return `✅ Linked: this chat now acts for the Busymate account ${message.account}.\n` +
        "If that is not your account, send /logout now. /help shows what I can do.";
    case "unlinked":
      return "🔌 This Telegram account is no longer linked to Busymate. /login links it anew.";
    case "device_offline": {
      const more = message.count - message.devices.length;
      const names = message.devices.join(", ") + (more > 0 ? ` and ${more} more` : "");
      return `📴 Offline in ${message.workspace}: ${names}.`;
    }
    case "error_spike":
      return `🔥 ${message.errors} errors in the last minute in ${message.workspace} ` +
        `(you are told from ${message.threshold}).`;
    case "breakpoint_held": {
      const { device, phase, method, host } = message.first;
      const what = [method, host].filter((part) => part !== null).join(" ") || "an exchange";
      const more = message.count > 1 ? `, and ${message.count - 1} more` : "";
      return `⏸ Held by a breakpoint in ${message.workspace}: the ${phase} of ${what} ` +
        `on ${device}${more}. Without a decision it goes on unchanged after a minute.`;
    }
  }
}
