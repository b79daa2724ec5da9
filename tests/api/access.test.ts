import { randomUUID } from "node:crypto";
import { beforeAll, describe, expect, it } from "vitest";
import { type Answer, type Method, rest, rowsOf, rpc } from "../support/rest.ts";
import {
  call,
  database,
  type Device,
  enrol,
  exchangeOf,
  ingest,
  newDevice,
  newPerson,
  type Person,
} from "../support/world.ts";

// Ann and Ben share nothing. Vera only looks, in Ann's workspace. Root is an admin.
let ann: Person, ben: Person, vera: Person, root: Person;
let annsDevice: Device, bensDevice: Device;
/** Ben's, with Ann's user id for its uuid. */
let impostor: Device;
/** The id of the entry that each device captured. */
let annsEntry: string, bensEntry: string;
let invitations: [string, string];
let services: [string, string];

type Actor = "ann" | "ben" | "vera" | "root" | "device" | "impostor" | "anonymous";
let tokens: Record<Actor, string | null>;

beforeAll(async () => {
  [ann, ben, vera, root] = await Promise.all(
    [newPerson(), newPerson(), newPerson("viewer"), newPerson("admin")],
  ) as [Person, Person, Person, Person];
  await enrol(ann.workspaceId, vera);
  [annsDevice, bensDevice, impostor] = await Promise.all([
    newDevice(ann),
    newDevice(ben),
    newDevice(ben, { uuid: ann.id }),
  ]) as [Device, Device, Device];
  for (const device of [annsDevice, bensDevice]) {
    await ingest(device, [exchangeOf()]);
    await rest(device.token, "POST", "device_status", { device_uuid: device.uuid, online: true }, {
      Prefer: "return=minimal",
    });
  }
  const captured = async (device: Device) =>
    (await database()`select id from public.entries where device_uuid = ${device.uuid}`)[0]!["id"];
  annsEntry = await captured(annsDevice);
  bensEntry = await captured(bensDevice);
  tokens = {
    ann: ann.token,
    ben: ben.token,
    vera: vera.token,
    root: root.token,
    device: annsDevice.token,
    impostor: impostor.token,
    anonymous: null,
  };
  const inviting = async ({ token, workspaceId }: Person) => {
    await rpc(token, "invite_to_workspace", { workspace_id: workspaceId, email: vera.email });
    const [row] = await database()`
      select id from public.workspace_invitations where workspace_id = ${workspaceId}`;
    return row!["id"] as string;
  };
  const serving = async (name: string) => {
    const made = await rest(root.token, "POST", "service_accounts", { name, role: "viewer" });
    return rowsOf<{ id: string }>(made)[0]!.id;
  };
  invitations = [await inviting(ann), await inviting(ben)];
  services = [await serving(`A ${randomUUID()}`), await serving(`B ${randomUUID()}`)];
});

/** Each table with the column that tells Ann's row from Ben's, and who sees whose. */
const TABLES: Record<
  string,
  {
    key: string;
    rows: () => [string, string];
    sees: Record<"ann" | "ben" | "vera" | "root", string>;
  }
> = {
  profiles: {
    key: "id",
    rows: () => [ann.id, ben.id],
    sees: { ann: "A", ben: "B", vera: "", root: "AB" },
  },
  workspaces: {
    key: "id",
    rows: () => [ann.workspaceId, ben.workspaceId],
    sees: { ann: "A", ben: "B", vera: "A", root: "AB" },
  },
  workspace_members: {
    key: "user_id",
    rows: () => [ann.id, ben.id],
    sees: { ann: "A", ben: "B", vera: "A", root: "AB" },
  },
  workspace_invitations: {
    key: "id",
    rows: () => invitations,
    sees: { ann: "A", ben: "B", vera: "", root: "AB" },
  },
  service_accounts: {
    key: "id",
    rows: () => services,
    sees: { ann: "", ben: "", vera: "", root: "AB" },
  },
  api_tokens: {
    key: "user_id",
    rows: () => [ann.id, ben.id],
    sees: { ann: "A", ben: "B", vera: "", root: "AB" },
  },
  devices: {
    key: "uuid",
    rows: () => [annsDevice.uuid, bensDevice.uuid],
    sees: { ann: "A", ben: "B", vera: "A", root: "AB" },
  },
  device_status: {
    key: "device_uuid",
    rows: () => [annsDevice.uuid, bensDevice.uuid],
    sees: { ann: "A", ben: "B", vera: "A", root: "AB" },
  },
  device_jwts: {
    key: "device_uuid",
    rows: () => [annsDevice.uuid, bensDevice.uuid],
    sees: { ann: "A", ben: "B", vera: "", root: "AB" },
  },
  entries: {
    key: "id",
    rows: () => [annsEntry, bensEntry],
    sees: { ann: "A", ben: "B", vera: "A", root: "AB" },
  },
  audit_log: {
    key: "workspace_id",
    rows: () => [ann.workspaceId, ben.workspaceId],
    sees: { ann: "", ben: "", vera: "", root: "AB" },
  },
};

async function tables(): Promise<string[]> {
  const rows = await database()<{ name: string }[]>`
    select relname as name from pg_class
    where relnamespace = 'public'::regnamespace and relkind in ('r', 'p', 'v', 'm') and not relispartition
    order by 1`;
  return rows.map(({ name }) => name);
}

describe("tables by REST", () => {
  it.each(Object.keys(TABLES))("%s shows each person their own", async (table) => {
    const { key, rows, sees } = TABLES[table]!;
    const [a, b] = rows();
    for (const [actor, seen] of Object.entries(sees)) {
      const answer = await rest(
        tokens[actor as Actor],
        "GET",
        `${table}?${key}=in.(${a},${b})&select=${key}`,
      );
      const found = new Set(rowsOf(answer).map((row) => row[key]));
      const letters = (found.has(a) ? "A" : "") + (found.has(b) ? "B" : "");
      expect([actor, letters]).toEqual([actor, seen]);
    }
  });

  it("show a caller without a token nothing: 401 on every table and verb", async () => {
    for (const table of await tables()) {
      for (const method of ["GET", "POST", "PATCH", "DELETE"] as Method[]) {
        const answer = await rest(null, method, table, method === "GET" ? undefined : {});
        expect([table, method, answer.status]).toEqual([table, method, 401]);
      }
    }
    const calls = {
      get_entry: { id: annsEntry },
      entries_changes: {},
      has_capability: { section: "entries", action: "view" },
      ingest_entries: { entries: [] },
    };
    for (const [name, args] of Object.entries(calls)) {
      expect([name, (await rpc(null, name, args)).status]).toEqual([name, 401]);
    }
  });

  it("show a device nothing but the keys of its own entries, its status and what is sent to it", async () => {
    const mailboxes = ["breakpoint_events", "device_commands", "device_live_activity_message"];
    for (const actor of ["device", "impostor"] as const) {
      for (const table of await tables()) {
        const { status, body } = await rest(tokens[actor], "GET", `${table}?select=*`);
        if (mailboxes.includes(table)) expect([table, status, body]).toEqual([table, 200, []]);
        else expect([table, status]).toEqual([table, 403]);
      }
    }
    const keys = "entries?select=device_uuid,request_id,ts";
    const own = rowsOf(await rest(annsDevice.token, "GET", keys));
    expect(own.map((row) => row["device_uuid"])).toEqual([annsDevice.uuid]);
    expect(rowsOf(await rest(impostor.token, "GET", keys))).toEqual([]);
    for (
      const more of [
        "entries?select=id",
        "entries?select=url",
        "entries?select=request_id&host=eq.a",
        "entries?select=request_id&order=received_at",
        "entries?select=request_id,payload",
      ]
    ) expect([more, (await rest(annsDevice.token, "GET", more)).status]).toEqual([more, 403]);
  });

  it("show whole entries, and never a payload, to people", async () => {
    const [entry] = rowsOf(await rest(ann.token, "GET", `entries?select=*&id=eq.${annsEntry}`));
    expect(entry).toMatchObject({ host: "api.example.com", path: "/things", payload: null });
  });

  it("list the roles for people", async () => {
    for (const actor of ["ann", "vera", "root"] as const) {
      const roles = rowsOf(await rest(tokens[actor], "GET", "roles?select=name"));
      expect(roles.map((row) => row["name"])).toEqual(
        expect.arrayContaining(["admin", "member", "viewer"]),
      );
    }
  });
});

describe("changes by REST", () => {
  it("to what is not one's own touch nothing", async () => {
    const sql = database();
    const state = async () =>
      JSON.stringify([
        await sql`select * from public.profiles where id in (${ann.id}, ${ben.id}) order by id`,
        await sql`select * from public.workspaces where id in (${ann.workspaceId}, ${ben.workspaceId}) order by id`,
        await sql`select * from public.workspace_members where workspace_id in (${ann.workspaceId}, ${ben.workspaceId}) order by user_id`,
        await sql`select uuid, name, owner_user_id from public.devices where workspace_id in (${ann.workspaceId}, ${ben.workspaceId}) order by uuid`,
        await sql`select id from public.entries where workspace_id in (${ann.workspaceId}, ${ben.workspaceId}) order by id`,
        await sql`select * from public.device_status where device_uuid in (${annsDevice.uuid}, ${bensDevice.uuid}) order by 1`,
        await sql`select * from public.device_jwts where device_uuid in (${annsDevice.uuid}, ${bensDevice.uuid}) order by 1`,
        await sql`select jti, revoked_at, scope from public.api_tokens where user_id in (${ann.id}, ${ben.id}) order by 1`,
        await sql`select * from public.workspace_invitations where id in ${
          sql(invitations)
        } order by id`,
        await sql`select * from public.service_accounts where id in ${sql(services)} order by id`,
        await sql`select * from public.roles order by 1`,
        await sql`select * from public.role_capabilities order by 1, 2`,
      ]);
    const before = await state();
    /** For each table a change of a column of its, tried by those whose row it is not. */
    const change: Record<string, unknown> = {
      profiles: { display_name: "taken over" },
      workspaces: { name: "taken over" },
      workspace_members: { user_id: ben.id },
      workspace_invitations: { email: "taken@over.example" },
      service_accounts: { role: "admin" },
      api_tokens: { scope: "admin" },
      devices: { name: "taken over" },
      device_status: { online: false },
      device_jwts: { device_uuids: [] },
      entries: { host: "taken.over" },
      audit_log: { action: "nothing" },
      roles: { description: "taken over" },
      role_capabilities: { action: "edit" },
    };
    for (const [table, body] of Object.entries(change)) {
      const rows = TABLES[table];
      const targets = rows
        ? [[rows.key, rows.rows()[0]] as const]
        : [[table === "roles" ? "name" : "role", "viewer"] as const];
      for (const [key, value] of targets) {
        for (const actor of ["ben", "vera", "device", "impostor"] as const) {
          if (actor === "device" && table === "device_status") continue;
          for (const method of ["PATCH", "DELETE"] as const) {
            const answer = await rest(
              tokens[actor],
              method,
              `${table}?${key}=eq.${value}&select=${key}`,
              method === "PATCH" ? body : undefined,
            );
            const refused = answer.status === 403 ||
              (answer.status < 300 && (answer.body as unknown[]).length === 0);
            expect([table, actor, method, answer.status, answer.body, refused])
              .toEqual([table, actor, method, answer.status, answer.body, true]);
          }
        }
      }
    }
    expect(await state()).toBe(before);
  });

  it("are refused with 403 when a row is added where one may not", async () => {
    const uuid = randomUUID();
    const device = (workspaceId: string, more = {}) => ({
      uuid,
      name: "New",
      workspace_id: workspaceId,
      ...more,
    });
    const refused: [Actor, string, unknown][] = [
      ["ann", "devices", device(ben.workspaceId)],
      ["vera", "devices", device(ann.workspaceId)],
      ["device", "devices", device(ann.workspaceId)],
      ["impostor", "devices", device(ann.workspaceId)],
      ["ann", "workspaces", { name: "Ben's", owner_user_id: ben.id }],
      ["vera", "workspaces", { name: "Mine", owner_user_id: vera.id }],
      ["impostor", "workspaces", { name: "Mine", owner_user_id: ann.id }],
      ["ann", "workspace_members", { workspace_id: ben.workspaceId, user_id: ann.id }],
      ["vera", "workspace_members", { workspace_id: ann.workspaceId, user_id: ben.id }],
      ["ann", "profiles", { id: randomUUID() }],
      ["ann", "entries", exchangeOf({ device_uuid: annsDevice.uuid })],
      ["root", "entries", exchangeOf({ device_uuid: annsDevice.uuid })],
      ["impostor", "entries", exchangeOf({ device_uuid: annsDevice.uuid })],
      ["device", "entries", exchangeOf({ device_uuid: bensDevice.uuid })],
      ["device", "device_status", { device_uuid: bensDevice.uuid, online: true }],
      ["ann", "device_status", { device_uuid: annsDevice.uuid, online: true }],
      ["ann", "audit_log", { actor_type: "user", action: "a", target: "b" }],
      ["ann", "device_jwts", { device_uuid: annsDevice.uuid, device_uuids: [annsDevice.uuid] }],
      ["ann", "api_tokens", { user_id: ann.id, scope: "admin" }],
      ["ann", "service_accounts", { name: "mighty", role: "admin" }],
      ["ann", "workspace_invitations", {
        workspace_id: ann.workspaceId,
        email: "x@example.com",
      }],
      ["ann", "roles", { name: "mighty" }],
      ["ann", "role_capabilities", { role: "member", section: "global", action: "edit" }],
    ];
    for (const [actor, table, body] of refused) {
      const answer = await rest(tokens[actor], "POST", table, body, { Prefer: "return=minimal" });
      expect([actor, table, answer.status]).toEqual([actor, table, 403]);
    }
  });

  it("give nobody a role, an owner or a workspace they have not", async () => {
    for (
      const [path, body] of [
        [`profiles?id=eq.${ann.id}`, { role: "admin" }],
        [`workspaces?id=eq.${ann.workspaceId}`, { owner_user_id: ben.id }],
        [`workspaces?id=eq.${ann.workspaceId}`, { personal: false }],
        [`devices?uuid=eq.${annsDevice.uuid}`, { uuid: randomUUID() }],
        [`devices?uuid=eq.${annsDevice.uuid}`, { workspace_id: ben.workspaceId }],
      ] as const
    ) {
      expect([path, body, (await rest(ann.token, "PATCH", path, body)).status])
        .toEqual([path, body, 403]);
    }
  });

  it("that one may make are made", async () => {
    const renamed = await rest(ann.token, "PATCH", `devices?uuid=eq.${annsDevice.uuid}`, {
      model: "iPhone",
    });
    expect(rowsOf(renamed)).toMatchObject([{ model: "iPhone" }]);
    const made = await rest<{ id: string }[]>(ann.token, "POST", "workspaces", {
      name: "Second",
      owner_user_id: ann.id,
    });
    expect(made.status).toBe(201);
    const id = made.body[0]!.id;
    expect(
      (await rest(ann.token, "POST", "workspace_members", {
        workspace_id: id,
        user_id: ben.id,
      })).status,
    ).toBe(201);
    expect(rowsOf(await rest(ben.token, "GET", `workspaces?id=eq.${id}`))).toHaveLength(1);
    expect(rowsOf(await rest(ann.token, "DELETE", `workspaces?id=eq.${id}`))).toHaveLength(1);
    const added = await rest(root.token, "POST", "devices", {
      uuid: randomUUID(),
      name: "By an admin",
      workspace_id: ben.workspaceId,
    });
    expect(added.status).toBe(201);
  });

  it("leave personal workspaces and their owners in place", async () => {
    const gone = await rest(ann.token, "DELETE", `workspaces?id=eq.${ann.workspaceId}`);
    expect(rowsOf(gone)).toEqual([]);
    const left = await rest(
      ann.token,
      "DELETE",
      `workspace_members?workspace_id=eq.${ann.workspaceId}&user_id=eq.${ann.id}`,
    );
    expect(left.status).toBe(409);
  });
});

describe("functions by REST", () => {
  it("that are for people refuse devices, and the other way round", async () => {
    const forPeople: [string, Record<string, unknown>][] = [
      ["get_entry", { id: annsEntry }],
      ["get_entries", { ids: [annsEntry] }],
      ["entries_filtered_list", {}],
      ["entries_filtered_count", {}],
      ["entries_changes", {}],
      ["has_capability", { section: "entries", action: "view" }],
    ];
    for (const [name, args] of forPeople) {
      for (const actor of ["device", "impostor"] as const) {
        expect([name, (await rpc(tokens[actor], name, args)).status]).toEqual([name, 403]);
      }
    }
    for (const actor of ["ann", "root"] as const) {
      const answer = await rpc(tokens[actor], "ingest_entries", { entries: [exchangeOf()] });
      expect(answer.status).toBe(403);
    }
    expect((await rpc(annsDevice.token, "device_uuid")).body).toBe(annsDevice.uuid);
    expect((await rpc(ann.token, "device_uuid")).body).toBeNull();
  });

  it("read a workspace's entries for its people alone", async () => {
    const sees = { ann: true, vera: true, root: true, ben: false };
    for (const [actor, seen] of Object.entries(sees) as ["ann", boolean][]) {
      const token = tokens[actor];
      const list = await rpc<unknown[]>(token, "entries_filtered_list", {
        workspace_id: ann.workspaceId,
      });
      const count = await rpc<{ count: number }>(token, "entries_filtered_count", {
        workspace_id: ann.workspaceId,
      });
      const changes = await rpc<{ rows: unknown[] }>(token, "entries_changes", {
        workspace_id: ann.workspaceId,
      });
      const entry = await rpc<{ id: string } | null>(token, "get_entry", { id: annsEntry });
      expect([actor, list.body.length, count.body.count, changes.body.rows.length, entry.body?.id])
        .toEqual(seen ? [actor, 1, 1, 1, annsEntry] : [actor, 0, 0, 0, undefined]);
    }
  });

  it("say what a role may do", async () => {
    const may = async (actor: Actor, section: string, action: string) =>
      (await rpc(tokens[actor], "has_capability", { section, action })).body;
    expect(await may("ann", "devices", "edit")).toBe(true);
    expect(await may("ann", "secrets", "view")).toBe(true);
    expect(await may("ann", "secrets", "edit")).toBe(false);
    expect(await may("ann", "global", "view")).toBe(false);
    expect(await may("vera", "devices", "view")).toBe(true);
    expect(await may("vera", "devices", "edit")).toBe(false);
    expect(await may("vera", "secrets", "view")).toBe(false);
    expect(await may("vera", "proxies", "view")).toBe(false);
    expect(await may("root", "roles", "edit")).toBe(true);
    expect(await may("root", "nonsense", "view")).toBe(false);
  });

  it("of schema internal are for nobody but the secret key", async () => {
    const args = { user_id: ann.id, device_uuid: annsDevice.uuid };
    for (const [actor, status] of [["root", 403], ["device", 403], ["anonymous", 401]] as const) {
      const answer = await rest(tokens[actor], "POST", "rpc/unpair_device", args, {
        "Content-Profile": "internal",
      });
      expect([actor, answer.status]).toEqual([actor, status]);
    }
    const private_ = await rest(root.token, "GET", "grants", undefined, {
      "Accept-Profile": "private",
    });
    expect(private_.status).toBe(406);
  });
});

describe("what one may not know of", () => {
  /** All of an answer but what names the request. */
  const shown = ({ status, body, headers }: Answer, id: string) => ({
    status,
    range: headers.get("content-range"),
    body: JSON.stringify(body).replaceAll(id, "<id>")
      .replace(/"cursor": *"[^"]*"/, "<cursor>").replace(/"request_id": *"[^"]*"/, "<request>"),
  });

  it("answers exactly as what does not exist", async () => {
    const device = (workspaceId: string, owner?: string) => ({
      uuid: randomUUID(),
      name: "Same",
      workspace_id: workspaceId,
      ...(owner && { owner_user_id: owner }),
    });
    const func = async (method: Method, path: string, body?: unknown): Promise<Answer> => {
      const response = await call(`/functions/v1/${path}`, ann.token, {
        method,
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
      const text = await response.text();
      return {
        status: response.status,
        body: text && JSON.parse(text),
        headers: new Headers(),
      };
    };
    const unknownEntry = bensEntry.slice(0, -12) + randomUUID().slice(-12);
    const probes: [string, string, string, (id: string) => Promise<Answer>][] = [
      ["entry", bensEntry, unknownEntry, (id) => rest(ann.token, "GET", `entries?id=eq.${id}`)],
      ["entry", bensEntry, unknownEntry, (id) => rest(ann.token, "DELETE", `entries?id=eq.${id}`)],
      ["get_entry", bensEntry, unknownEntry, (id) => rpc(ann.token, "get_entry", { id })],
      [
        "get_entries",
        bensEntry,
        unknownEntry,
        (id) => rpc(ann.token, "get_entries", { ids: [id] }),
      ],
      ...(["workspaces", "devices"] as const).flatMap((table) => {
        const key = table === "devices" ? "uuid" : "id";
        const known = table === "devices" ? bensDevice.uuid : ben.workspaceId;
        const path = (id: string) => `${table}?${key}=eq.${id}`;
        return [
          [table, known, randomUUID(), (id: string) => rest(ann.token, "GET", path(id))],
          [table, known, randomUUID(), (id: string) => rest(ann.token, "DELETE", path(id))],
          [
            table,
            known,
            randomUUID(),
            (id: string) => rest(ann.token, "PATCH", path(id), { name: "x" }),
          ],
        ] as [string, string, string, (id: string) => Promise<Answer>][];
      }),
      ...["entries_filtered_list", "entries_filtered_count", "entries_changes"].map((name) =>
        [
          name,
          ben.workspaceId,
          randomUUID(),
          (id: string) => rpc(ann.token, name, { workspace_id: id }),
        ] as [string, string, string, (id: string) => Promise<Answer>]
      ),
      [
        "filter by device",
        bensDevice.uuid,
        randomUUID(),
        (id) =>
          rpc(ann.token, "entries_filtered_count", {
            filter: { field: "device", op: "eq", value: id },
          }),
      ],
      [
        "a device for a workspace",
        ben.workspaceId,
        randomUUID(),
        async (id) => {
          const body = device(id);
          const answer = await rest(ann.token, "POST", "devices", body);
          return { ...answer, body: JSON.stringify(answer.body).replaceAll(body.uuid, "") };
        },
      ],
      [
        "a device for an owner",
        ben.id,
        randomUUID(),
        async (id) => {
          const body = device(ann.workspaceId, id);
          const answer = await rest(ann.token, "POST", "devices", body);
          return { ...answer, body: JSON.stringify(answer.body).replaceAll(body.uuid, "") };
        },
      ],
      [
        "membership",
        ben.workspaceId,
        randomUUID(),
        (id) => rest(ann.token, "POST", "workspace_members", { workspace_id: id, user_id: ann.id }),
      ],
      [
        "an entry for a device",
        bensDevice.uuid,
        randomUUID(),
        (id) => rest(annsDevice.token, "POST", "entries", exchangeOf({ device_uuid: id })),
      ],
      [
        "ingest for a device",
        bensDevice.uuid,
        randomUUID(),
        (id) =>
          rpc(annsDevice.token, "ingest_entries", { entries: [exchangeOf({ device_uuid: id })] }),
      ],
      [
        "a pairing code",
        ben.workspaceId,
        randomUUID(),
        (id) => func("POST", "device-pair/codes", { workspace_id: id }),
      ],
      ["unpairing", bensDevice.uuid, randomUUID(), (id) => func("DELETE", `device-pair/${id}`)],
    ];
    for (const [what, forbidden, unknown, ask] of probes) {
      expect([what, shown(await ask(forbidden), forbidden)])
        .toEqual([what, shown(await ask(unknown), unknown)]);
    }
  });
});

describe("a device whose uuid is somebody's user id", () => {
  it("is no person to functions", async () => {
    for (const [method, path] of [["POST", "codes"], ["DELETE", annsDevice.uuid]] as const) {
      const response = await call(`/functions/v1/device-pair/${path}`, impostor.token, {
        method,
        body: "{}",
      });
      expect([path, response.status]).toEqual([path, 403]);
    }
  });

  it("writes for itself alone", async () => {
    const entry = exchangeOf();
    expect(await ingest(impostor, [entry, exchangeOf({ device_uuid: annsDevice.uuid })]))
      .toMatchObject({ accepted: 1, rejected: [{ index: 1, code: "unknown_device" }] });
    const [stored] = await database()`
      select workspace_id from public.entries where request_id = ${entry.request_id}`;
    expect(stored!["workspace_id"]).toBe(ben.workspaceId);
  });
});
