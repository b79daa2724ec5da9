// Statistics by supabase-js: asked for, and pushed when they are refreshed.

import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Clients, until } from "../realtime/support/client.ts";
import type { Target } from "../realtime/support/target.ts";
import { stack } from "../support/stack.ts";
import {
  database,
  type Device,
  enrol,
  exchangeOf,
  ingest,
  newDevice,
  newPerson,
  type Person,
} from "../support/world.ts";
import { ok } from "./support/answers.ts";

// Sam's role has stats:view and nothing else; Max's has global:view with it. Vera looks at Ann's
// workspace.
let ann: Person, ben: Person, vera: Person, sam: Person, max: Person, root: Person;
let device: Device;
const { url, publishable_key: publishableKey } = stack();
const sockets = new Clients({ url, publishableKey } as Target, "2.0.0");

async function roleWith(...sections: string[]): Promise<string> {
  const sql = database();
  const role = `stats-${randomUUID()}`;
  await sql`insert into public.roles (name) values (${role})`;
  for (const section of sections) {
    await sql`insert into public.role_capabilities values (${role}, ${section}, 'view')`;
  }
  return role;
}

beforeAll(async () => {
  const [narrow, wide] = await Promise.all([roleWith("stats"), roleWith("stats", "global")]);
  [ann, ben, vera, sam, max, root] = await Promise.all([
    newPerson(),
    newPerson(),
    newPerson("viewer"),
    newPerson(narrow),
    newPerson(wide),
    newPerson("admin"),
  ]) as [Person, Person, Person, Person, Person, Person];
  await Promise.all([enrol(ann.workspaceId, vera), enrol(ann.workspaceId, sam)]);
  device = await newDevice(ann);
  await ingest(device, [exchangeOf(), exchangeOf({}, { statusCode: 503 })]);
});
afterAll(() => sockets.close());

describe("get_stats", () => {
  it("answers of a workspace to who sees its entries, null to others", async () => {
    const of = (person: Person, workspace_id = ann.workspaceId) =>
      ok(person.client.rpc("get_stats", { workspace_id }));
    const expected = {
      entries: { total: 2, last_minute: 2 },
      status_mix: { "2xx": 1, "5xx": 1 },
      top_devices: [{ device_uuid: device.uuid, count: 2 }],
    };
    for (const person of [ann, vera, root]) expect(await of(person)).toMatchObject(expected);
    for (const person of [ben, sam, max]) expect(await of(person)).toBeNull();
    expect(await of(ann, randomUUID())).toBeNull();
  });

  it("answers of the fleet to who sees all of it, null to others", async () => {
    for (const person of [max, root]) {
      const fleet = await ok(person.client.rpc("get_stats")) as { entries: { total: number } };
      expect(fleet.entries.total).toBeGreaterThanOrEqual(2);
    }
    for (const person of [ann, vera, sam]) {
      expect(await ok(person.client.rpc("get_stats"))).toBeNull();
    }
  });
});

describe("the row of service_stats", () => {
  it("is pushed with each refresh to who may read it, and to nobody else", async () => {
    interface Change {
      id: number;
      snapshot: { generated_at: string; entries: { total: number } };
    }
    const pushed = new Map<Person, Change[]>();
    await Promise.all([sam, ann].map(async (person) => {
      const changes: Change[] = [];
      pushed.set(person, changes);
      const client = await sockets.connect(() => Promise.resolve(person.token));
      const ready: string[] = [];
      client.channel(randomUUID())
        .on(
          "postgres_changes",
          { event: "UPDATE", schema: "public", table: "service_stats", filter: "id=eq.1" },
          (change) => changes.push(change.new as Change),
        )
        .on("system", {}, ({ message }) => ready.push(message))
        .subscribe();
      await until(() => ready.length > 0, 20_000);
      expect(ready).toEqual(["Subscribed to PostgreSQL"]);
    }));
    const read = () => ok(sam.client.from("service_stats").select("snapshot").eq("id", 1).single());
    const before = (await read()).snapshot.generated_at as string;
    expect(await ok(ann.client.rpc("refresh_stats"))).toBeNull();
    expect(await ok(root.client.rpc("refresh_stats"))).toBe(true);
    await expect.poll(() => pushed.get(sam)!.some(({ snapshot }) => snapshot.generated_at > before))
      .toBe(true);
    const { id, snapshot } = pushed.get(sam)!.at(-1)!;
    expect(id).toBe(1);
    expect(snapshot.entries.total).toBeGreaterThanOrEqual(2);
    expect(pushed.get(ann)).toEqual([]);
  });
});
