// What the endpoint shows to whom, and how it answers what no client sends.

import { beforeAll, beforeEach, describe, expect, it } from "vitest";
import { OPERATIONS } from "../../shared/operations/registry.ts";
import { type Operation, scopesOf } from "../../shared/operations/operation.ts";
import { connect, newClient } from "../support/oauth.ts";
import { stack } from "../support/stack.ts";
import { database, newPerson, type Person } from "../support/world.ts";
import { open, post, request, valueOf } from "./support/client.ts";
import { unlimited } from "./support/scene.ts";

const EXECUTORS = ["run_read_tool", "run_write_tool", "run_destructive_tool"];

let member: Person;
let viewer: Person;
let admin: Person;
let reader: string;

beforeAll(async () => {
  [member, viewer, admin] = await Promise.all([
    newPerson(),
    newPerson("viewer"),
    newPerson("admin"),
  ]);
  reader = (await connect(member, await newClient(), "mcp:read")).access_token;
});
beforeEach(() => unlimited([member, viewer, admin]));

const namesFor = async (token: string, query = "") =>
  (await (await open(token, query)).tools()).map(({ name }) => name);

const namesOf = (wanted: (operation: Operation) => boolean) =>
  [...OPERATIONS.values()].filter(wanted).map(({ name }) => name);

describe("the list of tools", () => {
  it("is short by default, with a search and executors for the rest", async () => {
    const tools = await (await open(member.token)).tools();
    const names = tools.map(({ name }) => name);
    expect(names.length).toBeLessThanOrEqual(25);
    expect(names).toEqual(expect.arrayContaining(["search_tools", ...EXECUTORS, "list_devices"]));
    expect(names).toEqual(names.toSorted());
  });

  it("says of every tool what it does to the world", async () => {
    for (const tool of await (await open(admin.token, "?toolsets=all")).tools()) {
      expect(tool.title).toBeTruthy();
      expect(tool.annotations).toMatchObject({
        readOnlyHint: expect.any(Boolean),
        destructiveHint: expect.any(Boolean),
        idempotentHint: expect.any(Boolean),
        openWorldHint: expect.any(Boolean),
      });
    }
  });

  it("holds everything an admin may do with toolsets=all: at least 190", async () => {
    const names = await namesFor(admin.token, "?toolsets=all");
    expect(names).toEqual(expect.arrayContaining(namesOf(() => true)));
    expect(names.length).toBeGreaterThanOrEqual(190);
  });

  it("shows a role what it holds", async () => {
    const names = await namesFor(viewer.token, "?toolsets=all");
    expect(names).toContain("list_tags");
    expect(names).not.toContain("create_tag");
    expect(names).not.toContain("list_upstream_proxies");
    expect(names).not.toContain("list_users");
    expect(await namesFor(member.token, "?toolsets=all"))
      .toEqual(expect.arrayContaining(["create_tag", "list_upstream_proxies"]));
  });

  it("shows a token what its scopes let it do", async () => {
    const names = await namesFor(reader, "?toolsets=all");
    expect(names).toContain("list_tags");
    const writing = namesOf((one) => scopesOf(one).includes("mcp:write"));
    expect(names.filter((name) => writing.includes(name))).toEqual([]);
    const connected = (await connect(admin, await newClient())).access_token;
    const adminOnly = namesOf(({ adminOnly }) => adminOnly === true);
    expect(adminOnly.length).toBeGreaterThan(0);
    expect((await namesFor(connected, "?toolsets=all")).filter((n) => adminOnly.includes(n)))
      .toEqual([]);
  });

  it("follows a change of role at once", async () => {
    const person = await newPerson("viewer");
    // A client may keep the list it has for as long as the server says: each asks anew.
    const names = () => namesFor(person.token, "?toolsets=tags");
    expect(await names()).not.toContain("create_tag");
    await database()`update public.profiles set role = 'member' where id = ${person.id}`;
    expect(await names()).toContain("create_tag");
  });

  it("is narrowed to toolsets by name", async () => {
    const tags = namesOf(({ toolset }) => toolset === "tags");
    const names = await namesFor(member.token, "?toolsets=tags,scripts");
    expect(names).toEqual(expect.arrayContaining(tags));
    expect(names).toContain("list_scripts");
    expect(names).not.toContain("list_services");
  });

  it("holds nothing that changes anything with read_only=true, whatever else is asked for", async () => {
    const changing = namesOf(({ effect }) => effect !== "read");
    const names = await namesFor(admin.token, "?toolsets=all&read_only=true");
    expect(names.filter((name) => changing.includes(name))).toEqual([]);
    const usual = await namesFor(admin.token, "?read_only=true");
    expect(usual.filter((name) => EXECUTORS.includes(name))).toEqual(["run_read_tool"]);
  });

  it("is the same from one time to the next, byte for byte", async () => {
    const ask = async () => await (await post(member.token, request("tools/list"))).text();
    expect(await ask()).toBe(await ask());
  });
});

describe("the query", () => {
  it.each([
    "?read_only-true",
    "?readonly=true",
    "?read_only=yes",
    "?toolset=tags",
    "?toolsets=nonsense",
    "?toolsets=",
    "?read_only=true&read_only=false",
  ])("%s is 400: a slip must not open what was meant to be closed", async (query) => {
    const response = await post(member.token, request("tools/list"), { query });
    expect(response.status).toBe(400);
    expect(JSON.stringify(await response.json())).toMatch(/toolsets|read_only/);
  });

  it("read_only=false is everything", async () => {
    expect(await namesFor(member.token, "?read_only=false")).toContain("run_write_tool");
  });
});

describe("a tool that is not listed", () => {
  it("answers to its own name", async () => {
    const session = await open(member.token);
    expect((await session.tools()).map(({ name }) => name)).not.toContain("list_tags");
    expect(valueOf(await session.succeed("list_tags"))).toEqual({ rows: [] });
  });

  it("is found by search_tools with what it takes, and run by the executor of its kind", async () => {
    const session = await open(member.token);
    const found = await session.succeed("search_tools", { query: "create tag" });
    expect(found.text).toContain("create_tag");
    expect(found.text).toContain("workspace_id");
    const args = { workspace_id: member.workspaceId, name: "found" };
    const made = await session.succeed("run_write_tool", { name: "create_tag", arguments: args });
    expect(valueOf(made)).toMatchObject(args);
    const { id } = valueOf<{ id: string }>(made);
    for (const executor of ["run_read_tool", "run_write_tool"]) {
      const wrong = await session.call(executor, { name: "delete_tag", arguments: { id } });
      expect(wrong.refused).toBe(true);
      expect(wrong.text).toContain("run_destructive_tool");
    }
    const unsure = await session.call("run_destructive_tool", {
      name: "delete_tag",
      arguments: { id },
    });
    expect(unsure.refused).toBe(true);
    expect(unsure.text).toContain("confirm");
    await session.succeed("run_destructive_tool", {
      name: "delete_tag",
      arguments: { id, confirm: true },
    });
  });

  it("is not found by who may not use it, and names what is missing when called", async () => {
    const session = await open(viewer.token);
    const found = await session.succeed("search_tools", { query: "create tag" });
    expect(found.text).not.toContain('"create_tag"');
    for (
      const answer of [
        await session.call("create_tag", {}),
        await session.call("run_write_tool", { name: "create_tag", arguments: {} }),
      ]
    ) {
      expect(answer.refused).toBe(true);
      expect(answer.text).toContain("tags:edit");
    }
  });

  it("stays closed with read_only=true", async () => {
    const session = await open(member.token, "?read_only=true");
    const answer = await session.call("create_tag", {
      workspace_id: member.workspaceId,
      name: "closed",
    });
    expect(answer.refused).toBe(true);
    expect(answer.text).toContain("read_only");
  });

  it("that does not exist is a fault of the call, and an executor says where to look", async () => {
    const session = await open(member.token);
    await expect(session.call("no_such_tool")).rejects.toMatchObject({ code: -32602 });
    const answer = await session.call("run_read_tool", { name: "no_such_tool", arguments: {} });
    expect(answer.refused).toBe(true);
    expect(answer.text).toContain("search_tools");
  });
});

describe("a token", () => {
  it("that lacks a scope is told by HTTP, so that its client can ask for it", async () => {
    const calls = namesOf(({ effect }) => effect !== "read").flatMap((name) => {
      const executor = `run_${OPERATIONS.get(name)!.effect}_tool`;
      return [
        { name, arguments: {} },
        { name: executor, arguments: { name, arguments: {} } },
      ];
    });
    for (const call of calls.slice(0, 40)) {
      const response = await post(reader, request("tools/call", call));
      expect(response.status).toBe(403);
      const challenge = response.headers.get("www-authenticate");
      expect(challenge).toContain('error="insufficient_scope"');
      expect(challenge).toContain("mcp:write");
      expect(challenge).toContain("resource_metadata=");
    }
  });

  it("that is missing, forged or revoked is 401 with a challenge", async () => {
    const person = await newPerson();
    const session = await open(person.token);
    await session.succeed("whoami");
    await database()`update public.api_tokens set revoked_at = now() where user_id = ${person.id}`;
    for (const token of [null, `${person.token.slice(0, -4)}AAAA`, person.token]) {
      const response = await post(token, request("tools/list"));
      expect(response.status).toBe(401);
      expect(response.headers.get("www-authenticate")).toContain("resource_metadata=");
    }
  });

  it("is let through 300 times a minute", async () => {
    const response = await post(member.token, request("ping"));
    expect(response.headers.get("ratelimit-limit")).toBe("300");
    // So far below that no slowness of the machine refills it meanwhile.
    await database()`
      update private.rate_buckets set tokens = -1000, refilled_at = clock_timestamp()
      where key = ${`mcp:${member.id}`}`;
    const refused = await post(member.token, request("ping"));
    expect(refused.status).toBe(429);
    expect(Number(refused.headers.get("retry-after"))).toBeGreaterThanOrEqual(1);
  });
});

describe("both eras at one endpoint", () => {
  const META = {
    "io.modelcontextprotocol/protocolVersion": "2026-07-28",
    "io.modelcontextprotocol/clientCapabilities": {},
    "io.modelcontextprotocol/clientInfo": { name: "tests", version: "1" },
  };
  const modern = (method: string, params: Record<string, unknown> = {}, name?: string) =>
    post(member.token, request(method, { _meta: META, ...params }), {
      headers: {
        "MCP-Protocol-Version": "2026-07-28",
        "Mcp-Method": method,
        ...(name !== undefined && { "Mcp-Name": name }),
      },
    });

  it("2025-11-25 shakes hands without a session", async () => {
    const response = await post(
      member.token,
      request("initialize", {
        protocolVersion: "2025-11-25",
        capabilities: {},
        clientInfo: { name: "tests", version: "1" },
      }),
    );
    expect(response.status).toBe(200);
    expect(response.headers.get("content-type")).toContain("application/json");
    expect(response.headers.get("mcp-session-id")).toBeNull();
    const { result } = await response.json() as { result: Record<string, unknown> };
    expect(result).toMatchObject({
      protocolVersion: "2025-11-25",
      serverInfo: { name: "busymate" },
      capabilities: { tools: {}, resources: {}, prompts: {} },
      instructions: expect.stringContaining("search_tools"),
    });
    expect(JSON.stringify(result["capabilities"])).not.toContain('"listChanged":true');
  });

  it("2026-07-28 is discovered, lists and calls without one", async () => {
    const discovered = await modern("server/discover");
    expect(discovered.status).toBe(200);
    const listed = await modern("tools/list");
    expect(await listed.json()).toMatchObject({
      result: { cacheScope: "private", ttlMs: expect.any(Number) },
    });
    const called = await modern("tools/call", { name: "whoami", arguments: {} }, "whoami");
    expect(called.headers.get("content-type")).toContain("application/json");
    expect(await called.json()).toMatchObject({ result: { resultType: "complete" } });
  });

  it("answers plain JSON whatever the client accepts", async () => {
    for (const Accept of ["*/*", "application/json", "text/event-stream, application/json"]) {
      const response = await post(member.token, request("tools/list"), { headers: { Accept } });
      expect(response.status).toBe(200);
      expect(response.headers.get("content-type")).toContain("application/json");
    }
  });

  it("has no stream to open and no session to end", async () => {
    for (const method of ["GET", "DELETE"]) {
      const response = await fetch(stack().issuer, {
        method,
        headers: { Authorization: `Bearer ${member.token}`, Accept: "text/event-stream" },
      });
      expect(response.status).toBe(405);
    }
  });

  it("takes notifications and answers nothing", async () => {
    const response = await post(member.token, {
      jsonrpc: "2.0",
      method: "notifications/initialized",
    });
    expect(response.status).toBe(202);
    expect(await response.text()).toBe("");
  });
});

describe("what no client sends", () => {
  it("a batch is refused, since 2025-06-18", async () => {
    const response = await post(member.token, [request("ping"), request("ping", {}, 2)]);
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({ jsonrpc: "2.0", error: { code: -32600 } });
  });

  it.each([
    ["not JSON", "{", 400],
    ["a lone surrogate's half", '{"jsonrpc":"2.0","id":1,"method":"\\ud800"}', undefined],
    ["nothing", "", 400],
    ["no object", '"ping"', 400],
    ["nested deeply", "[".repeat(100_000), 400],
    [
      "prototype pollution",
      '{"__proto__":{"a":1},"jsonrpc":"2.0","id":1,"method":"ping"}',
      undefined,
    ],
  ])("%s is never a fault of ours", async (_name, body, status) => {
    const response = await post(member.token, body);
    if (status !== undefined) expect(response.status).toBe(status);
    expect(response.status).toBeLessThan(500);
  });

  it("a body over the limit is 413, before it is read", async () => {
    const big = JSON.stringify(request("tools/call", { name: "x".repeat(5 * 1_048_576) }));
    expect((await post(member.token, big)).status).toBe(413);
  });

  it("a page of another site is refused by its Origin; ours and programs without one are not", async () => {
    const ask = (origin: string) =>
      post(member.token, request("ping"), { headers: { Origin: origin } });
    expect((await ask("https://evil.example")).status).toBe(403);
    expect((await ask("null")).status).toBe(403);
    expect((await ask("http://localhost.evil.example")).status).toBe(403);
    expect((await ask(new URL(stack().web_url).origin)).status).toBe(200);
    expect((await ask("http://localhost:6274")).status).toBe(200);
  });
});

describe("resources", () => {
  it("are the documentation, whose pages lead to each other", async () => {
    const { client } = await open(viewer.token);
    const { resources } = await client.listResources();
    const uris = resources.map(({ uri }) => uri);
    expect(uris).toEqual(expect.arrayContaining([
      "busymate://docs/filter",
      "busymate://docs/tools",
      "busymate://docs/oauth",
      "busymate://docs/realtime",
      "busymate://docs/errors-and-limits",
    ]));
    const pages = uris.filter((uri) => uri.startsWith("busymate://docs/"));
    const texts = await Promise.all(pages.map(async (uri) => {
      const { contents } = await client.readResource({ uri });
      return (contents[0] as { text: string }).text;
    }));
    for (const text of texts) expect(text.length).toBeGreaterThan(400);
    const links = texts.join("\n").match(/busymate:\/\/docs\/[\w-]+/g);
    expect(links!.length).toBeGreaterThan(5);
    expect(links!.filter((link) => !uris.includes(link))).toEqual([]);
  });

  it("that there are not are refused by name", async () => {
    const { client } = await open(viewer.token);
    await expect(client.readResource({ uri: "busymate://docs/secrets" }))
      .rejects.toThrow("There is no resource busymate://docs/secrets");
  });
});
