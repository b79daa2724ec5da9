import { randomUUID } from "node:crypto";
import { beforeAll, describe, expect, it } from "vitest";
import { rest, rowsOf, rpc } from "../support/rest.ts";
import {
  database,
  enrol,
  exchangeOf,
  ingest,
  newDevice,
  newPerson,
  type Person,
} from "../support/world.ts";

interface Entry {
  id: string;
  url: string;
  redacted: boolean;
  payload: Record<string, unknown>;
}

// Ann may see secrets; Vera, who only looks, may not.
let ann: Person, vera: Person, ben: Person;
let id: string;
const SECRET = "s3cr3t-c4n4ry";
const exchange = exchangeOf({}, {
  url: `https://api.example.com/login?user=ann&access_token=${SECRET}`,
  requestHeaders: {
    authorization: `Bearer ${SECRET}`,
    cookie: `sid=${SECRET}`,
    accept: "text/html",
    "x-api-key": SECRET,
  },
  responseHeaders: [["Set-Cookie", `sid=${SECRET}`], ["Content-Type", "application/json"]],
  requestBody: `user=ann&password=${SECRET}&page=1`,
  responseBody: JSON.stringify({ name: "ann", access_token: SECRET, deep: [{ password: SECRET }] }),
  ofMyOwn: { anything: SECRET },
});

beforeAll(async () => {
  [ann, vera, ben] = await Promise.all([newPerson(), newPerson("viewer"), newPerson()]) as [
    Person,
    Person,
    Person,
  ];
  await enrol(ann.workspaceId, vera);
  const device = await newDevice(ann);
  await ingest(device, [exchange]);
  const [row] = await database()`select id from public.entries where device_uuid = ${device.uuid}`;
  id = row!["id"];
});

const get = async (person: Person, parts?: string[]) =>
  (await rpc<Entry | null>(person.token, "get_entry", { id, ...(parts && { parts }) })).body;

const reads = async (person: Person) =>
  await database()<{ after: unknown; actor_type: string; target: string }[]>`
    select after, actor_type, target from public.audit_log
    where action = 'entry.read' and actor_id = ${person.id} and workspace_id = ${ann.workspaceId}
    order by id`;

describe("get_entry", () => {
  it("gives the exchange back as it was sent to who may see secrets", async () => {
    const entry = await get(ann);
    expect(entry).toMatchObject({ id, redacted: false, host: "api.example.com" });
    expect(entry!.payload).toEqual({
      ...exchange.payload,
      isSecure: true,
      timestamp: expect.any(String),
    });
  });

  /** The marks of an answer without what tells them apart. */
  const plain = <T>(answer: T): T =>
    JSON.parse(JSON.stringify(answer).replaceAll(/\[redacted:[0-9a-f]{8}\]/g, "[redacted]"));

  it("shows no secret to who may not, and everything else", async () => {
    const entry = plain(await get(vera));
    expect(entry).toMatchObject({ id, redacted: true });
    expect(JSON.stringify(entry)).not.toContain(SECRET);
    expect(entry!.payload).toMatchObject({
      method: "GET",
      statusCode: 200,
      url: "https://api.example.com/login?user=ann&access_token=[redacted]",
      requestHeaders: { authorization: "[redacted]", cookie: "[redacted]", accept: "text/html" },
      responseHeaders: [["Set-Cookie", "[redacted]"], ["Content-Type", "application/json"]],
      requestBody: "user=ann&password=[redacted]&page=1",
    });
    expect(JSON.parse(entry!.payload["responseBody"] as string)).toEqual({
      name: "ann",
      access_token: "[redacted]",
      deep: [{ password: "[redacted]" }],
    });
    expect(entry!.payload).not.toHaveProperty("ofMyOwn");
  });

  it("shows none to a token without the scope secrets either", async () => {
    const other = await newPerson();
    await enrol(ann.workspaceId, other);
    expect((await get(other))!.redacted).toBe(false);
    await database()`
      update public.api_tokens set scope = 'mcp:read mcp:write' where user_id = ${other.id}`;
    const entry = await get(other);
    expect(entry!.redacted).toBe(true);
    expect(JSON.stringify(entry)).not.toContain(SECRET);
  });

  it("leaves out an encoded body that cannot be searched for secrets", async () => {
    const device = await newDevice(ann);
    const body = { text: Buffer.from(`\0${SECRET}`).toString("base64"), encoding: "base64" };
    await ingest(device, [exchangeOf({}, { requestBody: body })]);
    const [row] =
      await database()`select id from public.entries where device_uuid = ${device.uuid}`;
    const read = async (person: Person) =>
      (await rpc<Entry>(person.token, "get_entry", { id: row!["id"] })).body.payload["requestBody"];
    expect(await read(ann)).toEqual(body);
    expect(await read(vera)).toEqual({ text: "", encoding: "base64", omitted: true });
  });

  it("reads only the parts asked for", async () => {
    const fields = async (parts: string[]) => Object.keys((await get(ann, parts))!.payload);
    expect(await fields(["request_headers"])).not.toContain("requestBody");
    expect(await fields(["request_headers"])).toContain("requestHeaders");
    expect(await fields([])).toEqual(expect.not.arrayContaining(["requestHeaders", "ofMyOwn"]));
    expect((await rpc(ann.token, "get_entry", { id, parts: ["everything"] })).status).toBe(400);
  });

  it("records each read, with what was shown, and none of what was refused", async () => {
    const before = (await reads(vera)).length;
    await get(vera, ["request_body"]);
    await get(vera);
    const rows = (await reads(vera)).slice(before);
    expect(rows.map(({ after, actor_type, target }) => ({ after, actor_type, target }))).toEqual([
      { after: { parts: ["request_body"], revealed: false }, actor_type: "user", target: id },
      {
        after: {
          parts: ["request_headers", "response_headers", "request_body", "response_body", "extra"],
          revealed: false,
        },
        actor_type: "user",
        target: id,
      },
    ]);
    expect(JSON.stringify(rows)).not.toContain(SECRET);
    expect(await get(ben)).toBeNull();
    expect(await reads(ben)).toHaveLength(0);
  });

  it("finds nothing of what its owner deleted, and neither does the store", async () => {
    const device = await newDevice(ann);
    await ingest(device, [exchangeOf(), exchangeOf()]);
    const gone = rowsOf<Entry>(
      await rest(ann.token, "DELETE", `entries?device_uuid=eq.${device.uuid}&select=id`),
    ).map((entry) => entry.id);
    expect(gone).toHaveLength(2);
    expect((await rpc(ann.token, "get_entries", { ids: gone })).body).toEqual([]);
    const kept = await database()`select from private.entry_payloads where id = any (${gone})`;
    expect(kept).toHaveLength(0);
  });

  it("reads many in the order asked, each once, and leaves out what is unknown", async () => {
    const device = await newDevice(ann);
    await ingest(device, Array.from({ length: 5 }, () => exchangeOf()));
    const rows = await database()<{ id: string }[]>`
      select id from public.entries where device_uuid = ${device.uuid} order by md5(id::text)`;
    const ids = rows.map((row) => row.id);
    const before = (await reads(ann)).length;
    const answer = await rpc<Entry[]>(ann.token, "get_entries", {
      ids: [ids[0], randomUUID(), ...ids, id],
    });
    expect(answer.body.map((entry) => entry.id)).toEqual([...ids, id]);
    expect((await reads(ann)).length - before).toBe(ids.length + 1);
    for (const bad of [[], Array(501).fill(id), null]) {
      expect((await rpc(ann.token, "get_entries", { ids: bad })).status).toBe(400);
    }
  });
});
