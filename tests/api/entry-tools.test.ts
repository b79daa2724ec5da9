// What is made of captured entries: a comparison, snippets, an OpenAPI document.

import { execFile } from "node:child_process";
import { randomUUID } from "node:crypto";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { promisify } from "node:util";
import { validate } from "@readme/openapi-parser";
import { beforeAll, describe, expect, it } from "vitest";
import {
  answer,
  call,
  database,
  enrol,
  exchangeOf,
  ingest,
  newDevice,
  newPerson,
} from "../support/world.ts";
import type { Person } from "../support/world.ts";

const run = promisify(execFile);
const SECRET = "hunter2-very-secret";

let ada: Person;
let ids: string[];
let capture: ReturnType<typeof exchangeOf>[];

beforeAll(async () => {
  ada = await newPerson();
  const device = await newDevice(ada);
  const shared = { requestHeaders: { Authorization: `Bearer ${SECRET}`, accept: "*/*" } };
  capture = [
    exchangeOf({}, {
      ...shared,
      url: "https://shop.example/users/1?page=1",
      responseBody: '{"id":1,"name":"Ada","tags":["a"]}',
    }),
    exchangeOf({}, {
      ...shared,
      url: "https://shop.example/users/2?page=2",
      responseBody: '{"id":2,"name":"Bob","tags":["a","b"]}',
    }),
    exchangeOf({}, {
      method: "POST",
      url: `https://shop.example/login?token=${SECRET}`,
      statusCode: 401,
      requestHeaders: { "content-type": "application/json", cookie: `sid=${SECRET}` },
      requestBody: JSON.stringify({ user: "ada", password: SECRET }),
      responseBody: '{"error":"wrong"}',
    }),
  ];
  expect(await ingest(device, capture)).toMatchObject({ accepted: capture.length });
  ids = await Promise.all(capture.map((entry) => idOf(entry.request_id)));
});

async function idOf(requestId: string): Promise<string> {
  const [row] = await database()`select id from public.entries where request_id = ${requestId}`;
  return row!.id;
}

const get = (path: string, token: string | null = ada.token) =>
  call(`/functions/v1/entries${path}`, token);
const openApi = (body: unknown, token = ada.token) =>
  call("/functions/v1/entries/openapi", token, { method: "POST", body: JSON.stringify(body) });

describe("the comparison of two entries", () => {
  it("names what differs", async () => {
    const response = await get(`/diff?a=${ids[0]}&b=${ids[1]}`);
    expect(response.headers.get("cache-control")).toBe("no-store");
    expect(response.headers.get("ratelimit-limit")).toBe("120");
    expect(await answer(response)).toMatchObject({
      same_exchange: false,
      request: {
        path: { segments: [{ index: 1, a: "1", b: "2" }] },
        query: [{ name: "page", change: "changed", a: ["1"], b: ["2"] }],
      },
      response: {
        body: {
          changes: [
            { op: "replace", path: "/id", was: 1, value: 2 },
            { op: "replace", path: "/name", was: "Ada", value: "Bob" },
            { op: "add", path: "/tags/1", value: "b" },
          ],
        },
      },
      left_out: [],
    });
  });

  it("finds nothing between an entry and itself", async () => {
    const diff = await answer<Record<string, unknown>>(await get(`/diff?a=${ids[0]}&b=${ids[0]}`));
    expect(Object.keys(diff).sort()).toEqual(["a", "b", "left_out", "same_exchange"]);
    expect(diff.same_exchange).toBe(true);
  });
});

describe("a snippet", () => {
  it.each(["curl", "fetch"])("of target %s holds no secret unless told", async (target) => {
    const hidden = await (await get(`/${ids[2]}/snippet?target=${target}`)).text();
    expect(hidden).not.toContain(SECRET);
    const { code, notes } = JSON.parse(hidden);
    // One secret in three places: equal ones keep equal placeholders.
    const placeholders = code.match(/<[a-z][a-z0-9_]*(?:#\d+)?>/g);
    expect(placeholders).toHaveLength(3);
    expect(new Set(placeholders).size).toBe(1);
    expect(notes.length).toBeGreaterThan(0);
    const told = await answer<{ code: string }>(
      await get(`/${ids[2]}/snippet?target=${target}&secrets=true`),
    );
    expect(told.code.split(SECRET)).toHaveLength(4);
  });

  it("shows no secret to a viewer, told or not", async () => {
    const viewer = await newPerson("viewer");
    await enrol(ada.workspaceId, viewer);
    for (const secrets of ["true", "false"]) {
      const path = `/${ids[2]}/snippet?target=curl&secrets=${secrets}`;
      const response = await get(path, viewer.token);
      expect(response.status).toBe(200);
      expect(await response.text()).not.toContain(SECRET);
    }
  });

  it("of target curl sends what was captured", async () => {
    const received: {
      method: string | undefined;
      url: string | undefined;
      headers: string[];
      body: string;
    }[] = [];
    const server = createServer(async (request, response) => {
      const { method, url, rawHeaders: headers } = request;
      const body = (await request.toArray()).join("");
      received.push({ method, url, headers, body });
      response.end();
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const { port } = server.address() as AddressInfo;
    const device = await newDevice(ada);
    const body = `it's "quoted" $(id) \`id\` \\ ü\n@file`;
    const entry = exchangeOf({}, {
      method: "PUT",
      url: `http://127.0.0.1:${port}/a/../it's?x[]={1}&y=$(id)`,
      requestHeaders: [["X-One", "it's"], ["X-Two", "2"], ["x-two", "$HOME"], ["X-Empty", ""]],
      requestBody: body,
    });
    await ingest(device, [entry]);
    const path = `/${await idOf(entry.request_id)}/snippet?target=curl&secrets=true`;
    const { code } = await answer<{ code: string }>(await get(path));
    await run("sh", ["-c", code]);
    server.close();
    expect(received).toHaveLength(1);
    expect(received[0]).toMatchObject({
      method: "PUT",
      url: "/a/../it's?x[]={1}&y=$(id)",
      body,
    });
    const sent = received[0]!.headers.join("\n");
    for (const header of ["X-One\nit's", "X-Two\n2", "x-two\n$HOME", "X-Empty\n"]) {
      expect(sent).toContain(header);
    }
    expect(sent.toLowerCase()).not.toContain("content-type");
  });

  it("asks for a target it knows", async () => {
    const response = await get(`/${ids[0]}/snippet?target=perl`);
    expect(response.status).toBe(400);
    expect(await response.json())
      .toMatchObject({
        error: { code: "invalid_request", message: "target: use one of curl, fetch" },
      });
  });
});

describe("the OpenAPI document", () => {
  it("is valid, describes what was captured and holds no secret", async () => {
    const response = await openApi({ workspace_id: ada.workspaceId, filter: "host:shop.example" });
    const text = await response.text();
    expect(response.status, text).toBe(200);
    expect(text).not.toContain(SECRET);
    const document = JSON.parse(text);
    const result = await validate(structuredClone(document));
    expect(result.valid).toBe(true);
    expect(Object.keys(document.paths)).toEqual(["/login", "/users/{userId}"]);
    expect(document.servers).toEqual([{ url: "https://shop.example" }]);
    const { get } = document.paths["/users/{userId}"];
    expect(get.security).toEqual([{ bearerAuth: [] }]);
    expect(get.responses["200"].content["application/json"].schema.required)
      .toEqual(["id", "name", "tags"]);
    expect(document.components.securitySchemes).toMatchObject({
      "cookie.sid": { type: "apiKey", in: "cookie", name: "sid" },
      "query.token": { type: "apiKey", in: "query", name: "token" },
    });
  });

  it("reads as many entries as asked, over all pages", async () => {
    const person = await newPerson();
    const device = await newDevice(person);
    const start = Date.now() - 600_000;
    const batch = (from: number) =>
      Array.from(
        { length: 300 },
        (_, n) =>
          exchangeOf({ ts: new Date(start + (from + n) * 10).toISOString() }, {
            url: `https://many.example/items/${from + n}`,
          }),
      );
    await ingest(device, batch(0));
    await ingest(device, batch(300));
    const described = async (body: unknown) =>
      (await answer<{ info: { description: string } }>(await openApi(body, person.token))).info
        .description;
    expect(await described({ limit: 5_000 })).toBe("Inferred from 600 captured exchanges.");
    expect(await described({ limit: 550 })).toBe("Inferred from 550 captured exchanges.");
    const body = { field: "body", op: "contains", value: "things" };
    expect(await described({ limit: 550, filter: body }))
      .toBe("Inferred from 550 captured exchanges.");
    const filter = { field: "path", op: "eq", value: "/items/7" };
    expect(await described({ filter })).toBe("Inferred from 1 captured exchanges.");
  });

  it("shows a stranger nothing", async () => {
    const stranger = await newPerson();
    const document = await answer<{ paths: object }>(
      await openApi({ workspace_id: ada.workspaceId }, stranger.token),
    );
    expect(document.paths).toEqual({});
  });

  it.each([
    [{ filter: "nope:1" }, /^filter: unknown field "nope"/],
    [{ limit: 5_001 }, /^limit: /],
    [{ workspace_id: "x" }, /^workspace_id: give a uuid/],
  ])("refuses %j by name", async (body, message) => {
    const response = await openApi(body);
    expect(response.status).toBe(400);
    const { error } = await response.json();
    expect(error.code).toBe("invalid_request");
    expect(error.message).toMatch(message);
  });
});

describe("an entry that one may not see", () => {
  it("answers as one that does not exist", async () => {
    const stranger = await newPerson();
    const unknown = randomUUID();
    for (
      const path of [
        (id: string) => `/${id}/snippet?target=curl`,
        (id: string) => `/diff?a=${id}&b=${id}`,
      ]
    ) {
      const answers = await Promise.all([ids[0]!, unknown].map(async (id) => {
        const response = await get(path(id), stranger.token);
        const { error } = await response.json();
        return { status: response.status, ...error, request_id: null };
      }));
      expect(answers[0]).toMatchObject({ status: 404, code: "not_found" });
      expect(answers[0]).toEqual(answers[1]);
    }
  });

  it("needs a person's token", async () => {
    expect((await get(`/diff?a=${ids[0]}&b=${ids[1]}`, null)).status).toBe(401);
    expect((await get(`/diff?a=${ids[0]}&b=${ids[1]}`, ada.sessionToken)).status).toBe(401);
    const device = await newDevice(ada);
    expect((await get(`/diff?a=${ids[0]}&b=${ids[1]}`, device.token)).status).toBe(403);
  });
});
