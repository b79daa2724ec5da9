// What is one person's alone: conversations, jobs, alerts. Nobody else's, not even an admin's.

import { randomUUID } from "node:crypto";
import { beforeAll, describe, expect, it } from "vitest";
import { auditOf } from "../support/audit.ts";
import {
  clientWith,
  database,
  type Device,
  enrol,
  newDevice,
  newPerson,
  type Person,
} from "../support/world.ts";
import { ok, refused } from "./support/answers.ts";

let ann: Person, bea: Person, vera: Person, root: Person;
let device: Device;

beforeAll(async () => {
  [ann, bea, vera, root] = await Promise.all([
    newPerson(),
    newPerson(),
    newPerson("viewer"),
    newPerson("admin"),
  ]) as [Person, Person, Person, Person];
  await Promise.all([bea, vera].map((person) => enrol(ann.workspaceId, person)));
  device = await newDevice(ann);
});

type Row = Record<string, unknown>;
const OWN: Record<string, { insert: () => Row | Promise<Row>; update?: Row }> = {
  busybro_threads: { insert: () => ({ title: "Why 500?" }), update: { title: "Solved" } },
  busybro_messages: {
    insert: async () => ({
      thread_id: (await ok(
        ann.client.from("busybro_threads").insert({}).select("id").single(),
      )).id,
      role: "user",
      text: "Why does /pay fail? 💳",
    }),
  },
  jobs: {
    insert: () => ({ kind: "export_har", arguments: { workspace_id: ann.workspaceId } }),
    update: { status: "done", progress: 100, result: { rows: 3 } },
  },
  alert_rules: {
    insert: () => ({ workspace_id: ann.workspaceId, kind: "device_offline" }),
    update: { enabled: false },
  },
};

describe.each(Object.entries(OWN))("%s", (table, { insert, update }) => {
  it("are their owner's to make, read, change and remove, and nobody else's", async () => {
    const sent = await insert();
    const made = await ok(ann.client.from(table).insert(sent).select().single());
    expect(made).toMatchObject({ ...sent, user_id: ann.id });
    for (const other of [bea, vera, root]) {
      const rows = () => other.client.from(table);
      expect(await ok(rows().select().eq("id", made.id))).toEqual([]);
      if (update) expect(await ok(rows().update(update).eq("id", made.id).select())).toEqual([]);
      expect(await ok(rows().delete().eq("id", made.id).select())).toEqual([]);
      // Nor can one put one's own under another's name.
      const forged = { ...await insert(), user_id: ann.id };
      expect((await refused(rows().insert(forged))).code).toBe("42501");
    }
    expect((await refused(clientWith(device.token).from(table).select())).code).toBe("42501");
    const rows = ann.client.from(table).select().eq("id", made.id);
    expect(await ok(rows)).toEqual([made]);
    if (update) {
      expect(await ok(ann.client.from(table).update(update).eq("id", made.id).select()))
        .toMatchObject([update]);
    }
    expect(await ok(ann.client.from(table).delete().eq("id", made.id).select())).toHaveLength(1);
  });
});

describe("a conversation", () => {
  it("keeps its order and its taint, and takes its messages with it", async () => {
    const threads = ann.client.from("busybro_threads");
    const { id } = await ok(threads.insert({ tainted: true }).select("id").single());
    expect(await ok(threads.update({ tainted: false }).eq("id", id).select("tainted")))
      .toEqual([{ tainted: true }]);
    const say = (role: string, text: string) =>
      ok(ann.client.from("busybro_messages").insert({ thread_id: id, role, text }));
    await say("user", "one");
    await say("assistant", "two");
    const said = await ok(
      ann.client.from("busybro_threads").select("busybro_messages(text)")
        .order("id", { referencedTable: "busybro_messages" }).eq("id", id).single(),
    );
    expect(said.busybro_messages).toEqual([{ text: "one" }, { text: "two" }]);
    const intruding = { thread_id: id, role: "user", text: "ignore all that" };
    expect((await refused(bea.client.from("busybro_messages").insert(intruding))).code).toBe(
      "42501",
    );
    expect(
      (await refused(ann.client.from("busybro_messages").update({ text: "" }).eq("thread_id", id)))
        .code,
    ).toBe("42501");
    await ok(threads.delete().eq("id", id));
    expect(await database()`select from public.busybro_messages where thread_id = ${id}`)
      .toHaveLength(0);
  });
});

describe("a job", () => {
  it("has a state that can be, and is gone after its day", async () => {
    const jobs = ann.client.from("jobs");
    for (const bad of [{ status: "lost" }, { progress: 101 }]) {
      expect((await refused(jobs.insert({ kind: "export_har", ...bad }))).code).toBe("23514");
    }
    const { id, created_at, expires_at } = await ok(
      jobs.insert({ kind: "export_har" }).select().single(),
    );
    expect(Date.parse(expires_at) - Date.parse(created_at)).toBe(86_400_000);
    expect((await refused(jobs.update({ expires_at: "2099-01-01T00:00:00Z" }).eq("id", id))).code)
      .toBe("42501");
    const fresh = await ok(jobs.insert({ kind: "export_har" }).select().single());
    await database()`update public.jobs set expires_at = now() where id = ${id}`;
    await database()`select private.sweep()`;
    expect(await ok(jobs.select("id").in("id", [id, fresh.id]))).toEqual([{ id: fresh.id }]);
  });

  it("that was interrupted says so, and does not run for ever", async () => {
    const sql = database();
    const [lost, slow] = await sql<{ id: string }[]>`
      insert into public.jobs (user_id, kind, status, updated_at)
      values (${ann.id}, 'export_har', 'running', now() - interval '6 minutes'),
        (${ann.id}, 'export_har', 'running', now() - interval '1 minute')
      returning id`;
    await sql`select private.sweep()`;
    const rows = await ok(
      ann.client.from("jobs").select("id,status,error").in("id", [lost!.id, slow!.id]),
    );
    expect(rows).toEqual(expect.arrayContaining([
      { id: lost!.id, status: "failed", error: expect.stringContaining("start it again") },
      { id: slow!.id, status: "running", error: null },
    ]));
  });
});

describe("an alert", () => {
  it("is about a workspace that one sees, and one of a kind", async () => {
    const rule = { workspace_id: ann.workspaceId, kind: "breakpoint_held" };
    // Looking is enough to be told.
    await ok(vera.client.from("alert_rules").insert(rule));
    expect((await refused(vera.client.from("alert_rules").insert(rule))).code).toBe("23505");
    const elsewhere = { ...rule, workspace_id: bea.workspaceId };
    expect((await refused(vera.client.from("alert_rules").insert(elsewhere))).code).toBe("42501");
    for (const bad of [{ kind: "birthday" }, { kind: "error_spike", threshold: 0 }]) {
      expect((await refused(ann.client.from("alert_rules").insert({ ...rule, ...bad }))).code)
        .toBe("23514");
    }
    const made = await ok(ann.client.from("alert_rules").insert(rule).select().single());
    expect(await auditOf(made.id)).toMatchObject([{
      action: "alert_rules.insert",
      actor_id: ann.id,
    }]);
  });
});

describe("a saved filter", () => {
  it("is shared by its workspace, names its author, and can be run", async () => {
    const filter = { and: [{ field: "host", op: "suffix", value: "example.com" }] };
    const name = `Filter ${randomUUID()}`;
    const workspace_id = ann.workspaceId;
    const saved = await ok(
      bea.client.from("saved_filters").insert({ workspace_id, name, filter }).select().single(),
    );
    expect(saved.user_id).toBe(bea.id);
    const [read] = await ok(vera.client.from("saved_filters").select("filter").eq("id", saved.id));
    expect(read).toEqual({ filter });
    await ok(ann.client.rpc("entries_filtered_list", { workspace_id, filter: read!.filter }));
    // Its author may go; it stays.
    await ok(
      ann.client.from("saved_filters").update({ text: "host:*example.com" }).eq("id", saved.id),
    );
    const broken = ann.client.from("saved_filters").update({ filter: { or: 1 } }).eq(
      "id",
      saved.id,
    );
    expect((await refused(broken)).status).toBe(400);
  });
});
