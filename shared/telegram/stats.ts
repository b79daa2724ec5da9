import { z } from "zod";

const counts = z.record(z.string(), z.number());

/** What of the statistics snapshot fits a chat. */
export const statsSnapshot = z.object({
  devices: z.object({ total: z.number(), online: z.number() }),
  entries: z.object({ total: z.number(), last_hour: z.number(), last_24h: z.number() }),
  status_mix: counts,
  top_domains: z.array(z.object({ host: z.string(), count: z.number() })),
});

export type StatsSnapshot = z.infer<typeof statsSnapshot>;

const TOP = 5;

/** The snapshot in words. */
export function statsText(name: string, { devices, entries, ...rest }: StatsSnapshot): string {
  const { status_mix, top_domains } = rest;
  const mix = Object.entries(status_mix).sort(([a], [b]) => a.localeCompare(b))
    .map(([kind, count]) => `${kind === "none" ? "no answer" : kind} ${number(count)}`);
  const hosts = top_domains.slice(0, TOP).map(({ host, count }) => `  ${host} ${number(count)}`);
  return [
    `📊 ${name}`,
    `Devices: ${number(devices.online)} of ${number(devices.total)} online`,
    `Entries: ${number(entries.last_hour)} in the last hour, ${
      number(entries.last_24h)
    } in 24 hours, ` +
    `${number(entries.total)} in all`,
    ...(mix.length > 0 ? [`Answers: ${mix.join(", ")}`] : []),
    ...(hosts.length > 0 ? ["Busiest hosts:", ...hosts] : []),
  ].join("\n");
}

function number(value: number): string {
  return value.toLocaleString("en-US");
}
