// BusyBro's function in this process, against the stack's database and a model's server of the test's.

import { type ASK_VARIABLES, askApp } from "../../../shared/busybro/app.ts";
import type { AskEvent } from "../../../shared/busybro/events.ts";
import { configuredProvider } from "../../../shared/busybro/configured-provider.ts";
import { providerSettings } from "../../../shared/busybro/settings.ts";
import type { Config } from "../../../shared/config/config.ts";
import type { RequestLog } from "../../../shared/http/log.ts";
import { stackKey } from "../signing.ts";
import { stack } from "../stack.ts";
import type { Protocol } from "./model-server.ts";

export type AskConfig = Config<(typeof ASK_VARIABLES)[number]>;

export interface Asking {
  logs: RequestLog[];
  request(path: string, init: RequestInit): Promise<Response>;
}

export interface AskingOptions {
  protocol?: Protocol;
  modelUrl?: string;
  /** How long a silent model is waited for. */
  silenceMs?: number;
  webSearch?: boolean;
  fetch?: typeof fetch;
}

export async function startAsking(options: AskingOptions = {}): Promise<Asking> {
  const { url, publishable_key, secret_key, issuer } = stack();
  const key = await stackKey();
  return askingWith({
    SUPABASE_URL: url,
    SUPABASE_PUBLISHABLE_KEYS: publishable_key,
    SUPABASE_SECRET_KEYS: secret_key,
    BUSYMATE_ISSUER: issuer,
    BUSYMATE_SIGNING_KEY: key as AskConfig["BUSYMATE_SIGNING_KEY"],
    ...modelConfig(options),
  }, options);
}

export function modelConfig({ protocol, modelUrl, webSearch }: AskingOptions) {
  return {
    BUSYBRO_PROVIDER: protocol ?? "offline",
    BUSYBRO_BASE_URL: modelUrl,
    BUSYBRO_MODEL: "scripted",
    BUSYBRO_API_KEY: "model-key",
    BUSYBRO_WEB_SEARCH: webSearch ? "1" : undefined,
  } as const;
}

export function askingWith(
  config: AskConfig,
  { silenceMs, fetch = globalThis.fetch }: AskingOptions,
): Asking {
  const logs: RequestLog[] = [];
  const runtime = { fetch, log: (line: RequestLog) => void logs.push(line) };
  const app = askApp(
    config,
    runtime,
    (brain) =>
      silenceMs === undefined
        ? brain
        : { ...brain, provider: configuredProvider(providerSettings(config), fetch, silenceMs) },
  );
  return {
    logs,
    request: async (path, init) => await app.request(`/ask${path}`, init),
  };
}

/** Asks for a stream. */
export function askRequest(
  asking: Asking,
  token: string,
  body: unknown,
  { signal, accept = "text/event-stream" }: { signal?: AbortSignal; accept?: string } = {},
): Promise<Response> {
  return asking.request("", {
    method: "POST",
    headers: {
      Authorization: `Bearer ${token}`,
      "Content-Type": "application/json",
      Accept: accept,
    },
    body: JSON.stringify(body),
    ...(signal && { signal }),
  });
}

/** A turn's events, all of them. */
export async function askAll(asking: Asking, token: string, body: unknown): Promise<AskEvent[]> {
  const response = await askRequest(asking, token, body);
  if (response.status !== 200) throw new Error(`ask: ${response.status} ${await response.text()}`);
  return eventsIn(await response.text());
}

/** The events in a stream's text. */
export function eventsIn(text: string): AskEvent[] {
  return text.split("\n\n").flatMap((block) => {
    const type = /^event: (.+)$/m.exec(block)?.[1];
    const data = /^data: (.+)$/m.exec(block)?.[1];
    return type && data ? [{ type, ...JSON.parse(data) } as AskEvent] : [];
  });
}

export function ofType<T extends AskEvent["type"]>(
  events: readonly AskEvent[],
  type: T,
): Extract<AskEvent, { type: T }>[] {
  return events.filter((event): event is Extract<AskEvent, { type: T }> => event.type === type);
}

/** The answer of a turn that ended well. */
export function answerOf(events: readonly AskEvent[]): string {
  const last = events.at(-1);
  if (last?.type !== "done") throw new Error(`the turn ended in ${JSON.stringify(last)}`);
  return last.answer;
}

/** Confirms a proposal. */
export function confirm(
  asking: Asking,
  token: string,
  id: string,
  args: unknown = {},
  headers: Record<string, string> = {},
): Promise<Response> {
  return asking.request(`/proposals/${id}`, {
    method: "POST",
    headers: { Authorization: `Bearer ${token}`, "Content-Type": "application/json", ...headers },
    body: JSON.stringify(args),
  });
}
