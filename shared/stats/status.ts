import { z } from "zod";

/** Far more than an installation has; keeps a post, and the row that everyone reads, small. */
export const COMPONENT_LIMIT = 50;

const moment = z.iso.datetime({ offset: true });
const measure = z.number().nonnegative();

const host = z.strictObject({
  cpu_percent: z.number().min(0).max(100),
  /** Average over 1, 5 and 15 minutes. */
  load: z.tuple([measure, measure, measure]),
  memory: z.strictObject({ total: z.int().positive(), used: z.int().nonnegative() })
    .refine(({ total, used }) => used <= total, { path: ["used"], error: "is more than total" }),
  uptime_s: measure,
});

const component = z.strictObject({
  key: z.string().regex(/^[a-z0-9][a-z0-9-]{0,39}$/, "use a-z, 0-9 and hyphens, at most 40"),
  label: z.string().min(1).max(80),
  /** Without it the product does not work. */
  core: z.boolean(),
  up: z.boolean(),
  /** null when nothing answered. */
  http_status: z.int().min(100).max(599).nullable(),
  latency_ms: measure.nullable(),
  /** systemd's ActiveState; null where there is no systemd or no such unit. */
  unit_state: z.string().max(40).nullable(),
  version: z.string().max(40).nullable(),
  build: z.int().nonnegative().nullable(),
  checked_at: moment,
  error: z.string().max(200).nullable(),
});

/** What the status agent posts and `service_status.snapshot` holds. */
export const statusSnapshot = z.strictObject({
  collected_at: moment,
  overall: z.enum(["operational", "degraded", "outage"]),
  host,
  components: z.array(component).min(1).max(COMPONENT_LIMIT),
}).superRefine(({ components, overall }, context) => {
  const keys = components.map(({ key }) => key);
  const twice = keys.findIndex((key, index) => keys.indexOf(key) !== index);
  if (twice !== -1) {
    const path = ["components", twice, "key"];
    context.addIssue({ code: "custom", path, message: "is there twice" });
  }
  const found = overallOf(components);
  if (overall !== found) {
    const message = `the components say ${found}`;
    context.addIssue({ code: "custom", path: ["overall"], message });
  }
});

export type StatusSnapshot = z.infer<typeof statusSnapshot>;
export type HostStatus = StatusSnapshot["host"];
export type ComponentStatus = StatusSnapshot["components"][number];
export type Overall = StatusSnapshot["overall"];

/** Any core component down: outage; any other: degraded. */
export function overallOf(components: readonly Pick<ComponentStatus, "core" | "up">[]): Overall {
  const down = components.filter(({ up }) => !up);
  if (down.length === 0) return "operational";
  return down.some(({ core }) => core) ? "outage" : "degraded";
}
