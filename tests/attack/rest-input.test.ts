// Whatever is thrown at REST, Auth and the gateway is answered, and soon; afterwards all still works.

import { randomUUID } from "node:crypto";
import { connect } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { rest, rpc } from "../support/rest.ts";
import { stack } from "../support/stack.ts";
import {
  call,
  database,
  type Device,
  exchangeOf,
  ingest,
  newDevice,
  newPerson,
  type Person,
} from "../support/world.ts";

const MIB = 1_048_576;
let ann: Person;
let device: Device;

beforeAll(async () => {
  ann = await newPerson();
  device = await newDevice(ann);
});

/** After everything: each surface does its work. */
afterAll(async () => {
  const entry = exchangeOf();
  expect(await ingest(device, [entry])).toMatchObject({ accepted: 1 });
  const page = await rpc<{ request_id: string }[]>(ann.token, "entries_filtered_list", {});
  expect(page.body[0]!.request_id).toBe(entry.request_id);
  expect((await call("/functions/v1/api/version", null)).status).toBe(200);
  expect((await newPerson()).token).toBeTruthy();
});

async function statusOf(response: Promise<Response>): Promise<number> {
  const answer = await response;
  const text = await answer.text();
  expect(text).not.toMatch(/\n\s+at .*:\d+:\d+/);
  return answer.status;
}

/** Sends bytes as they are and gives back what comes, until the connection ends or it is late. */
async function raw(bytes: string | Uint8Array, milliseconds = 3_000): Promise<string> {
  const { hostname, port } = new URL(stack().url);
  return await new Promise((resolve) => {
    let answer = "";
    const socket = connect(Number(port), hostname, () => socket.write(bytes));
    socket.setTimeout(milliseconds, () => socket.destroy());
    socket.on("data", (chunk) => (answer += chunk.toString("latin1")));
    socket.on("error", () => {});
    socket.on("close", () => resolve(answer));
  });
}

const head = (path: string, more: string[] = [], method = "POST", token = device.token) =>
  [
    `${method} ${path} HTTP/1.1`,
    "host: busymate",
    `apikey: ${stack().publishable_key}`,
    `authorization: Bearer ${token}`,
    "content-type: application/json",
    ...more,
    "",
    "",
  ].join("\r\n");

describe("a body that is wrong", () => {
  const bodies: [string, string | Uint8Array][] = [
    ["nothing", ""],
    ["no JSON", "{"],
    ["another type", '"x"'],
    ["null", "null"],
    ["a number", "1e999"],
    ["invalid UTF-8", new Uint8Array([0x7b, 0x22, 0xff, 0xfe, 0x22, 0x7d])],
    ["NUL in a name", '{"entries\\u0000":[]}'],
    ["a lone surrogate", '{"entries":"\\ud800"}'],
    ["a prototype", '{"__proto__":{"entries":[]},"constructor":{"prototype":{}}}'],
    ["nesting", `{"entries":${"[".repeat(50_000)}${"]".repeat(50_000)}}`],
    ["compressed bytes", gzipSync("x".repeat(1000))],
  ];

  it.each(bodies)("(%s) is answered with 4xx by every surface", async (_, body) => {
    const targets: [string, string | null][] = [
      ["/rest/v1/entries", device.token],
      ["/rest/v1/rpc/ingest_entries", device.token],
      ["/rest/v1/rpc/entries_filtered_list", ann.token],
      ["/rest/v1/devices", ann.token],
      ["/functions/v1/ingest", device.token],
      ["/functions/v1/device-pair", null],
      ["/auth/v1/token?grant_type=password", null],
      ["/auth/v1/signup", null],
    ];
    for (const [path, token] of targets) {
      const headers = { "Content-Type": "application/json" };
      const status = await statusOf(call(path, token, { method: "POST", body, headers }));
      // PostgREST takes what is neither a list nor an object for no rows, and an empty call of a
      // function without required arguments is a good one.
      const nothing = path.startsWith("/rest/v1/") &&
        ["", "null", '"x"', "1e999"].includes(`${body}`);
      const expected = (status >= 400 && status < 500) || (nothing && status < 300);
      expect([path, status, expected]).toEqual([path, status, true]);
    }
  });

  it("of elements is told apart from good ones by the batch function itself", async () => {
    const good = exchangeOf();
    const bad = [
      null,
      1,
      "x",
      [],
      {},
      { ...exchangeOf(), request_id: null },
      { ...exchangeOf(), request_id: "x".repeat(201) },
      { ...exchangeOf(), ts: null },
      { ...exchangeOf(), ts: 1_700_000_000 },
      { ...exchangeOf(), ts: "1969-01-01T00:00:00Z" },
      { ...exchangeOf(), ts: "99999-01-01T00:00:00Z" },
      { ...exchangeOf(), ts: "infinity" },
      { ...exchangeOf(), ts: "now" },
      { ...exchangeOf(), device_uuid: "me" },
      { ...exchangeOf(), device_uuid: randomUUID() },
      { ...exchangeOf(), kind: "other" },
      { ...exchangeOf(), source: "usb" },
      { ...exchangeOf(), payload: "text" },
    ];
    const answer = await rpc<{ accepted: number; rejected: { index: number; code: string }[] }>(
      device.token,
      "ingest_entries",
      { entries: [...bad, good] },
    );
    expect(answer.status).toBe(200);
    expect(answer.body.accepted).toBe(1);
    expect(answer.body.rejected.map(({ index }) => index)).toEqual(bad.map((_, index) => index));
    for (const { code } of answer.body.rejected) expect(code).toMatch(/^(invalid_|unknown_device)/);
  });

  it("of fields of any type is taken in or refused, never a fault", async () => {
    const odd = [null, true, -1, 1e308, "x", "", [], {}, [[]], [null], { a: [] }, "\u{10ffff}"];
    const fields = [
      "method",
      "url",
      "statusCode",
      "duration",
      "requestSize",
      "responseSize",
      "isSecure",
      "host",
      "requestHeaders",
      "responseHeaders",
      "requestBody",
      "responseBody",
      "os",
      "deviceCountry",
      "source",
      "error",
      "timestamp",
      "resentFrom",
      "__proto__",
      "constructor",
    ];
    const entries = fields.flatMap((field) =>
      odd.map((value) => ({
        ...exchangeOf(),
        payload: JSON.parse(`{${JSON.stringify(field)}:${JSON.stringify(value)}}`),
      }))
    );
    for (const surface of ["/functions/v1/ingest", "/rest/v1/rpc/ingest_entries"]) {
      const answer = await call(surface, device.token, {
        method: "POST",
        body: JSON.stringify({ entries }),
      });
      const text = await answer.text();
      expect([surface, answer.status, text.slice(0, 200)]).toEqual([
        surface,
        200,
        expect.anything(),
      ]);
    }
    const read = await rpc<unknown[]>(ann.token, "entries_filtered_list", { page_size: 500 });
    expect(read.status).toBe(200);
    const ids = (read.body as { id: string }[]).map(({ id }) => id);
    for (const person of [ann, await newPerson("admin")]) {
      expect((await rpc(person.token, "get_entries", { ids })).status).toBe(200);
    }
  });

  it("of 501 entries is refused by the batch function", async () => {
    for (const entries of [[], Array(501).fill({}), {}, null]) {
      expect((await rpc(device.token, "ingest_entries", { entries })).status).toBe(400);
    }
  });

  it("of many megabytes is answered", async () => {
    const body = JSON.stringify({
      entries: [exchangeOf({}, { responseBody: "x".repeat(6 * MIB) })],
    });
    expect(await statusOf(call("/functions/v1/ingest", device.token, { method: "POST", body })))
      .toBe(413);
    // PostgREST has no limit of its own: the body is cut where it is stored.
    const stored = await call("/rest/v1/rpc/ingest_entries", device.token, {
      method: "POST",
      body,
    });
    expect(await stored.json()).toMatchObject({ accepted: 1 });
    const [row] = await database()`
      select max(octet_length(response_body))::int as most from private.entry_payloads p
      join public.entries e on e.id = p.id and e.ts = p.ts where e.device_uuid = ${device.uuid}`;
    expect(row!["most"]).toBe(MIB);
  });
});

describe("a request that is wrong", () => {
  it("in its line, its headers or their number is answered", async () => {
    const many = Array.from({ length: 5_000 }, (_, n) => `x-${n}: ${n}`);
    const [badLine, tooMany, long, control, split] = await Promise.all([
      raw("BREW /pot HTCPCP/1.0\r\n\r\n"),
      raw(head("/rest/v1/entries", many, "GET")),
      raw(head(`/rest/v1/entries?select=${"a,".repeat(20_000)}`, [], "GET")),
      raw(head("/rest/v1/entries", ["x-bad: a\u0001b"], "GET")),
      raw(head("/rest/v1/entries", ["x-split: a\r\n b"], "GET")),
    ]);
    for (const answer of [badLine, tooMany, long, control, split]) {
      expect(answer).toMatch(/^HTTP\/1\.1 4\d\d /);
    }
  });

  it("of two lengths, or of a length and chunks, is not passed on", async () => {
    const two = await raw(
      `${head("/functions/v1/ingest", ["content-length: 2", "content-length: 3"])}{}`,
    );
    expect(two).toMatch(/^HTTP\/1\.1 400 /);
    const both = await raw(
      `${
        head("/functions/v1/ingest", ["content-length: 2", "transfer-encoding: chunked"])
      }0\r\n\r\n`,
    );
    expect(both).toMatch(/^HTTP\/1\.1 4\d\d /);
  });

  it("whose path or query is no text is answered", async () => {
    for (
      const path of [
        "/rest/v1/%00",
        "/rest/v1/%ff%fe",
        "/rest/v1/entries?select=%00",
        "/rest/v1/entries?id=eq.%27%3B--",
        "/rest/v1/../../etc/passwd",
        "/rest/v1/entries?limit=-1",
        "/rest/v1/entries?or=((((((",
        "/functions/v1/ingest/../../x",
        "/functions/v1/%2e%2e/x",
        "/functions/v1/nothing",
        "/functions/v1/__proto__",
        "/nowhere",
        "//",
      ]
    ) {
      const answer = await raw(head(path, ["connection: close"], "GET", ann.token));
      expect([path, /^HTTP\/1\.1 (4\d\d|200) /.test(answer)]).toEqual([path, true]);
      expect(answer).not.toContain("root:");
    }
  });

  it("that quotes something unprintable in an error is answered in a line of its own", async () => {
    for (const field of ["a\r\nset-cookie: x=1", "\u0000", "\u0001", "日本", "x".repeat(900)]) {
      const answer = await rest(ann.token, "POST", "rpc/entries_filtered_list", {
        filter: { field, op: "eq", value: 1 },
      });
      expect([field, answer.status, answer.headers.get("set-cookie")]).toEqual([field, 400, null]);
    }
  });
});

describe("an upload that does not end", () => {
  it("does not keep others waiting, slow or broken off as it may be", async () => {
    const path = "/functions/v1/ingest";
    const { hostname, port } = new URL(stack().url);
    const sockets = Array.from({ length: 40 }, (_, n) => {
      const socket = connect(Number(port), hostname);
      socket.on("error", () => {});
      socket.write(
        `${head(path, [n % 2 ? "content-length: 100000" : "transfer-encoding: chunked"])}`,
      );
      socket.write(n % 2 ? '{"entries":[' : 'c\r\n{"entries":[\r\n');
      return socket;
    });
    const drip = setInterval(() => sockets.forEach((socket) => socket.write(" ")), 50);
    try {
      const since = performance.now();
      for (let n = 0; n < 5; n++) {
        expect(await ingest(device, [exchangeOf()])).toMatchObject({ accepted: 1 });
      }
      expect(performance.now() - since).toBeLessThan(5_000);
    } finally {
      clearInterval(drip);
      for (const socket of sockets) socket.destroy();
    }
    await sleep(200);
    expect(await ingest(device, [exchangeOf()])).toMatchObject({ accepted: 1 });
  });

  it("stores nothing of what was broken off", async () => {
    const entry = exchangeOf();
    const text = JSON.stringify({ entries: [entry] });
    for (const cut of [10, text.length - 1]) {
      await raw(
        `${head("/functions/v1/ingest", [`content-length: ${text.length}`])}${text.slice(0, cut)}`,
        300,
      );
    }
    const rows =
      await database()`select from public.entries where request_id = ${entry.request_id}`;
    expect(rows).toHaveLength(0);
  });
});
