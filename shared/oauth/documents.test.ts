import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import { fetchDocument, isDocumentId } from "./documents.ts";
import { network } from "./network.ts";
import type { Network } from "./network.ts";

const ID = "https://app.example/oauth/client.json";
const PUBLIC = "93.184.215.14";
const GOOD = { client_id: ID, client_name: "App", redirect_uris: ["https://app.example/cb"] };

/** An internet of one host; remembers whom it was asked to connect to. */
function internet(
  addresses: string[],
  page: { status?: number; headers?: Record<string, string>; body?: string } = {},
) {
  const connected: string[] = [];
  const fake: Network = {
    resolve: () => Promise.resolve(addresses),
    get(_url, address) {
      connected.push(address);
      const { status = 200, headers = {}, body = JSON.stringify(GOOD) } = page;
      return Promise.resolve({
        status,
        headers: new Headers({ "content-type": "application/json", ...headers }),
        body: new Response(body).body!,
      });
    },
  };
  return { fake, connected };
}

function fetchFrom(fake: Network, id = ID, allowLoopback = false) {
  return fetchDocument(id, { network: fake, allowLoopback }, new AbortController().signal);
}

const REFUSED = { code: "invalid_client_metadata" };

describe("R14 a client document", () => {
  it("is fetched from an address that was looked at", async () => {
    const { fake, connected } = internet([PUBLIC, "2606:4700::1"]);
    const { metadata } = await fetchFrom(fake);
    expect(metadata).toMatchObject({ ...GOOD, token_endpoint_auth_method: "none" });
    expect(connected).toEqual([PUBLIC]);
  });

  it.each([
    [["127.0.0.1"]],
    [["10.1.2.3"]],
    [["169.254.169.254"]],
    [["::1"]],
    [["::ffff:127.0.0.1"]],
    [["fd00:ec2::254"]],
    [[PUBLIC, "127.0.0.1"]],
    [["127.0.0.1", PUBLIC]],
    [[PUBLIC, "::1"]],
    [[]],
  ])("is not fetched from a name with the addresses %j", async (addresses) => {
    const { fake, connected } = internet(addresses);
    await expect(fetchFrom(fake)).rejects.toMatchObject(REFUSED);
    expect(connected).toEqual([]);
  });

  it("is not fetched from where the name leads at the second look", async () => {
    let looks = 0;
    const { fake, connected } = internet([]);
    fake.resolve = () => Promise.resolve(looks++ === 0 ? [PUBLIC] : ["127.0.0.1"]);
    await fetchFrom(fake);
    expect({ looks, connected }).toEqual({ looks: 1, connected: [PUBLIC] });
  });

  it.each([
    "https://127.0.0.1/c.json",
    "https://10.0.0.1/c.json",
    "https://169.254.169.254/latest/meta-data",
    "https://[::1]/c.json",
    "https://[::ffff:a9fe:a9fe]/c.json",
    "https://[fd00::1]/c.json",
  ])("is not fetched from the address in %s, whatever a resolver makes of it", async (id) => {
    const { fake, connected } = internet([PUBLIC]);
    await expect(fetchFrom(fake, id)).rejects.toMatchObject(REFUSED);
    expect(connected).toEqual([]);
  });

  it.each([
    "http://app.example/client.json",
    "https://app.example",
    "https://app.example/",
    "https://app.example/client.json?x=1",
    "https://app.example/client.json#x",
    "https://user@app.example/client.json",
    "https://user:password@app.example/client.json",
    "https://app.example/x/../client.json",
    "https://app.example:443/client.json",
    "https://APP.example/client.json",
    "HTTPS://app.example/client.json",
    "https://127.1/client.json",
    "https://0x7f.0.0.1/client.json",
    "https://2130706433/client.json",
    "https://app.example\\@127.0.0.1/client.json",
    "https:app.example/client.json",
    "http://localhost:4777/client.json",
    "https://",
  ])("is not looked for at %s", async (id) => {
    const { fake, connected } = internet([PUBLIC]);
    expect(isDocumentId(id)).toBe(true);
    await expect(fetchFrom(fake, id)).rejects.toMatchObject(REFUSED);
    expect(connected).toEqual([]);
  });

  it.each<[string, Parameters<typeof internet>[1]]>([
    ["redirects", { status: 302, headers: { location: "http://169.254.169.254/" } }],
    ["is not there", { status: 404 }],
    ["was not modified", { status: 304, body: "" }],
    ["is not JSON by its type", { headers: { "content-type": "text/html" } }],
    ["is not JSON", { body: "<html>" }],
    ["is empty", { body: "" }],
    ["is larger than 10 kB", { body: JSON.stringify({ ...GOOD, pad: "x".repeat(10_240) }) }],
    ["nests too deep", { body: "[".repeat(5_000) }],
    ["is a list", { body: "[]" }],
    ["names another client", { body: JSON.stringify({ ...GOOD, client_id: `${ID}/x` }) }],
    ["has no name", { body: JSON.stringify({ ...GOOD, client_name: undefined }) }],
    ["has no redirect URI", { body: JSON.stringify({ ...GOOD, redirect_uris: [] }) }],
    ["has a bad one", { body: JSON.stringify({ ...GOOD, redirect_uris: ["javascript:x"] }) }],
    ["publishes a secret", { body: JSON.stringify({ ...GOOD, client_secret: "s" }) }],
    ["wants a secret", {
      body: JSON.stringify({ ...GOOD, token_endpoint_auth_method: "client_secret_basic" }),
    }],
  ])("is refused when it %s", async (_, page) => {
    await expect(fetchFrom(internet([PUBLIC], page).fake)).rejects.toMatchObject(REFUSED);
  });

  it.each([
    [undefined, 60],
    ["no-store", 60],
    ["max-age=5", 60],
    ["public, max-age=3600", 3_600],
    ["max-age=999999999", 86_400],
    ["s-maxage=7200", 60],
  ])("with Cache-Control %s is kept %d seconds", async (value, seconds) => {
    const page = value ? { headers: { "cache-control": value } } : {};
    expect((await fetchFrom(internet([PUBLIC], page).fake)).freshSeconds).toBe(seconds);
  });

  it("is on this machine only with the switch of development", async () => {
    const id = "http://localhost:4777/client.json";
    const page = { body: JSON.stringify({ ...GOOD, client_id: id }) };
    const { fake, connected } = internet(["127.0.0.1"], page);
    await expect(fetchFrom(fake, id)).rejects.toMatchObject(REFUSED);
    await fetchFrom(fake, id, true);
    expect(connected).toEqual(["127.0.0.1"]);
    // The switch is for loopback by name, not for names that lead there.
    await expect(fetchFrom(fake, ID, true)).rejects.toMatchObject(REFUSED);
  });

  it("is given up when its host does not answer", async () => {
    const slow: Network = {
      resolve: () => new Promise(() => {}),
      get: () => Promise.reject(new Error("not reached")),
    };
    const started = performance.now();
    await expect(fetchFrom(slow)).rejects.toMatchObject(REFUSED);
    expect(performance.now() - started).toBeLessThan(7_000);
  }, 10_000);
});

describe("the network", () => {
  let close = () => {};
  afterEach(() => close());

  it("connects to the address it is given, asks for the name, and follows nothing", async () => {
    const seen: (string | undefined)[] = [];
    const server = createServer((req, res) => {
      seen.push(req.headers.host, req.url);
      res.writeHead(302, { location: "http://127.0.0.1/elsewhere" }).end();
    });
    await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
    close = () => void server.close();
    const { port } = server.address() as AddressInfo;
    const url = new URL(`http://name.invalid:${port}/client.json`);
    const answer = await network.get(url, "127.0.0.1", AbortSignal.timeout(5_000));
    await answer.body.cancel();
    expect(answer.status).toBe(302);
    expect(seen).toEqual([`name.invalid:${port}`, "/client.json"]);
  });

  it("resolves every address of a name", async () => {
    expect(await network.resolve("localhost")).toEqual(expect.arrayContaining(["127.0.0.1"]));
  });
});
