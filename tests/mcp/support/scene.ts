// Everybody the operations are tried by, and what they are tried on.

import { randomUUID } from "node:crypto";
import type { Scene as Rows } from "../../support/matrix/declaration.ts";
import {
  database,
  type Device,
  enrol,
  exchangeOf,
  ingest,
  newDevice,
  newPerson,
  type Person,
} from "../../support/world.ts";
import { open, type Session } from "./client.ts";

/** A person with an open MCP session. */
export interface Agent extends Person {
  readonly mcp: Session;
}

export interface Scene extends Rows {
  /** Role member; owns the workspace and all that is in it. */
  readonly owner: Agent;
  readonly admin: Agent;
  /** Role member with the same rights as the owner, in a workspace of their own. */
  readonly stranger: Agent;
  /** Belongs to the workspace, with a role that holds nothing. */
  readonly bare: Agent;
  readonly device: Device;
  /** A host that only this scene's captures know. */
  readonly host: string;
  /** Captured exchanges, oldest first. */
  readonly entries: readonly { readonly id: string; readonly request_id: string }[];
}

export async function withSession(person: Person): Promise<Agent> {
  return { ...person, mcp: await open(person.token) };
}

/** A new member with an MCP session, for what a person does to themselves. */
export const newAgent = async (role = "member"): Promise<Agent> =>
  await withSession(await newPerson(role));

export async function newScene(): Promise<Scene> {
  const sql = database();
  const nothing = `r${randomUUID()}`;
  await sql`insert into public.roles (name) values (${nothing})`;
  const people = [newAgent(), newAgent("admin"), newAgent(), newAgent(nothing)] as const;
  const [owner, admin, stranger, bare] = await Promise.all(people);
  await enrol(owner.workspaceId, bare);
  const device = await newDevice(owner);
  const host = `h${randomUUID().slice(0, 8)}.example.com`;
  // A millisecond apart: two that are made in the same one are in no order.
  const now = Date.now();
  const captured = [
    exchangeOf({ ts: new Date(now - 1).toISOString() }, {
      url: `https://${host}/things?page=1`,
      responseBody: JSON.stringify({ things: [{ id: 1, name: "first" }] }),
    }),
    exchangeOf({ ts: new Date(now).toISOString() }, {
      method: "POST",
      url: `https://${host}/login`,
      statusCode: 401,
      requestHeaders: { "content-type": "application/json", authorization: "Bearer abcdefgh12345" },
      requestBody: JSON.stringify({ user: "ada", password: "wrong-password" }),
      responseBody: JSON.stringify({ error: "invalid_password" }),
    }),
  ];
  await ingest(device, captured);
  const entries = await sql<{ id: string; request_id: string }[]>`
    select id, request_id from public.entries where device_uuid = ${device.uuid} order by id`;
  return {
    ownerId: owner.id,
    workspaceId: owner.workspaceId,
    memberIds: [bare.id],
    owner,
    admin,
    stranger,
    bare,
    device,
    host,
    entries,
  };
}

/** Lets people call as often as a test does: it is not about how often. */
export async function unlimited(people: readonly Person[]): Promise<void> {
  await database()`
    delete from private.rate_buckets
    where split_part(key, ':', 2) = any (${people.map(({ id }) => id)}::text[])`;
}

/** Written by the server on its own, every minute or when a device falls silent. */
const ITS_OWN = ["service_stats", "service_status", "device_status"];

interface Table {
  name: string;
  /** Whether its rows belong to workspaces, and whether some may belong to none. */
  workspace: boolean;
  shared: boolean;
}

/** One statement over all tables: a round trip for each would be most of what these tests wait for. */
async function watching(): Promise<string> {
  const tables = await database()<Table[]>`
    select c.relname as name, a.attname is not null as workspace, not coalesce(a.attnotnull, true) as shared
    from pg_class c left join pg_attribute a on a.attrelid = c.oid and a.attname = 'workspace_id'
    where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p') and not c.relispartition
      and c.relname <> all (${ITS_OWN})`;
  const selects = tables.map(({ name, workspace, shared }) => {
    // Other tests' captures are in other workspaces, and are many.
    const reach = workspace
      ? `(t.workspace_id = any ($1::uuid[])${shared ? " or t.workspace_id is null" : ""})`
      : "true";
    return `select '${name}' as name, t::text as row from public."${name}" t where ${reach}`;
  });
  return `select r.name, r.row from (${selects.join(" union all ")}) as r
    where r.row ~ $2 and r.row !~ $3 order by r.name, r.row`;
}

let statement: Promise<string> | undefined;

/**
 * Every row of every table that mentions one of the ids: what nobody else may have changed. Rows that
 * tell of the one who tries (their own jobs, the log of what they did) are theirs.
 */
export async function rowsAbout(
  ids: readonly string[],
  exceptOf = "nobody",
): Promise<unknown[]> {
  statement ??= watching();
  return [
    ...await database().unsafe(await statement, [[...ids] as never, ids.join("|"), exceptOf], {
      prepare: true,
    }),
  ];
}
