// What the status agent is told: whom it reports to, as whom, and what it looks at.

import { readFileSync } from "node:fs";
import { z } from "zod";
import { Complaint } from "../complaint.ts";

/** A look every 10 s that waits at most 2 s: a failure is public within 15. */
const INTERVAL_S = 10;
const PROBE_TIMEOUT_MS = 2_000;

const address = z.url({ protocol: /^https?$/, error: "give an http or https URL" });

const serviceAccount = z.strictObject({
  client_id: z.string().min(1),
  /** The variable that holds the secret, so that the file holds none. */
  client_secret_env: z.string().regex(/^[A-Z][A-Z0-9_]*$/, "give the name of a variable"),
});
const demoAccount = z.strictObject({ demo_account: z.string().min(1) });

const component = z.strictObject({
  key: z.string().regex(/^[a-z0-9][a-z0-9-]{0,39}$/, "use a-z, 0-9 and hyphens, at most 40"),
  label: z.string().min(1).max(80),
  core: z.boolean().default(false),
  /** Up is what answers a GET here with 2xx. */
  url: address,
  /** A version.json, and which of its components this is; the whole product's version when it does not say. */
  version: z.strictObject({ url: address, component: z.string().min(1).optional() }).optional(),
  /** Its systemd unit; a name, never an option. */
  unit: z.string().regex(/^[A-Za-z0-9][\w.@:-]{0,200}$/, "give the name of a unit").optional(),
});

const shape = z.strictObject({
  project_url: address.refine((text) => !text.endsWith("/"), "must not end in a slash"),
  credential: z.union([serviceAccount, demoAccount], {
    error: "give {client_id, client_secret_env}, or {demo_account} for the embedded stack",
  }),
  interval_s: z.number().min(1).max(3600).default(INTERVAL_S),
  probe_timeout_ms: z.int().min(50).max(30_000).default(PROBE_TIMEOUT_MS),
  components: z.array(component).min(1).max(50),
}).refine(
  ({ components }) => new Set(components.map(({ key }) => key)).size === components.length,
  {
    path: ["components"],
    error: "two have the same key",
  },
);

export type AgentConfig = z.infer<typeof shape>;
export type ComponentConfig = AgentConfig["components"][number];

/** Reads and checks the agent's file. */
export function readAgentConfig(file: string): AgentConfig {
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch (error) {
    throw new Complaint(`${file} cannot be read (${(error as NodeJS.ErrnoException).code}).`);
  }
  return parseAgentConfig(text, file);
}

/** Checks the text of the agent's file; `file` is what the complaint names. */
export function parseAgentConfig(text: string, file: string): AgentConfig {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    throw new Complaint(`${file} is not JSON: ${error.message}`);
  }
  const parsed = shape.safeParse(json);
  if (parsed.success) return parsed.data;
  const faults = parsed.error.issues.map((issue) =>
    `  ${issue.path.join(".") || "the whole"}: ${issue.message}`
  );
  throw new Complaint(`${file} is not right:\n${faults.join("\n")}`);
}
