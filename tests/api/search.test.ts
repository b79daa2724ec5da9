// entries_search: headers and bodies on the server, and what redaction leaves to be found.

import { randomUUID } from "node:crypto";
import { beforeAll, describe, expect, it } from "vitest";
import { FIELDS } from "../../shared/filter/fields.ts";
import { rest, rpc } from "../support/rest.ts";
import {
  database,
  enrol,
  exchangeOf,
  ingest,
  newDevice,
  newPerson,
  type Person,
} from "../support/world.ts";

interface Found {
  rows: { id: string; ts: string; request_id: string; payload: unknown }[];
  scanned_to: { ts: string; id: string } | null;
  complete: boolean;
}

let ann: Person, vera: Person, stranger: Person;
const word = randomUUID();
const secret = `s3cr3t${randomUUID()}`;
const ids = { plain: randomUUID(), login: randomUUID(), bytes: randomUUID(), bare: randomUUID() };

beforeAll(async () => {
  [ann, vera, stranger] = await Promise.all([newPerson(), newPerson("viewer"), newPerson()]) as [
    Person,
    Person,
    Person,
  ];
  await enrol(ann.workspaceId, vera);
  const device = await newDevice(ann);
  await ingest(device, [
    exchangeOf({ request_id: ids.plain }, {
      url: "https://shop.example.com/cart",
      requestHeaders: { "X-Trace": `trace-${word}`, accept: ["text/html", "text/plain"] },
      responseBody: `<h1>Hello ${word}</h1>`,
    }),
    exchangeOf({ request_id: ids.login }, {
      url: "https://id.example.com/login",
      method: "POST",
      requestHeaders: [["Authorization", `Bearer ${secret}`], ["X-Trace", "other"]],
      requestBody: JSON.stringify({ user: word, password: secret }),
      statusCode: 401,
    }),
    exchangeOf({ request_id: ids.bytes }, {
      responseBody: { text: Buffer.from(word).toString("base64"), encoding: "base64" },
    }),
    exchangeOf({ request_id: ids.bare }, { responseHeaders: {}, responseBody: null }),
  ]);
});

async function search(person: Person, filter: unknown, more: Record<string, unknown> = {}) {
  const { status, body } = await rpc(person.token, "entries_search", { filter, ...more });
  expect(status, JSON.stringify(body)).toBe(200);
  return body as Found;
}
const named = async (person: Person, filter: unknown) =>
  (await search(person, filter)).rows.map(({ request_id }) => request_id).sort();
const sorted = (...names: (keyof typeof ids)[]) => names.map((name) => ids[name]).sort();

describe("entries_search", () => {
  it("finds by the text of either body, whatever its case, and not in bytes", async () => {
    const filter = { field: "body", op: "contains", value: word.toUpperCase() };
    expect(await named(ann, filter)).toEqual(sorted("plain", "login"));
    expect(await named(ann, { field: "body", op: "regex", value: `<h1>.*${word}` }))
      .toEqual(sorted("plain"));
  });

  it("finds by a header of either side in both forms, names ignoring case", async () => {
    expect(await named(ann, { field: "header", name: "x-TRACE", op: "prefix", value: "trace-" }))
      .toEqual(sorted("plain"));
    expect(await named(ann, { field: "header", name: "x-trace", op: "eq", value: "other" }))
      .toEqual(sorted("login"));
    expect(await named(ann, { field: "header", name: "Accept", op: "in", value: ["text/plain"] }))
      .toEqual(sorted("plain"));
    expect(await named(ann, { field: "header", name: "authorization", op: "exists", value: true }))
      .toEqual(sorted("login"));
  });

  it("never matches what is missing, and matches it under not", async () => {
    const body = { field: "body", op: "contains", value: word };
    expect(await named(ann, { not: body })).toEqual(sorted("bytes", "bare"));
    expect(await named(ann, { not: { not: body } })).toEqual(sorted("plain", "login"));
  });

  it("combines with conditions on columns, and narrows its candidates by them", async () => {
    const body = { field: "body", op: "contains", value: word };
    const login = { field: "host", op: "eq", value: "id.example.com" };
    expect(await named(ann, { and: [login, body] })).toEqual(sorted("login"));
    expect(await named(ann, { or: [{ field: "status", op: "eq", value: 401 }, body] }))
      .toEqual(sorted("plain", "login"));
    const [{ bound }] = await database()<[{ bound: unknown }]>`
      select private.filter_bound(${
      database().json({ and: [login, { or: [login, body] }] })
    }) as bound`;
    expect(bound).toEqual({ and: [login, {}] });
  });

  it("shows no payload, and nothing of others", async () => {
    const everything = { field: "body", op: "exists", value: true };
    const { rows } = await search(ann, everything);
    expect(rows.map(({ payload }) => payload)).toEqual(rows.map(() => null));
    expect(await named(stranger, everything)).toEqual([]);
    expect((await search(stranger, everything, { workspace_id: ann.workspaceId })).rows).toEqual(
      [],
    );
  });

  it("finds a secret for who may see it, and for nobody else", async () => {
    const inBody = { field: "body", op: "contains", value: secret };
    const inHeader = { field: "header", name: "authorization", op: "contains", value: secret };
    for (const filter of [inBody, inHeader]) {
      expect(await named(ann, filter)).toEqual(sorted("login"));
      expect(await named(vera, filter)).toEqual([]);
      expect(await named(vera, { field: "body", op: "contains", value: word }))
        .toEqual(sorted("plain", "login"));
    }
    // Not letter by letter either, and not by what does not match.
    const first = { field: "header", name: "authorization", op: "prefix", value: "Bearer s" };
    expect(await named(vera, first)).toEqual([]);
    expect(await named(vera, { field: "header", name: "authorization", op: "neq", value: "x" }))
      .toEqual([]);
  });

  it("goes on from where it stopped until it is complete", async () => {
    const filter = { field: "body", op: "exists", value: true };
    const seen: string[] = [];
    let place: Record<string, unknown> = {};
    for (let calls = 0; calls < 10; calls++) {
      const { rows, scanned_to, complete } = await search(ann, filter, { ...place, page_size: 1 });
      seen.push(...rows.map(({ request_id }) => request_id));
      if (complete) break;
      place = { before_ts: scanned_to!.ts, before_id: scanned_to!.id };
    }
    expect(seen.sort()).toEqual(sorted("plain", "login"));
  });

  it("reads a bounded amount of bodies at a time, however long they take to look through", async () => {
    const owner = await newPerson();
    const looker = await newPerson("viewer");
    await enrol(owner.workspaceId, looker);
    const device = await newDevice(owner);
    const long = "lorem ipsum dolor sit amet ".repeat(38_000);
    const entries = Array.from({ length: 9 }, (_, i) =>
      exchangeOf({
        request_id: `${i}`,
        ts: new Date(Date.now() - i * 1000).toISOString(),
      }, {
        requestBody: i === 4 ? "needle" : null,
        responseBody: i === 8 ? `${long}needle` : long,
      }));
    for (let at = 0; at < entries.length; at += 3) {
      expect(await ingest(device, entries.slice(at, at + 3))).toMatchObject({ accepted: 3 });
    }
    // The more conditions read a body, the fewer are read at a time, and fewer yet where each is
    // redacted first: here two.
    for (const [person, conditions] of [[owner, 8], [looker, 1]] as const) {
      const found = { field: "body", op: "glob", value: "*needle" };
      const filter = {
        or: [...Array(conditions - 1).fill({ ...found, value: "*nowhere" }), found],
      };
      const names: string[] = [];
      let place: Record<string, unknown> = {};
      let complete = false;
      for (let calls = 0; calls < 9 && !complete; calls++) {
        const answer = await search(person, filter, place);
        names.push(...answer.rows.map(({ request_id }) => request_id));
        complete = answer.complete;
        place = { before_ts: answer.scanned_to!.ts, before_id: answer.scanned_to!.id };
      }
      expect({ names, complete }).toEqual({ names: ["4", "8"], complete: true });
    }
  });

  it("refuses what is no filter, with the position", async () => {
    const faults: [unknown, RegExp][] = [
      [{ field: "header", op: "eq", value: "x" }, /name must be the name of a header/],
      [{ and: [{ field: "body", op: "gt", value: "x" }] }, /and\[0\]: op of body/],
      [{ field: "body", op: "regex", value: "(" }, /not a regular expression/],
      [{ field: "host", name: "x", op: "eq", value: "x" }, /only a header has a name/],
    ];
    for (const [filter, words] of faults) {
      const { status, body } = await rpc(ann.token, "entries_search", { filter });
      expect([status, (body as { message: string }).message]).toEqual([
        400,
        expect.stringMatching(words),
      ]);
    }
    const listed = await rpc(ann.token, "entries_filtered_list", {
      filter: { field: "body", op: "eq", value: "x" },
    });
    expect(listed.status).toBe(400);
    expect(JSON.stringify(listed.body)).toContain("entries_search");
  });
});

describe("the field tag", () => {
  it("finds what carries it in lists and searches, its name ignoring case", async () => {
    const made = await rest(ann.token, "POST", "tags", {
      workspace_id: ann.workspaceId,
      name: `Odd ${word}`,
    });
    const tag_id = (made.body as { id: string }[])[0]!.id;
    const [entry] = (await search(ann, { field: "status", op: "eq", value: 401 })).rows;
    await rest(ann.token, "POST", "entry_tags", { entry_id: entry!.id, tag_id });
    const filter = { field: "tag", op: "eq", value: `ODD ${word}` };
    const listed = await rpc(ann.token, "entries_filtered_list", { filter });
    expect((listed.body as { id: string }[]).map(({ id }) => id)).toEqual([entry!.id]);
    expect(await named(ann, filter)).toEqual(sorted("login"));
    expect((await named(ann, { not: filter })).length).toBe(3);
    const counted = await rpc(ann.token, "entries_filtered_count", { filter });
    expect(counted.body).toEqual({ count: 1, kind: "exact" });
    // A regular expression heeds the case that the name was given.
    expect(await named(ann, { field: "tag", op: "regex", value: `^Odd ${word}` }))
      .toEqual(sorted("login"));
    expect(await named(ann, { field: "tag", op: "regex", value: `^odd ${word}` })).toEqual([]);
  });
});

describe("the fields", () => {
  it("are the same in SQL and in the text form", async () => {
    for (const [name, kind] of Object.entries(FIELDS)) {
      const [{ field }] = await database()<[{ field: string }]>`
        select (private.filter_field(${name})).kind as field`;
      expect([name, ["header", "body"].includes(field) ? "text" : field]).toEqual([name, kind]);
    }
    const { body } = await rpc(ann.token, "entries_filtered_list", {
      filter: { field: "nonsense", op: "eq", value: 1 },
    });
    const words = (body as { message: string }).message.split("use ")[1]!.trim().split(" ");
    expect(words).toEqual(Object.keys(FIELDS));
  });
});
