import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { rest, rowsOf } from "../support/rest.ts";
import { database } from "../support/world.ts";
import { assembleCast, type Caller, CALLERS, type Cast } from "./support/cast.ts";
import { until } from "./support/client.ts";

let cast: Cast;
beforeAll(async () => {
  cast = await assembleCast();
});
afterAll(() => cast?.close());

describe("changes of tables", () => {
  interface Change {
    table: string;
    eventType: string;
    new: Record<string, unknown>;
    errors: string[] | null;
  }
  const TABLES = ["service_stats", "service_status", "settings_global", "settings_user", "tags"];
  /** Who may see a changed row of each. */
  const READERS: Record<string, Caller[]> = {
    service_stats: ["admin"],
    service_status: ["admin"],
    settings_global: ["viewer", "member", "stranger", "admin"],
    settings_user: ["member", "admin"],
    tags: ["viewer", "member", "admin"],
  };

  it("reach who may see the row, and show it to nobody else", async () => {
    const told = {} as Record<Caller, Change[]>;
    await Promise.all(CALLERS.map(async (caller) => {
      const changes: Change[] = told[caller] = [];
      const channel = (await cast.connect(caller)).channel(randomUUID());
      const ready: string[] = [];
      for (const table of TABLES) {
        channel.on(
          "postgres_changes",
          { event: "UPDATE", schema: "public", table },
          (change) => changes.push(change as unknown as Change),
        );
      }
      channel.on("system", {}, ({ message }) => ready.push(message)).subscribe();
      await until(() => ready.length > 0, 20_000);
      expect({ caller, ready }).toEqual({ caller, ready: ["Subscribed to PostgreSQL"] });
    }));

    const [tag] = rowsOf<{ id: string }>(
      await rest(cast.member.token, "POST", "tags", {
        workspace_id: cast.member.workspaceId,
        name: randomUUID(),
      }),
    );
    await rest(cast.member.token, "PATCH", `tags?id=eq.${tag!.id}`, { color: "#aabbcc" });
    const own = { user_id: cast.member.id, connection_type: "vpn" };
    await rest(cast.member.token, "POST", "settings_user", own, {
      Prefer: "resolution=ignore-duplicates",
    });
    await rest(cast.member.token, "PATCH", `settings_user?user_id=eq.${cast.member.id}`, {
      connection_type: "vpn",
    });
    const sql = database();
    await sql`update public.settings_global set mitm_all_hosts = mitm_all_hosts`;
    await sql`update public.service_status set snapshot = snapshot`;
    await sql`update public.service_stats set snapshot = snapshot`;

    const isOurs = ({ table, new: row }: Change) =>
      table === "tags"
        ? row["id"] === tag!.id
        : table === "settings_user"
        ? row["user_id"] === cast.member.id
        : row["id"] === 1;
    const seenBy = (caller: Caller) =>
      [...new Set(told[caller].filter(isOurs).map(({ table }) => table))].sort();
    const readable = (caller: Caller) =>
      TABLES.filter((table) => READERS[table]!.includes(caller)).sort();
    await expect.poll(() => seenBy("admin"), { timeout: 15_000 }).toEqual(readable("admin"));
    for (const caller of CALLERS) {
      await expect.poll(() => ({ caller, sees: seenBy(caller) }), { timeout: 5000 })
        .toEqual({ caller, sees: readable(caller) });
    }
    // Whose role may select nothing of a table hears that it changed, and no value of it.
    for (const caller of ["anonymous", "device", "proxy"] as const) {
      for (const { new: row, errors } of told[caller]) {
        expect({ caller, row, errors })
          .toEqual({ caller, row: {}, errors: ["Error 401: Unauthorized"] });
      }
    }
    expect(told.revoked).toEqual([]);
  });

  it("are not published for what is partitioned, large or secret", async () => {
    const published = await database()`
      select tablename from pg_publication_tables where pubname = 'supabase_realtime' order by 1`;
    expect(published.map(({ tablename }) => tablename)).toEqual([
      "scripts",
      "service_domains",
      "service_group_includes",
      "service_group_services",
      "service_groups",
      "service_stats",
      "service_status",
      "services",
      "settings_device",
      "settings_global",
      "settings_user",
      "tags",
    ]);
  });
});
