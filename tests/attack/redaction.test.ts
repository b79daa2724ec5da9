// Policies of redaction, on the way to every destination: by REST, by MCP, in exports, to a model, to a chat.

import { randomInt } from "node:crypto";
import type { SupabaseClient } from "@supabase/supabase-js";
import { createBusymateClient } from "busymate-client";
import { decodeJwt } from "jose";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { storedEntries } from "../../scripts/har/export.ts";
import { createReader } from "../../shared/entries/reader.ts";
import { dispatch } from "../../shared/operations/dispatch.ts";
import { OPERATIONS } from "../../shared/operations/registry.ts";
import { callFactory } from "../../shared/mcp/caller.ts";
import { open } from "../mcp/support/client.ts";
import { askAll, startAsking } from "../support/busybro/asking.ts";
import { startModelServer } from "../support/busybro/model-server.ts";
import { rpc } from "../support/rest.ts";
import { stack } from "../support/stack.ts";
import {
  database,
  enrol,
  exchangeOf,
  ingest,
  newDevice,
  newPerson,
  type Person,
} from "../support/world.ts";

/** Told apart from all other tests' by its number; the policies are everybody's. */
const mark = `q${randomInt(1e9)}`;
const NAME = `x-${mark}`;
const PATTERN = `${mark}-[a-z]+`;
const ODD = `zz${"kT9w"}Lp${randomInt(1e9)}`;
const SECRETS = {
  query: `hunter2-query-${mark}`,
  cookie: `hunter2-cookie-${mark}`,
  soap: `hunter2-soap-${mark}`,
  nested: `hunter2-nested-${mark}`,
  location: `hunter2-location-${mark}`,
  token: `gh${"p_"}${"aB3dE6gH9j".repeat(3)}`,
};

let ann: Person, vera: Person;
let id: string;
/** As the database answers when a policy is on for everybody, without switching it on for everybody. */
const switchedOn = (destination: string): typeof fetch => async (input, init) => {
  const response = await fetch(input, init);
  const url = input instanceof Request ? input.url : String(input);
  if (!url.endsWith("/rpc/redaction_policy")) return response;
  expect(JSON.parse(String(init!.body))).toEqual({ destination });
  return Response.json({ ...await response.json() as object, enabled: true });
};

beforeAll(async () => {
  [ann, vera] = await Promise.all([newPerson(), newPerson("viewer")]);
  await enrol(ann.workspaceId, vera);
  const device = await newDevice(ann);
  await ingest(device, [exchangeOf({}, {
    method: "POST",
    url: `https://${mark}.example.com/login?access_token=${SECRETS.query}&page=1`,
    requestHeaders: { cookie: `sid=${SECRETS.cookie}`, [NAME]: ODD, accept: "text/xml" },
    requestBody: `<a:Password>${SECRETS.soap}</a:Password><n>${mark}-abc</n>`,
    responseHeaders: [["Location", `/next?token=${SECRETS.location}`], ["X-Same", "1"]],
    responseBody: JSON.stringify({
      inner: JSON.stringify({ password: SECRETS.nested, again: { session: SECRETS.cookie } }),
      note: `leaked ${SECRETS.token}`,
      [NAME]: ODD,
    }),
  })]);
  const [row] = await database()`select id from public.entries where device_uuid = ${device.uuid}`;
  id = row!["id"];
  await database()`
    update public.redaction_policies
    set extra_names = array_append(extra_names, ${NAME}), extra_patterns = array_append(extra_patterns, ${PATTERN})`;
});
afterAll(() =>
  database()`
    update public.redaction_policies
    set extra_names = array_remove(extra_names, ${NAME}), extra_patterns = array_remove(extra_patterns, ${PATTERN})`
);

const ALL = [...Object.values(SECRETS), ODD, `${mark}-abc`];
function leaksIn(value: unknown): string[] {
  const text = typeof value === "string" ? value : JSON.stringify(value);
  // That the entry was read is seen by its host.
  expect(text).toContain(`${mark}.example.com`);
  return ALL.filter((secret) => text.includes(secret));
}

const config = () => ({
  SUPABASE_URL: stack().url,
  SUPABASE_PUBLISHABLE_KEYS: stack().publishable_key,
  BUSYMATE_ISSUER: stack().issuer,
});
const readerOf = ({ token }: Person, how: typeof fetch, destination: "console" | "export") =>
  createReader({
    url: stack().url,
    publishableKey: stack().publishable_key,
    token,
    fetch: how,
  }, destination);

describe("from who may not see secrets", () => {
  it("they are hidden by REST, names and patterns of the policy too, and equal ones stay equal", async () => {
    const { body } = await rpc<{ payload: Record<string, string> }>(vera.token, "get_entry", {
      id,
    });
    expect(leaksIn(body)).toEqual([]);
    const inner = JSON.parse(JSON.parse(body.payload["responseBody"]!).inner);
    const headers = body.payload["requestHeaders"] as unknown as Record<string, string>;
    const marks = [inner.password, inner.again.session, headers[NAME]];
    for (const one of marks) expect(one).toMatch(/^\[redacted:[0-9a-f]{8}\]$/);
    expect(new Set(marks).size).toBe(3);
    expect(JSON.parse(body.payload["responseBody"]!)[NAME]).toBe(headers[NAME]);
    const again = await rpc<typeof body>(vera.token, "get_entry", { id });
    // What a short secret is cannot be tried out with captures of one's own.
    expect(JSON.stringify(again.body)).not.toContain(marks[0]);
  });

  it("they are hidden by MCP, in lists as in entries", async () => {
    const session = await open(vera.token);
    for (
      const [name, args] of [
        ["get_entry", { id }],
        ["outline_entry", { id }],
        ["inspect_requests", { host: `${mark}.example.com` }],
        ["search_entries", { filter: `host:${mark}.example.com` }],
        ["db_select", { table: "entries", filters: [{ column: "id", op: "eq", value: id }] }],
        ["list_entry_changes", { workspace_id: ann.workspaceId }],
      ] as const
    ) expect(leaksIn((await session.succeed(name, args)).text), name).toEqual([]);
  });

  it("they are hidden in what is exported and compared", async () => {
    const selection = {
      filter: { field: "host", op: "eq", value: `${mark}.example.com` },
      limit: 5,
    };
    const found = [];
    const reader = readerOf(vera, fetch, "export");
    for await (const entry of reader.select(selection as never, AbortSignal.timeout(10_000))) {
      found.push(entry);
    }
    expect(leaksIn(found)).toEqual([]);
  });
});

describe("a policy that is on hides them from everybody", () => {
  it("of the console, by REST", async () => {
    const shown: { redacted: boolean }[] = [];
    const undone = new Error("the policies are everybody's");
    await database().begin(async (sql) => {
      await sql`select set_config('request.jwt.claims', ${
        JSON.stringify(decodeJwt(ann.token))
      }, true)`;
      for (const [enabled, mode] of [[true, "mask"], [true, "strip"], [false, "mask"]] as const) {
        await sql`
          update public.redaction_policies set enabled = ${enabled}, mode = ${mode} where destination = 'console'`;
        const [row] = await sql`select public.get_entry(${id}) as entry`;
        shown.push(row!["entry"]);
      }
      throw undone;
    }).catch((error) => expect(error).toBe(undone));
    const [on, stripped, off] = shown;
    expect(on!.redacted).toBe(true);
    expect(leaksIn(on)).toEqual([]);
    expect(leaksIn(stripped)).toEqual([]);
    expect(JSON.stringify(stripped)).not.toContain("[redacted");
    expect(off!.redacted).toBe(false);
    expect(leaksIn(off).toSorted()).toEqual(ALL.toSorted());
  });

  it.each(["get_entry", "search_entries", "inspect_requests"])("of MCP: %s", async (name) => {
    const args = name === "get_entry"
      ? { id }
      : name === "search_entries"
      ? { filter: `host:${mark}.example.com` }
      : { host: `${mark}.example.com` };
    const answerWith = async (how: typeof fetch) => {
      const call = await callFactory(config() as never, how)({
        token: ann.token,
        signal: AbortSignal.timeout(10_000),
        destination: "mcp",
        background: () => {},
      });
      return (await dispatch(call, OPERATIONS.get(name)!, args)).text;
    };
    expect(leaksIn(await answerWith(switchedOn("mcp")))).toEqual([]);
    // And off is nothing, for whoever may see them.
    const off = leaksIn(await answerWith(fetch));
    expect(off).toContain(SECRETS.query);
    if (name === "get_entry") expect(off.toSorted()).toEqual(ALL.toSorted());
  });

  it("of exports, through the function and as HAR", async () => {
    const read = async (how: typeof fetch) =>
      await readerOf(ann, how, "export").byIds([id], AbortSignal.timeout(10_000));
    expect(leaksIn(await read(switchedOn("export")))).toEqual([]);
    expect(leaksIn(await read(fetch)).toSorted()).toEqual(ALL.toSorted());
    const har = async (enabled: boolean) => {
      const busymate = createBusymateClient({
        url: stack().url,
        publishableKey: stack().publishable_key,
        accessToken: () => Promise.resolve(ann.token),
      });
      const supabase = new Proxy(busymate.supabase as SupabaseClient, {
        get: (target, key, self) =>
          key !== "rpc"
            ? Reflect.get(target, key, self)
            : (name: string, args: object) =>
              enabled && name === "redaction_policy"
                ? {
                  abortSignal: async () => {
                    const { data, error } = await target.rpc(name, args);
                    return { data: { ...data, enabled: true }, error };
                  },
                }
                : target.rpc(name, args),
      });
      const client = { ...busymate, supabase };
      const entries = [];
      const filter = { field: "host", op: "eq", value: `${mark}.example.com` } as const;
      for await (
        const entry of storedEntries({ client, workspaceId: ann.workspaceId, filter })
      ) entries.push(entry);
      return entries;
    };
    expect(leaksIn(await har(true))).toEqual([]);
    expect(leaksIn(await har(false)).toSorted()).toEqual(ALL.toSorted());
  });
});

describe("a model", () => {
  it("reads placeholders, equal for equal secrets, and none of what the policy names", async () => {
    const model = await startModelServer(({ results }) =>
      results.length === 0
        ? { does: "say", calls: [{ name: "get_entry", args: { id } }] }
        : { does: "say", text: ["Seen."] }
    );
    try {
      const asking = await startAsking({ protocol: "anthropic", modelUrl: model.url });
      const events = await askAll(asking, ann.token, { question: `What of ${mark}-abc here?` });
      const prompts = model.asked.map(({ body }) => body).join("\n");
      expect(leaksIn(prompts)).toEqual([]);
      expect(ALL.filter((secret) => JSON.stringify(events).includes(secret))).toEqual([]);
      const read = model.asked.at(-1)!.results.join();
      expect(read).toContain("<cookie>");
      expect(read).not.toContain("[redacted");
      // The same value under the same name, in a header and in a body.
      expect(read.split(`<${mark}>`)).toHaveLength(3);
    } finally {
      await model.stop();
    }
  });
});
