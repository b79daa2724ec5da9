import { createServer, type RequestListener, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import { probe } from "./probe.ts";
import { stateOf, unitState } from "./units.ts";

const servers: Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) {
    server.close();
    server.closeAllConnections();
  }
});

/** A component on a port of its own. */
async function serve(answer: RequestListener): Promise<string> {
  const server = createServer(answer);
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** Patient, unless it is the patience that is tested. */
const look = (url: string, more: object = {}, timeoutMs = 10_000) =>
  probe({ key: "x", label: "X", core: true, url, ...more }, timeoutMs);

describe("a probed component", () => {
  it("is up when it answers 2xx, with how long that took", async () => {
    const url = await serve((_, response) => setTimeout(() => response.end("ok"), 30));
    const seen = await look(url);
    expect(seen).toMatchObject({ key: "x", label: "X", core: true, up: true, http_status: 200 });
    expect(seen).toMatchObject({ error: null, unit_state: null, version: null, build: null });
    expect(seen.latency_ms).toBeGreaterThanOrEqual(25);
    expect(Date.now() - Date.parse(seen.checked_at)).toBeLessThan(5_000);
  });

  it("is down when it answers anything else", async () => {
    const url = await serve((_, response) => response.writeHead(503).end());
    expect(await look(url)).toMatchObject({ up: false, http_status: 503, error: "answered 503" });
  });

  it("is down when nothing listens", async () => {
    const url = await serve(() => {});
    servers.pop()!.close();
    expect(await look(url)).toMatchObject({
      up: false,
      http_status: null,
      latency_ms: null,
      error: "ECONNREFUSED",
    });
  });

  it("is down when it does not answer in time, and holds nobody up longer", async () => {
    const url = await serve(() => {});
    const started = performance.now();
    expect(await look(url, {}, 300))
      .toMatchObject({ up: false, error: "no answer within 300 ms" });
    expect(performance.now() - started).toBeLessThan(5_000);
  });

  it("is down when it redirects in circles", async () => {
    const url = await serve((request, response) =>
      response.writeHead(302, { Location: request.url! }).end()
    );
    expect(await look(url)).toMatchObject({ up: false, http_status: null });
  });

  it("tells what is deployed from a version.json, of one component or of the whole", async () => {
    const file = { version: "2.0.0", build: 9, components: { x: { version: "1.4.0", build: 5 } } };
    const url = await serve((_, response) => response.end(JSON.stringify(file)));
    expect(await look(url, { version: { url, component: "x" } }))
      .toMatchObject({ version: "1.4.0", build: 5 });
    expect(await look(url, { version: { url } })).toMatchObject({ version: "2.0.0", build: 9 });
    expect(await look(url, { version: { url, component: "y" } }))
      .toMatchObject({ up: true, version: null, build: null });
  });

  it("stays up when its version.json is missing, broken or slow", async () => {
    const url = await serve((_, response) => response.end("ok"));
    const missing = await serve((_, response) => response.writeHead(404).end("{}"));
    const slow = await serve(() => {});
    for (const version of [url, missing, slow]) {
      expect(await look(url, { version: { url: version } }, 1_000), version)
        .toMatchObject({ up: true, version: null, build: null });
    }
  });
});

describe("a unit's state", () => {
  it("is systemd's ActiveState, null for a unit that is not there", () => {
    expect(stateOf("LoadState=loaded\nActiveState=failed\n")).toBe("failed");
    expect(stateOf("ActiveState=active\nLoadState=loaded\n")).toBe("active");
    expect(stateOf("LoadState=not-found\nActiveState=inactive\n")).toBeNull();
    expect(stateOf("")).toBeNull();
  });

  it("is null for a unit this machine does not have, with systemd or without", async () => {
    expect(await unitState(`busymate-test-${process.pid}.service`)).toBeNull();
  });
});
