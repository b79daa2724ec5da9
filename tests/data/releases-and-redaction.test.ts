// What an admin keeps for everybody: builds of the apps, what is redacted on the way to where.

import { randomInt } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { auditOf } from "../support/audit.ts";
import {
  clientWith,
  database,
  type Device,
  newDevice,
  newPerson,
  type Person,
} from "../support/world.ts";
import { ok, refused } from "./support/answers.ts";
import { Ears, heard } from "./support/ears.ts";

let ann: Person, vera: Person, root: Person;
let device: Device;
const ears = new Ears();

beforeAll(async () => {
  [ann, vera, root] = await Promise.all([newPerson(), newPerson("viewer"), newPerson("admin")]) as [
    Person,
    Person,
    Person,
  ];
  device = await newDevice(ann);
});
afterAll(() => ears.close());

describe("a build", () => {
  it("is published by releases:edit, and every device and person hears of it", async () => {
    const [own, hers] = await Promise.all([
      ears.on(device.token, "ios:build"),
      ears.on(vera.token, "ios:build"),
    ]);
    const build = { platform: "ios", version: "2.10.1", build: randomInt(1, 2 ** 31) };
    expect((await refused(ann.client.from("app_builds").insert(build))).code).toBe("42501");
    const made = await ok(root.client.from("app_builds").insert(build).select().single());
    for (const listener of [own, hers]) {
      await heard(listener, "INSERT", { version: "2.10.1", build: build.build });
    }
    const read = (person: Person) =>
      ok(person.client.from("app_builds").select().eq("id", made.id));
    expect([await read(ann), await read(vera)]).toEqual([[made], [made]]);
    expect((await refused(root.client.from("app_builds").insert(build))).code).toBe("23505");
    const changed = (person: Person) =>
      ok(person.client.from("app_builds").update({ notes: "Fixes" }).eq("id", made.id).select());
    expect(await changed(ann)).toEqual([]);
    expect(await changed(root)).toMatchObject([{ notes: "Fixes" }]);
    await ok(root.client.from("app_builds").delete().eq("id", made.id));
    expect((await auditOf(made.id)).map(({ action }) => action))
      .toEqual(["app_builds.insert", "app_builds.update", "app_builds.delete"]);
  });
});

describe("what is redacted", () => {
  it("is said for each destination, and never nothing where the assistant reads", async () => {
    const policies = await ok(ann.client.from("redaction_policies").select("destination"));
    expect(policies.map(({ destination }) => destination).sort())
      .toEqual(["busybro", "console", "export", "mcp", "telegram"]);
    const change = (person: Person, destination: string, row: Record<string, unknown>) =>
      person.client.from("redaction_policies").update(row).eq("destination", destination).select();
    expect(await ok(change(ann, "export", { enabled: false }))).toEqual([]);
    for (const destination of ["busybro", "telegram"]) {
      expect((await refused(change(root, destination, { enabled: false }))).message)
        .toContain("redaction_policies_assistant_on");
    }
    expect((await refused(change(root, "export", { mode: "scramble" }))).code).toBe("23514");
    for (const verb of ["insert", "delete"] as const) {
      const rows = root.client.from("redaction_policies");
      const attempt = verb === "insert"
        ? rows.insert({ destination: "console" })
        : rows.delete().eq("destination", "console");
      expect((await refused(attempt)).code).toBe("42501");
    }
    // Back to what it was: other tests go by it.
    const name = `x-${randomInt(1e9)}`;
    const [was] = await ok(
      root.client.from("redaction_policies").select("extra_names")
        .eq("destination", "telegram"),
    );
    expect(await ok(change(root, "telegram", { extra_names: [...was!.extra_names, name] })))
      .toMatchObject([{ extra_names: expect.arrayContaining([name]) }]);
    expect(await auditOf("telegram", "redaction_policies.update")).toEqual(
      expect.arrayContaining([expect.objectContaining({ actor_id: root.id })]),
    );
    await database()`
      update public.redaction_policies set extra_names = array_remove(extra_names, ${name})
      where destination = 'telegram'`;
    expect((await refused(clientWith(device.token).from("redaction_policies").select())).code)
      .toBe("42501");
  });
});
