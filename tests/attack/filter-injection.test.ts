// A filter is the one place where SQL is written from what callers give. Every text of a corpus of
// break-outs and oddities is given to every operator of every field, one at a time and together,
// as a caller would: nothing of it is ever run, and each finds what it says, to the row.

import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Field, FIELDS, OPS } from "../../shared/filter/fields.ts";
import {
  COLUMNS,
  expectedOf,
  type Filter,
  type Leaf,
  type Row,
  type Seen,
} from "../support/filter-meaning.ts";
import { breakouts, ODD_TEXTS } from "../support/hostile.ts";
import { rest, rowsOf, rpc } from "../support/rest.ts";
import { sessionOf } from "../support/sessions.ts";
import {
  database,
  enrol,
  exchangeOf,
  newDevice,
  newPerson,
  type Person,
} from "../support/world.ts";

const sql = database();
/** A schema that every role may use: an expression that is evaluated leaves a mark in it. */
const canary = `canary_${randomUUID().slice(0, 8)}`;
const BREAKOUTS = breakouts(`${canary}.bite()`, `${canary}.prey`);
const CORPUS = [...BREAKOUTS, ...ODD_TEXTS];
const FIELD_NAMES = Object.keys(FIELDS) as Field[];
const HEADER = "x-odd";
/** Filters a statement: with redaction each takes its time, and a statement has eight seconds. */
const BATCH = 15;

// Vera may see Ann's workspace, but no secrets.
let ann: Person, vera: Person;
let seen: Seen[];
/** By the test of the canary itself. */
let bitten = 0;

/** How often an expression of the corpus was evaluated. A sequence forgets nothing in a rollback. */
async function bites(): Promise<number> {
  const [row] = await sql<{ n: number }[]>`
    select case when is_called then last_value else 0 end::integer as n from ${
    sql(`${canary}.bites`)
  }`;
  return row!.n;
}

beforeAll(async () => {
  await sql.unsafe(`
    create schema ${canary};
    grant usage on schema ${canary} to public;
    create sequence ${canary}.bites;
    create table ${canary}.prey (n integer);
    insert into ${canary}.prey values (7);
    create function ${canary}.bite() returns bigint language sql volatile security definer
      as 'select nextval(''${canary}.bites'')';
    grant execute on function ${canary}.bite to public;
    -- Runs each and keeps nothing of it.
    create function ${canary}.taste(statements text[]) returns void language plpgsql as $$
    declare
      one text;
    begin
      foreach one in array statements loop
        begin
          execute one;
          raise exception 'undone';
        exception when others then
          null;
        end;
      end loop;
    end $$;
    -- Each filter compiled by itself, refused ones with their error; then all in one statement, which
    -- says what each finds. As the caller, but for reading the payloads.
    create function ${canary}.ask(workspace uuid, filters jsonb) returns jsonb
    language plpgsql security definer as $$
    declare
      scope constant text := case when private.has_capability('secrets', 'view') then 'search' else 'search_redacted' end;
      one jsonb;
      parts text[] := '{}';
      answers jsonb;
    begin
      for one in select f.value from jsonb_array_elements(filters) with ordinality f order by f.ordinality loop
        begin
          parts := parts || format(
            'jsonb_build_object(''ids'', coalesce(jsonb_agg(e.id order by e.id desc) filter (where %s), ''[]''))',
            private.filter_sql(one, scope => scope));
        exception when others then
          parts := parts || format('%L::jsonb', jsonb_build_object('code', sqlstate, 'message', sqlerrm));
        end;
      end loop;
      execute format(
        'select jsonb_build_array(%s) from public.entries e left join private.entry_payloads p on p.id = e.id and p.ts = e.ts
         where e.workspace_id = $1 and e.ts > now() - interval ''1 hour''', array_to_string(parts, ', '))
      into answers using workspace;
      return answers;
    end $$;
    grant execute on function ${canary}.ask to authenticated;`);
  [ann, vera] = await Promise.all([newPerson(), newPerson("viewer")]) as [Person, Person];
  await enrol(ann.workspaceId, vera);
  seen = await capture();
});
afterAll(() => sql.unsafe(`drop schema ${canary} cascade`));

/** Entries that hold each text wherever one may be; some hold nothing where others do. */
async function capture(): Promise<Seen[]> {
  const devices = [await newDevice(ann), await newDevice(ann)];
  const names = [BREAKOUTS[0]!, "O'Neill\\'s \"100%\" phone"];
  for (const [i, { uuid }] of devices.entries()) {
    rowsOf(await rest(ann.token, "PATCH", `devices?uuid=eq.${uuid}`, { name: names[i] }));
  }
  const all: Seen[] = [];
  for (const [half, device] of devices.entries()) {
    const texts = CORPUS.filter((_, i) => i % 2 === half);
    const entries = texts.map((text, i) =>
      exchangeOf({ request_id: `${half}-${i}` }, {
        method: text,
        url: text,
        host: text,
        os: text,
        deviceCountry: text,
        error: i % 5 === 0 ? undefined : text,
        statusCode: i,
        duration: i / 4,
        isSecure: i % 2 === 0,
        source: ["vpn", "pac", "proxy", "cdp", "har"][i % 5],
        requestHeaders: i % 3 === 0 ? [["X-Odd", text], ["x-odd", "twice"]] : {},
        responseHeaders: { "content-type": text, [HEADER]: text },
        requestBody: i % 4 === 0 ? null : text,
        responseBody: i % 7 === 0 ? `${text}&password=hunter2${text}` : undefined,
      })
    );
    expect((await rpc(device.token, "ingest_entries", { entries })).body)
      .toMatchObject({ accepted: entries.length });
    const rows = rowsOf<Row>(
      await rest(ann.token, "GET", `entries?select=*&device_uuid=eq.${device.uuid}`),
    );
    for (const [i, entry] of entries.entries()) {
      const { requestHeaders, responseHeaders, requestBody, responseBody } = entry.payload as {
        requestHeaders: object;
        responseHeaders: object;
        requestBody?: string | null;
        responseBody?: string | null;
      };
      all.push({
        row: rows.find((row) => row["request_id"] === `${half}-${i}`)!,
        deviceName: names[half]!,
        tags: [],
        headers: [requestHeaders, responseHeaders].flatMap((side) =>
          Array.isArray(side) ? side as [string, string][] : Object.entries(side)
        ).map(([name, value]) => [name.toLowerCase(), value]),
        bodies: [requestBody, responseBody].filter((body) => typeof body === "string"),
      });
    }
  }
  await tag(all);
  return all;
}

/** Every text that may be a tag is one, on an entry of its own and on one that has them all. */
async function tag(all: Seen[]): Promise<void> {
  const names = [...new Map(CORPUS.map((text) => [text.toLowerCase(), text])).values()]
    .filter((text) => [...text].length >= 1 && [...text].length <= 60);
  const tags = rowsOf<{ id: string; name: string }>(
    await rest(
      ann.token,
      "POST",
      "tags",
      names.map((name) => ({ workspace_id: ann.workspaceId, name })),
    ),
  );
  const put = tags.flatMap(({ id, name }, i) =>
    [...new Set([all[i]!, all[0]!])].map((entry) => {
      entry.tags!.push(name);
      return { entry_id: entry.row["id"], tag_id: id };
    })
  );
  rowsOf(await rest(ann.token, "POST", "entry_tags", put));
}

/** A text as a regular expression that finds just this text. */
const literally = (text: string) => text.replace(/[^\w\u0080-\u{10ffff}]/gu, "\\$&");

function leafOf(field: Field, op: string, text: string): Leaf {
  const value = op === "in"
    ? [text, `${text}!`]
    : op === "regex"
    ? literally(text)
    : op === "glob"
    ? `${text}*`
    : text;
  return field === "header" ? { field, name: HEADER, op, value } : { field, op, value };
}

/** Takes as many as fit into a filter of 16 kB, written as Postgres writes it. */
function takeFitting(leaves: Leaf[]): Leaf[] {
  let octets = 20;
  const end = leaves.findIndex((leaf) =>
    (octets += Buffer.byteLength(JSON.stringify(leaf)) + 10) > 16_000
  );
  return leaves.splice(0, end < 0 ? leaves.length : end);
}

/** Whether a text is no value of that kind at all. */
function isRefused({ field, op, value }: Leaf): boolean {
  const kind = FIELDS[field as Field];
  if (op === "exists" || kind === "number" || kind === "boolean" || kind === "time") return true;
  return [value as string].flat().some((text) => text.length > 1_000);
}

type Asked = { ids: string[] } | { code: string; message: string };

/** What the database says to each, when it is the person who asks. */
async function ask(person: Person, filters: unknown[]): Promise<Asked[]> {
  const session = await sessionOf(person.token);
  const answers: Asked[] = [];
  for (let at = 0; at < filters.length; at += BATCH) {
    const [row] = await session<{ answers: Asked[] }[]>`
      select ${session(`${canary}.ask`)}(${ann.workspaceId}, ${
      session.json(filters.slice(at, at + BATCH) as never)
    }) as answers`;
    answers.push(...row!.answers);
  }
  return answers;
}

/** A filter's own refusal, and no other error. */
const REFUSAL = /^filter[^ ]*: /;
const isRefusal = (answer: Asked | undefined) =>
  answer !== undefined && "code" in answer && answer.code === "PT400" &&
  REFUSAL.test(answer.message);

/** What was not answered as it should be; none of many thousands. */
function surprises(leaves: Leaf[], answers: Asked[], all: Seen[]): unknown[] {
  return leaves.flatMap((leaf, i) => {
    const answer = answers[i];
    const expected = isRefused(leaf) ? "a refusal" : { ids: expectedOf(leaf, all) };
    const found = isRefusal(answer) ? "a refusal" : answer;
    return JSON.stringify(found) === JSON.stringify(expected) ? [] : [{ leaf, answer, expected }];
  });
}

it("the canary sings: where texts are pasted together, the corpus bites", async () => {
  const pasted: ((text: string) => string)[] = [
    (text) => `'a' = '${text}'`,
    (text) => `'a' ilike '%${text}%'`,
    (text) => `('a' = '${text}')`,
    (text) => `(('a' = '${text}'))`,
    (text) => `((('a' = '${text}')))`,
    (text) => `'a' = E'${text.replaceAll("'", "\\'")}'`,
    (text) => `'a' = E'${text.replaceAll("'", "''")}'`,
    (text) => `'a' = $$${text}$$`,
    (text) => `'a' = $q$${text}$q$`,
    (text) => `2 = e."${text}"`,
    (text) => text,
    (text) => `2 = ${text}`,
    (text) => `2 = (${text})`,
    (text) => `false = ${text}`,
    (text) => `'a' = '${text.normalize("NFKC").replace(/[\u02bc\u2019]/g, "'")}'`,
  ];
  const harmless: string[] = [];
  for (const text of BREAKOUTS.filter((text) => text.includes("bite()"))) {
    const before = await bites();
    const statements = pasted.map((paste) =>
      `select 'x'::text from (values (1)) as e (n) where ${paste(text)}`
    );
    await sql`select ${sql(`${canary}.taste`)}(${statements})`;
    if (await bites() === before) harmless.push(text);
  }
  // Some need a mistake of another kind: an escape decoded late, or a format that is run twice.
  expect(harmless.length, harmless.join("\n")).toBeLessThan(BREAKOUTS.length / 4);
  bitten = await bites();
});

describe("every text of the corpus", () => {
  it.each(FIELD_NAMES)(
    "is data at %s, under each operator, and finds what it says",
    async (field) => {
      const leaves = OPS[FIELDS[field]].flatMap((op) =>
        CORPUS.map((text) => leafOf(field, op, text))
      );
      expect(surprises(leaves, await ask(ann, leaves), seen)).toEqual([]);
    },
  );

  it.each(FIELD_NAMES)(
    "is so at %s over REST: listed, counted, searched and saved",
    async (field) => {
      const inPayload = field === "header" || field === "body";
      for (const op of OPS[FIELDS[field]]) {
        // Some of the texts: the compiler is asked about all of them above.
        const texts = CORPUS.filter((_, i) => i % 9 === 0);
        const leaves = texts.map((text) => leafOf(field, op, text));
        const filters: Filter[] = leaves.filter(isRefused).slice(0, 1);
        const good = leaves.filter((leaf) => !isRefused(leaf));
        while (good.length > 0) filters.push({ or: takeFitting(good) });
        await Promise.all(filters.map(async (filter) => {
          const args = { workspace_id: ann.workspaceId, filter };
          const [listed, counted, searched, saved] = await Promise.all([
            rpc(ann.token, "entries_filtered_list?select=id", { ...args, page_size: 500 }),
            rpc(ann.token, "entries_filtered_count", args),
            rpc(ann.token, "entries_search", { ...args, page_size: 500 }),
            rest(ann.token, "POST", "saved_filters?select=filter", { ...args, name: randomUUID() }),
          ]);
          const refused = { status: 400, body: { message: expect.stringMatching(REFUSAL) } };
          if ("field" in filter) {
            for (const answer of [listed, counted, searched, saved]) {
              expect(answer).toMatchObject(refused);
            }
            return;
          }
          const ids = expectedOf(filter, seen);
          if (inPayload) {
            expect(listed).toMatchObject(refused);
            expect(counted).toMatchObject(refused);
          } else {
            expect(rowsOf<Row>(listed).map(({ id }) => id)).toEqual(ids);
            expect(counted.body).toEqual({ count: ids.length, kind: "exact" });
          }
          expect(searched).toMatchObject({ status: 200, body: { complete: true } });
          expect((searched.body as { rows: Row[] }).rows.map(({ id }) => id)).toEqual(ids);
          expect(saved.body).toEqual([{ filter }]);
        }));
      }
    },
  );

  it("is a regular expression as Postgres reads it, or is refused", async () => {
    const texts = CORPUS.filter((text) => text.length <= 1_000);
    const answers = await ask(
      ann,
      texts.map((value) => ({ field: "header", name: HEADER, op: "regex", value })),
    );
    for (const [i, text] of texts.entries()) {
      // The pattern is bound here and never part of the SQL.
      const ids = sql<{ id: string }[]>`
        select e.id from jsonb_to_recordset(${
        sql.json(seen.map(({ row, headers }) => ({ id: row["id"], headers })) as never)
      }) as e (id uuid, headers jsonb)
        where exists (
          select from jsonb_array_elements(e.headers) h
          where h ->> 0 = ${HEADER} and h ->> 1 ~ ${text})
        order by e.id desc`;
      const expected = await ids.then((rows) => rows.map(({ id }) => id), () => "refused");
      const answer = answers[i]!;
      expect([text, isRefusal(answer) ? "refused" : answer])
        .toEqual([text, expected === "refused" ? expected : { ids: expected }]);
    }
  });

  it("finds for who is shown no secrets what they are shown", async () => {
    const shown = await rpc<{ id: string; payload: Record<string, unknown> }[]>(
      vera.token,
      "get_entries",
      { ids: seen.map(({ row }) => row["id"]) },
    );
    // The digits that tell secrets apart are another answer's next time: a search is without.
    const bodies = new Map(
      shown.body.map(({ id, payload }) => [
        id,
        [payload["requestBody"], payload["responseBody"]]
          .filter((body) => typeof body === "string")
          .map((body) => body.replaceAll(/\[redacted:[0-9a-f]{8}\]/g, "[redacted]")),
      ]),
    );
    const hers = seen.map((entry) => ({ ...entry, bodies: bodies.get(`${entry.row["id"]}`)! }));
    expect(hers.filter(({ bodies }) => bodies.some((body) => body.includes("[redacted]"))).length)
      .toBeGreaterThan(5);
    const texts = CORPUS.filter((_, i) => i % 24 === 0);
    const leaves = (["header", "body"] as const).flatMap((field) =>
      OPS[FIELDS[field]].flatMap((op) =>
        [...texts, "hunter2", "redacted", "[redacted]", "password="]
          .map((text) => leafOf(field, op, text))
      )
    );
    expect(surprises(leaves, await ask(vera, leaves), hers)).toEqual([]);
  });

  it("is refused where names stand", async () => {
    const token = /^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,200}$/;
    const filters = CORPUS.flatMap((text): unknown[] => [
      { field: text, op: "eq", value: "x" },
      { field: "host", op: text, value: "x" },
      { field: "host", op: "eq", value: "x", [text]: 1 },
      { field: "host", name: text, op: "eq", value: "x" },
      { [text]: [] },
      { and: [{ [text]: {} }] },
      { not: text },
      { or: text },
      [text],
      text,
      ...(token.test(text) ? [] : [{ field: "header", name: text, op: "exists", value: true }]),
    ]);
    const answers = await ask(ann, filters);
    expect(filters.filter((_, i) => !isRefusal(answers[i]))).toEqual([]);
    const names = CORPUS.filter((text) => token.test(text));
    expect(names.length).toBeGreaterThan(5);
    const asked = names.map((name) => ({ field: "header", name, op: "exists", value: true }));
    expect(await ask(ann, asked)).toEqual(names.map(() => ({ ids: [] })));
  });

  it("with NUL in it is no JSON that Postgres takes", async () => {
    for (const field of FIELD_NAMES) {
      const filter = { ...leafOf(field, "eq", "a\0' or 1=1 --") };
      for (const name of ["entries_filtered_list", "entries_filtered_count", "entries_search"]) {
        expect((await rpc(ann.token, name, { filter })).status).toBe(400);
      }
    }
  });
});

it("nothing of it was run", async () => {
  expect(await bites()).toBe(bitten);
  expect([...await sql`select n from ${sql(`${canary}.prey`)}`]).toEqual([{ n: 7 }]);
  const left = rowsOf(await rest(ann.token, "GET", "entries?select=id"));
  expect(left).toHaveLength(seen.length);
});

it("the corpus holds every column that may be asked for", () => {
  for (const column of Object.values(COLUMNS)) {
    if (column === "ts" || column === "device_uuid") continue;
    expect([column, new Set(seen.map(({ row }) => row[column])).size > 1]).toEqual([column, true]);
  }
});
