// The capture client against the backend, with a line between them that the test can cut.

import {
  createServer,
  type IncomingMessage,
  request,
  type Server,
  type ServerResponse,
} from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, expect, it } from "vitest";
import type { CapturedEntry } from "../../scripts/capture/exchange.ts";
import { ingestClient } from "../../scripts/capture/ingest.ts";
import { BINARY, GZIPPED_TEXT, startOrigin } from "../../scripts/capture/origin.ts";
import { startCaptureProxy } from "../../scripts/capture/proxy.ts";
import { fetchThroughProxy } from "../../scripts/capture/through-proxy.ts";
import { Uploader } from "../../scripts/capture/uploader.ts";
import { stack } from "../support/stack.ts";
import { database, newDevice, newPerson } from "../support/world.ts";

const endings: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const end of endings.splice(0).reverse()) await end();
});

type Line = "open" | "dead" | "busy" | "deaf";

/** Forwards to the stack; dead drops connections, busy answers 503, deaf delivers and loses the answer. */
async function startLine() {
  const line = { state: "open" as Line, requests: 0, url: "" };
  const server: Server = createServer((incoming, outgoing) => {
    line.requests += 1;
    if (line.state === "dead") return void incoming.destroy();
    if (line.state === "busy") {
      outgoing.writeHead(503, { "retry-after": "1", "content-type": "application/json" });
      return void outgoing.end('{"error":{"code":"unavailable","message":"a part is down"}}');
    }
    forward(incoming, outgoing, line.state === "deaf");
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  endings.push(() =>
    new Promise((resolve) => {
      server.closeAllConnections();
      server.close(resolve);
    })
  );
  line.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return line;
}

function forward(incoming: IncomingMessage, outgoing: ServerResponse, loseAnswer: boolean): void {
  const onward = request(new URL(incoming.url ?? "/", stack().url), {
    method: incoming.method,
    headers: { ...incoming.headers, host: new URL(stack().url).host },
  }, (answer) => {
    if (loseAnswer) return void answer.on("end", () => outgoing.destroy()).resume();
    outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
    answer.pipe(outgoing);
  });
  onward.on("error", () => outgoing.destroy());
  incoming.pipe(onward);
}

async function startCapture() {
  const person = await newPerson();
  const device = await newDevice(person);
  const line = await startLine();
  const origin = await startOrigin();
  endings.push(origin.stop);
  const captured: CapturedEntry[] = [];
  const uploader = new Uploader({
    ingest: ingestClient(line.url, device.token),
    random: () => 0.1,
  });
  endings.push(() => uploader.stop(0));
  const proxy = await startCaptureProxy({
    insecureHosts: ["localhost"],
    onError: (error) => {
      throw error;
    },
    onEntry: (entry) => {
      captured.push(entry);
      uploader.add(entry);
    },
  });
  endings.push(proxy.stop);
  return { person, device, line, origin, proxy, uploader, captured };
}

it("stores what passes through the proxy, by HTTP and HTTPS, with the bodies as they were", async () => {
  const { person, origin, proxy, uploader, captured } = await startCapture();
  await fetchThroughProxy(proxy, `${origin.httpUrl}/gzip`);
  await fetchThroughProxy(proxy, `${origin.httpsUrl}/binary`);
  await fetchThroughProxy(proxy, `${origin.httpsUrl}/orders?x=1`, {
    method: "POST",
    body: "naïve",
  });
  await fetchThroughProxy(proxy, `${origin.httpsUrl}/cookies`);
  await expect.poll(() => captured.length).toBe(4);
  expect(await uploader.stop()).toMatchObject({ accepted: 4, rejected: 0, dropped: 0 });

  const { data: rows } = await person.client.from("entries")
    .select("id,method,host,path,status,is_secure,source").order("ts");
  expect(rows).toMatchObject([
    { method: "GET", host: "localhost", path: "/gzip", status: 200, is_secure: false },
    { method: "GET", host: "localhost", path: "/binary", status: 200, is_secure: true },
    { method: "POST", host: "localhost", path: "/orders", status: 200, source: "proxy" },
    { path: "/cookies" },
  ]);
  const { data: entries } = await person.client.rpc("get_entries", {
    ids: rows?.map(({ id }) => id as string),
  });
  const [gzip, binary, orders, cookies] = entries.map(({ payload }: { payload: unknown }) =>
    payload
  );
  expect(gzip.responseBody).toBe(GZIPPED_TEXT);
  expect(binary.responseBody)
    .toEqual({ text: Buffer.from(BINARY).toString("base64"), encoding: "base64" });
  expect(orders).toMatchObject({ requestBody: "naïve", responseBody: "naïve" });
  expect(cookies.responseHeaders.filter(([name]: [string]) => name.toLowerCase() === "set-cookie"))
    .toEqual([["set-cookie", "a=1; Path=/"], ["set-cookie", "b=2; Path=/"]]);
});

it("records a destination that does not answer, and passes the failure on", async () => {
  const { proxy, captured } = await startCapture();
  const { status } = await fetchThroughProxy(proxy, "http://localhost:9/");
  expect(status).toBe(502);
  await expect.poll(() => captured.length).toBe(1);
  expect(captured[0]?.payload).toMatchObject({ statusCode: 502, error: "ECONNREFUSED" });
});

it("listens on this machine alone", async () => {
  const { proxy } = await startCapture();
  expect(new URL(proxy.url).hostname).toBe("127.0.0.1");
  await expect(fetch(`http://[::1]:${proxy.port}/`)).rejects.toThrow();
});

it("loses nothing and stores nothing twice while its line is dead, busy, and deaf", async () => {
  const { device, line, origin, proxy, uploader, captured } = await startCapture();
  const states: Line[] = ["dead", "busy", "deaf", "open", "deaf", "dead", "open"];
  let visits = 0;
  for (const state of states) {
    line.state = state;
    for (let visit = 0; visit < 10; visit++) {
      await fetchThroughProxy(proxy, `${origin.httpUrl}/page-${visits++}`);
    }
    const before = line.requests;
    await expect.poll(() => line.requests, { timeout: 10_000 }).toBeGreaterThan(before);
  }
  await expect.poll(() => captured.length).toBe(visits);
  const counts = await uploader.stop(20_000);
  expect(counts).toMatchObject({ buffered: 0, dropped: 0, rejected: 0 });
  expect(counts.accepted + counts.duplicates).toBe(visits);
  expect(counts.duplicates).toBeGreaterThan(0);
  const stored = await database()<{ request_id: string }[]>`
    select request_id from public.entries where device_uuid = ${device.uuid}`;
  expect(stored.map(({ request_id }) => request_id).sort())
    .toEqual(captured.map(({ request_id }) => request_id).sort());
}, 60_000);
