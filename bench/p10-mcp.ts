import { person } from "../scripts/person.ts";
import type { StackInfo } from "../scripts/stack-info.ts";
import type { Benchmark } from "./support/benchmark.ts";
import { compare, median, type Ratio, secondsOf } from "./support/ratio.ts";

const CALLER = "ada@busymate.test";
const DEVICES = 5;
const ROUNDS = 60;
/** The limit of the endpoint is 300 calls a minute a person, refilled as they go. */
const WARM_UP = 10;
const LIST_TOOL = { name: "list_devices", arguments: {} };
/** What list_devices reads. */
const SAME_ROWS = "devices?select=uuid,name,workspace_id,owner_user_id,os,model,app_version," +
  "connection_type,country,pac_port,last_seen_at,created_at," +
  "device_status(online,vpn_state,ip_country,last_heartbeat_at)&order=last_seen_at.desc&limit=51";

/** What an agent pays for asking through MCP, and for its list of tools. */
export const mcp: Benchmark = {
  id: "P10",
  title: "MCP: a call against the same REST call, the list of tools",
  async run({ stack, callers }) {
    await callers.devices(DEVICES);
    const token = await person(stack, CALLER).token();
    const ask = (method: string, params: object) => message(stack, token, method, params);
    const calls = await compare({
      rounds: ROUNDS,
      measured: () => secondsOf(() => ask("tools/call", LIST_TOOL)),
      reference: () => secondsOf(() => rest(stack, token)),
    });
    const lists: number[] = [];
    for (let round = -WARM_UP; round < ROUNDS; round++) {
      const seconds = await secondsOf(() => ask("tools/list", {}));
      if (round >= 0) lists.push(seconds);
    }
    return [
      {
        id: "P10",
        name: "tools/call list_devices ÷ the same rows by REST, p50",
        measured: milliseconds(calls.measured),
        reference: milliseconds(calls.reference),
        ratio: calls.ratio,
        rounds: calls.rounds,
        bounds: { better: "less", must: 10, aim: 4 },
      },
      inMilliseconds("tools/list, the default, p50", median(lists), 20, 5),
    ];
  },
};

const milliseconds = (seconds: number) => ({ value: seconds * 1000, unit: "ms" });

/** A time on its own: its ratio is that to a millisecond. */
function inMilliseconds(name: string, seconds: number, must: number, aim: number): Ratio {
  return {
    id: "P10",
    name,
    measured: milliseconds(seconds),
    reference: { value: 1, unit: "ms" },
    ratio: seconds * 1000,
    rounds: ROUNDS,
    bounds: { better: "less", must, aim },
  };
}

/** One message, answered without an error, or the benchmark is about something else. */
async function message({ issuer }: StackInfo, token: string, method: string, params: object) {
  const response = await fetch(issuer, {
    method: "POST",
    headers: {
      "Content-Type": "application/json",
      Accept: "application/json, text/event-stream",
      Authorization: `Bearer ${token}`,
    },
    body: JSON.stringify({ jsonrpc: "2.0", id: 1, method, params }),
  });
  const { result } = await response.json() as { result?: { isError?: boolean } };
  if (!result || result.isError) throw new Error(`${method} answered ${response.status}`);
}

async function rest({ url, publishable_key }: StackInfo, token: string) {
  const response = await fetch(`${url}/rest/v1/${SAME_ROWS}`, {
    headers: { apikey: publishable_key, Authorization: `Bearer ${token}` },
  });
  const rows = await response.json();
  if (!response.ok || !Array.isArray(rows) || rows.length === 0) {
    throw new Error(`REST answered ${response.status}`);
  }
}
