// What an agent reads in pieces, it reads whole; what it may not see, no answer shows.

import { randomUUID } from "node:crypto";
import { beforeAll, describe, expect, it } from "vitest";
import { connect, newClient } from "../support/oauth.ts";
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
import { open, type Session, valueOf } from "./support/client.ts";

const HOST = "long.example.com";
const COUNT = 150;
const LIMIT = 25_000;
const SECRETS = [
  "tok-9f8e7d6c5b4a3928",
  "abcdefgh1234567890zyx",
  "s3cr3tcookievalue",
  "hunter2secret",
];
const [TOKEN, BEARER, COOKIE, PASSWORD] = SECRETS;
/** Quotes and backslashes: captured JSON grows when it is written as JSON again. */
const BODY = JSON.stringify({
  items: Array.from({ length: 900 }, (_, n) => ({ n, 'a"b': "c\\d" })),
});

let person: Person;
let device: Device;
/** Of an app that was not given the scope secrets. */
let agent: Session;

beforeAll(async () => {
  person = await newPerson();
  device = await newDevice(person);
  const [{ access_token }] = await Promise.all([
    connect(person, await newClient()),
    ingest(
      device,
      Array.from(
        { length: COUNT },
        (_, n) =>
          exchangeOf({ ts: new Date(Date.now() - n * 1000).toISOString() }, {
            url: `https://${HOST}/${n}?access_token=${TOKEN}&q=${"x".repeat(100)}`,
            requestHeaders: { authorization: `Bearer ${BEARER}` },
            ...(n < 3 && { responseBody: BODY }),
          }),
      ),
    ),
  ]);
  agent = await open(access_token);
});

const hides = (text: string) => {
  for (const secret of SECRETS) expect(text).not.toContain(secret);
};

describe("a list that is longer than an answer", () => {
  it("goes on after the last row that was shown", async () => {
    const seen: string[] = [];
    let before: unknown;
    while (seen.length <= COUNT) {
      const answer = await agent.succeed("search_entries", {
        filter: `host:${HOST}`,
        limit: 200,
        ...(before !== undefined && { before }),
      });
      expect(answer.text.length).toBeLessThanOrEqual(LIMIT);
      hides(answer.text);
      const { rows, next } = valueOf<{ rows: { id: string }[]; next?: unknown }>(answer);
      seen.push(...rows.map(({ id }) => id));
      before = next;
      if (next === undefined) break;
    }
    expect(seen).toHaveLength(COUNT);
    expect(new Set(seen).size).toBe(COUNT);
  });

  it("of arrivals has every one between two cursors", async () => {
    const seen = new Set<string>();
    let after: string | undefined;
    for (;;) {
      const answer = await agent.succeed("list_entry_changes", {
        workspace_id: person.workspaceId,
        page_size: 500,
        ...(after !== undefined && { after }),
      });
      expect(answer.text.length).toBeLessThanOrEqual(LIMIT);
      hides(answer.text);
      const { rows, cursor, more } = valueOf<
        { rows: { id: string }[]; cursor: string; more: boolean }
      >(answer);
      for (const { id } of rows) seen.add(id);
      if (!more) break;
      after = cursor;
    }
    expect(seen.size).toBe(COUNT);
  });
});

describe("a text that is longer than an answer", () => {
  const newest = async () =>
    valueOf<{ rows: { id: string }[] }>(
      await agent.succeed("search_entries", { filter: `host:${HOST}`, limit: 1 }),
    ).rows[0]!.id;

  it("is a body that its slices make up", async () => {
    const id = await newest();
    let read = "";
    for (let offset: number | undefined = 0; offset !== undefined;) {
      const answer = await agent.succeed("get_entry_body", {
        id,
        of: "response",
        offset,
        length: 20_000,
      });
      expect(answer.text.length).toBeLessThanOrEqual(LIMIT);
      const { body } = valueOf<{ body: { text: string; next_offset?: number } }>(answer);
      read += body.text;
      offset = body.next_offset;
    }
    expect(read).toBe(BODY);
  });

  it("begins in get_entry, which tells where it goes on", async () => {
    const answer = await agent.succeed("get_entry", { id: await newest(), body_limit: 20_000 });
    const { payload: { responseBody: { text, next_offset } } } = valueOf<
      { payload: { responseBody: { text: string; next_offset: number } } }
    >(answer);
    expect(next_offset).toBe(text.length);
    expect(BODY.startsWith(text)).toBe(true);
    hides(answer.text);
  });

  it("is a job's result", async () => {
    const { job } = valueOf<{ job: { id: string } }>(
      await agent.succeed("export_har", { filter: `host:${HOST}`, limit: 3 }),
    );
    const read = async (offset: number) =>
      valueOf<{ status: string; result: { text: string; next_offset?: number } }>(
        await agent.succeed("get_job", { id: job.id, offset }),
      );
    await expect.poll(async () => (await read(0)).status).toBe("done");
    let har = "";
    for (let offset: number | undefined = 0; offset !== undefined;) {
      const { result } = await read(offset);
      har += result.text;
      offset = result.next_offset;
    }
    expect(JSON.parse(har)).toMatchObject({
      log: { entries: Array(3).fill({ response: { content: { text: BODY } } }) },
    });
    hides(har);
  });
});

describe("a held request", () => {
  async function hold(): Promise<string> {
    const response = await call("/rest/v1/breakpoint_events", device.token, {
      method: "POST",
      body: JSON.stringify({
        request_id: randomUUID(),
        device_uuid: device.uuid,
        phase: "request",
        method: "POST",
        url: `https://${HOST}/login?access_token=${TOKEN}`,
        raw: [
          `POST /login?access_token=${TOKEN} HTTP/1.1`,
          `Host: ${HOST}`,
          `Authorization: Bearer ${BEARER}`,
          `Cookie: sid=${COOKIE}`,
          "Content-Type: application/json",
          "",
          JSON.stringify({ user: "ada", password: PASSWORD }),
        ].join("\r\n"),
      }),
    });
    expect(response.status).toBe(201);
    const { rows } = valueOf<{ rows: { id: string }[] }>(
      await agent.succeed("list_breakpoint_events", { held: true }),
    );
    return rows[0]!.id;
  }
  const decided = async (id: string) =>
    (await database()`select decision, edited_raw from public.breakpoint_events where id = ${id}`)[
      0
    ];

  it("shows an agent without the scope no secret, and is not sent on with placeholders", async () => {
    const id = await hold();
    const shown = await agent.succeed("get_breakpoint_event", { id });
    const { raw } = valueOf<{ raw: { text: string } }>(shown);
    expect(raw.text).toContain("POST /login?access_token=<access_token> HTTP/1.1\r\n");
    const all = await agent.succeed("db_select", { table: "breakpoint_events" });
    const listed = await agent.succeed("list_breakpoint_events");
    for (const { text } of [shown, all, listed]) hides(text);

    const edited = raw.text.replace('"ada"', '"ben"');
    const refused = await agent.call("breakpoint_continue", { id, raw: edited });
    expect(refused.refused).toBe(true);
    expect(refused.text).toContain("secrets:view");
    expect(await decided(id)).toMatchObject({ decision: null });

    await agent.succeed("breakpoint_continue", { id, raw: "GET / HTTP/1.1\r\n\r\n" });
    expect(await decided(id)).toEqual({
      decision: "edit",
      edited_raw: "GET / HTTP/1.1\r\n\r\n",
    });
    const { rows } = valueOf<{ rows: { id: string }[] }>(
      await agent.succeed("list_breakpoint_events", { held: false }),
    );
    expect(rows.map((row) => row.id)).toContain(id);
  });

  it("is edited as it is by whoever may see the secrets", async () => {
    const id = await hold();
    const full = await open(person.token);
    const { raw } = valueOf<{ raw: { text: string } }>(
      await full.succeed("get_breakpoint_event", { id }),
    );
    for (const secret of SECRETS) expect(raw.text).toContain(secret);
    const edited = raw.text.replace('"ada"', '"ben"');
    await full.succeed("breakpoint_continue", { id, raw: edited });
    expect(await decided(id)).toEqual({ decision: "edit", edited_raw: edited });
  });
});

describe("a request to be sent again", () => {
  it.each([
    { requestHeaders: { authorization: "Bearer <access_token>" } },
    { requestHeaders: [["authorization", "[redacted]"]] },
    { url: `https://${HOST}/?access_token=<access_token>` },
  ])("is not, with a placeholder for a secret: %j", async (changes) => {
    const { rows } = valueOf<{ rows: { id: string }[] }>(
      await agent.succeed("search_entries", { filter: `host:${HOST}`, limit: 1 }),
    );
    const answer = await agent.call("resend_entry", { id: rows[0]!.id, changes });
    expect(answer.refused).toBe(true);
    expect(answer.text).toContain("placeholder");
  });
});

describe("resources", () => {
  it("are the documents, and a capture for each workspace of one's own", async () => {
    const { resources } = await agent.client.listResources();
    const uri = `busymate://captures/${person.workspaceId}`;
    const uris = resources.map((one) => one.uri);
    expect(uris.filter((one) => !one.startsWith("busymate://docs/"))).toEqual([uri]);
    expect(uris).toEqual(
      expect.arrayContaining(["busymate://docs/filter", "busymate://docs/tools"]),
    );
    const { contents } = await agent.client.readResource({ uri });
    const { text } = contents[0] as { text: string };
    expect(text).toContain(HOST);
    hides(text);
    expect(text).toMatch(/<captured-[0-9a-f]+>/);
  });

  it("of others do not exist", async () => {
    const other = await newPerson();
    await expect(agent.client.readResource({ uri: `busymate://entries/${randomUUID()}` }))
      .rejects.toMatchObject({ code: -32602 });
    const { contents } = await agent.client.readResource({
      uri: `busymate://captures/${other.workspaceId}`,
    });
    expect((contents[0] as { text: string }).text).toContain('{"rows":[]}');
  });
});

describe("what is said of a fault", () => {
  it("names the tool that was meant", async () => {
    await expect(agent.call("list_tag")).rejects.toThrow(/list_tags/);
    const answer = await agent.call("run_read_tool", { name: "list_tag" });
    expect(answer.text).toContain("list_tags");
  });

  it("is short, however long what was sent", async () => {
    const answer = await agent.call("search_entries", { ["x".repeat(100_000)]: 1 });
    expect(answer.refused).toBe(true);
    expect(answer.text.length).toBeLessThan(5_000);
  });
});

describe("a saved filter", () => {
  it("is kept as the text that was given and the tree it means", async () => {
    const saved = valueOf(
      await agent.succeed("create_saved_filter", {
        workspace_id: person.workspaceId,
        name: "Failing",
        filter: "status>=400",
      }),
    );
    expect(saved).toMatchObject({
      text: "status>=400",
      filter: { field: "status", op: "gte", value: 400 },
    });
    const changed = await agent.succeed("update_saved_filter", {
      id: saved["id"],
      filter: { field: "method", op: "eq", value: "POST" },
    });
    expect(valueOf(changed)).toMatchObject({
      name: "Failing",
      text: expect.stringContaining("POST"),
    });
  });
});
