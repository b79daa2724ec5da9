import { and, followEntries, printFilter, where } from "busymate-client";
import { ingestClient } from "../capture/ingest.ts";
import { BINARY, GZIPPED_TEXT, startOrigin } from "../capture/origin.ts";
import { startCaptureProxy } from "../capture/proxy.ts";
import { fetchThroughProxy, type ProxiedRequest } from "../capture/through-proxy.ts";
import { Uploader } from "../capture/uploader.ts";
import { deviceOf } from "../device.ts";
import { askBusyBro, askByMcp } from "./agents.ts";
import { connectApp } from "./app.ts";
import { ensure, type Step, until, type World } from "./world.ts";

const DEVICE_NAME = "demo-proxy";
const ARRIVAL_TIMEOUT_MS = 15_000;
const POSTED = JSON.stringify({ item: 7, note: "grün" });

/** What is sent through the proxy, and the status that its origin answers with. */
const TRAFFIC: { path: string; secure: boolean; status: number; request?: ProxiedRequest }[] = [
  { path: "/hello?from=http", secure: false, status: 200 },
  { path: "/broken", secure: false, status: 503 },
  { path: "/hello?from=https", secure: true, status: 200 },
  {
    path: "/orders",
    secure: true,
    status: 200,
    request: {
      method: "POST",
      headers: { "content-type": "application/json", authorization: "Bearer demo" },
      body: POSTED,
    },
  },
  { path: "/gzip", secure: true, status: 200 },
  { path: "/binary", secure: true, status: 200 },
  { path: "/cookies", secure: true, status: 200 },
];

const signIn: Step = {
  title: "Sign in and exchange the session for the one token",
  async run({ owner, say }) {
    const token = await owner.token();
    say(`${owner.email} holds a token of ${token.length} characters`);
  },
};

const pair: Step = {
  title: "Pair a device",
  async run(world) {
    world.device = await deviceOf(world.stack, world.dataDir, world.owner, DEVICE_NAME);
    world.say(`${DEVICE_NAME} is ${world.device.device_uuid}`);
  },
};

const startProxy: Step = {
  title: "Start the capture proxy and a website to visit",
  async run(world) {
    world.origin = await startOrigin();
    world.onEnd(() => world.origin.stop());
    world.uploader = new Uploader({
      ingest: ingestClient(world.stack.url, world.device.token),
      onLost: (count, reason) => world.troubles.push(`${count} entries lost: ${reason}`),
      onRetry: (reason) => world.troubles.push(`ingest: ${reason}`),
    });
    world.onEnd(() => world.uploader.stop());
    world.proxy = await startCaptureProxy({
      insecureHosts: ["localhost"],
      onError: (error) => world.troubles.push(`proxy: ${String(error)}`),
      onEntry: (entry) => {
        world.captured.set(entry.request_id, { entry, at: performance.now() });
        world.uploader.add(entry);
      },
    });
    world.onEnd(() => world.proxy.stop());
    world.say(`proxy ${world.proxy.url}, website ${world.origin.httpUrl} ${world.origin.httpsUrl}`);
  },
};

const subscribe: Step = {
  title: "Subscribe to the workspace's channel",
  async run(world) {
    let subscribed = false;
    let caughtUp = false;
    const feed = followEntries(world.owner.client, {
      workspaceId: world.owner.workspaceId,
      onEntries: (entries) => {
        for (const entry of entries) {
          const captured = world.captured.get(entry.request_id);
          if (!captured) continue;
          const latencyMs = Math.round(performance.now() - captured.at);
          world.arrivals.set(entry.request_id, { entry, latencyMs });
        }
      },
      onState: (state) => {
        if (state.kind === "subscribed") subscribed = true;
        if (state.kind === "caught-up") caughtUp = true;
        if (state.kind === "disconnected") world.troubles.push(`realtime: ${state.reason}`);
        if (state.kind === "error") world.troubles.push(`feed: ${String(state.error)}`);
      },
    });
    world.onEnd(() => feed.stop());
    await until(
      () => subscribed && caughtUp,
      ARRIVAL_TIMEOUT_MS,
      () => `no subscription to ws:${world.owner.workspaceId}: ${world.troubles.join("; ")}`,
    );
    world.say(`ws:${world.owner.workspaceId}`);
  },
};

const browse: Step = {
  title: "Send real requests through the proxy",
  async run(world) {
    for (const { path, secure, status, request } of TRAFFIC) {
      const base = secure ? world.origin.httpsUrl : world.origin.httpUrl;
      const response = await fetchThroughProxy(world.proxy, base + path, request);
      const what = `${request?.method ?? "GET"} ${base}${path}`;
      ensure(response.status === status, `${what} answered ${response.status}, not ${status}`);
      world.say(`${response.status} ${what} (${response.body.length} bytes)`);
    }
    await until(
      () => world.captured.size >= TRAFFIC.length,
      ARRIVAL_TIMEOUT_MS,
      () => `the proxy recorded ${world.captured.size} of ${TRAFFIC.length} exchanges`,
    );
  },
};

const watch: Step = {
  title: "See them arrive live",
  async run(world) {
    await until(
      () => world.arrivals.size >= TRAFFIC.length,
      ARRIVAL_TIMEOUT_MS,
      () => `${world.arrivals.size} of ${TRAFFIC.length} arrived: ${world.troubles.join("; ")}`,
    );
    const arrivals = [...world.arrivals.values()];
    for (const { entry, latencyMs } of arrivals) {
      const { via, status, method, host, path } = entry;
      world.say(
        `${String(latencyMs).padStart(5)} ms ${via.padEnd(8)} ${status} ${method} ${host}${path}`,
      );
    }
    const live = arrivals.filter(({ entry }) => entry.via === "live");
    ensure(live.length > 0, "nothing came over Realtime; all was read by catch-up");
  },
};

const readByRest: Step = {
  title: "Read them back by REST",
  async run({ owner, captured, say }) {
    const ids = [...captured.keys()];
    const table = await owner.client.supabase.from("entries").select("id,request_id,url,status")
      .in("request_id", ids);
    ensure(!table.error, `GET /rest/v1/entries: ${table.error?.message}`);
    ensure(
      table.data.length === ids.length,
      `the table shows ${table.data.length} of ${ids.length}`,
    );
    say(`GET /rest/v1/entries: ${table.data.length} rows`);
    const filter = and(where("host", "eq", "localhost"), where("status", "gte", 500));
    let found = 0;
    for await (const entry of owner.client.entries({ workspaceId: owner.workspaceId, filter })) {
      if (captured.has(entry.request_id)) found += 1;
    }
    ensure(found === 1, `the filter ${printFilter(filter)} shows ${found} entries, not 1`);
    say(`entries_filtered_list with ${printFilter(filter)}: ${found} of them`);
  },
};

const readBodies: Step = {
  title: "Read one entry with its body",
  async run(world) {
    const posted = await payloadOf(world, "/orders");
    ensure(
      posted.requestBody === POSTED,
      `the posted body is ${JSON.stringify(posted.requestBody)}`,
    );
    const unpacked = await payloadOf(world, "/gzip");
    ensure(unpacked.responseBody === GZIPPED_TEXT, "the gzip answer did not come back unpacked");
    const binary = await payloadOf(world, "/binary");
    const { text = "", encoding } = binary.responseBody as { text?: string; encoding?: string };
    const bytes = Buffer.from(text, "base64");
    ensure(encoding === "base64" && bytes.equals(BINARY), "the binary answer came back changed");
    world.say(`get_entry: ${POSTED} posted, gzip unpacked, ${bytes.length} binary bytes intact`);
  },
};

const fence: Step = {
  title: "Nobody else sees them",
  async run({ stack, stranger, captured, arrivals, say }) {
    const ids = [...captured.keys()];
    const rows = await stranger.client.supabase.from("entries").select("id").in("request_id", ids);
    ensure(!rows.error, `GET /rest/v1/entries as ${stranger.email}: ${rows.error?.message}`);
    ensure(rows.data.length === 0, `${stranger.email} sees ${rows.data.length} entries`);
    const [arrival] = arrivals.values();
    ensure(arrival !== undefined, "nothing arrived");
    const one = await stranger.client.supabase.rpc("get_entry", { id: arrival.entry.id });
    ensure(
      !one.error && one.data === null,
      `${stranger.email} can read an entry of another workspace`,
    );
    say(`${stranger.email} sees none of them`);
    const anonymous = await fetch(`${stack.url}/rest/v1/entries?limit=1`, {
      headers: { apikey: stack.publishable_key },
    });
    await anonymous.body?.cancel();
    ensure(anonymous.status === 401, `without a token REST answers ${anonymous.status}, not 401`);
    say("without a token REST answers 401");
  },
};

/** In order; each relies on those before it. */
export const STEPS: readonly Step[] = [
  signIn,
  pair,
  startProxy,
  subscribe,
  browse,
  watch,
  readByRest,
  readBodies,
  askByMcp,
  askBusyBro,
  connectApp,
  fence,
];

async function payloadOf(world: World, path: string): Promise<Record<string, unknown>> {
  const arrival = [...world.arrivals.values()].find(({ entry }) => entry.path === path);
  ensure(arrival !== undefined, `no entry for ${path} arrived`);
  const { data, error } = await world.owner.client.supabase.rpc("get_entry", {
    id: arrival.entry.id,
  });
  ensure(!error, `get_entry: ${error?.message}`);
  ensure(data !== null, `get_entry shows nothing for ${path}`);
  return (data as unknown as { payload: Record<string, unknown> }).payload;
}
