// Who may do what to a row of each table, declared once. The row belongs to a workspace and its
// owner; nobody in the matrix is the owner.

import { randomUUID } from "node:crypto";
import { database } from "../world.ts";

/** Everybody who tries. */
export const CALLERS = [
  "anonymous",
  "viewer", // role viewer, belongs to the workspace
  "member", // role member, belongs to the workspace
  "stranger", // role member, belongs to another workspace
  "keeper", // belongs to the workspace; a role of its own whose single capability is devices:edit
  "admin",
  "device", // paired into the workspace
  "revoked", // the member's role and workspace, with a revoked token
] as const;
export type Caller = (typeof CALLERS)[number];

export type Verb = "select" | "insert" | "update" | "delete";

/** What the rows are about. */
export interface Scene {
  readonly ownerId: string;
  readonly workspaceId: string;
  /** Those who belong to the workspace, its owner not included. */
  readonly memberIds: readonly string[];
  readonly device: { readonly uuid: string };
}

type Row = Record<string, unknown>;
/** The columns that find a row. */
export type Key = Record<string, string | number>;
export type Declarations = Readonly<Record<string, Declaration>>;

export interface Declaration {
  /** Makes a row of the owner's and answers the columns that find it. */
  readonly row: (scene: Scene) => Promise<Key>;
  /** A new row as a caller would send it. The columns of `row` or of `sent` find it afterwards. */
  readonly insert: (scene: Scene, callerId: string) => Row | Promise<Row>;
  readonly sent?: readonly string[];
  /** What is changed. A function makes a value that no other cell writes, where all share one row. */
  readonly update: Row | (() => Row);
  /**
   * The callers who may, separated by spaces. A verb left out is granted to nobody; an empty one is
   * granted for rows of one's own, and this row is the owner's.
   */
  readonly may: Partial<Record<Verb, string>>;
}

/** Adds a row as the owner of the database. */
export async function put<Column extends string>(
  table: string,
  row: Row,
  ...key: Column[]
): Promise<Record<Column, string>> {
  const sql = database();
  const [made] = await sql`insert into ${sql(`public.${table}`)} ${sql(row)} returning *`;
  return Object.fromEntries(key.map((column) => [column, made![column]])) as Record<Column, string>;
}

export const unique = (what: string) => `${what}-${randomUUID()}`;

export async function newAccount(): Promise<string> {
  const id = randomUUID();
  await database()`insert into auth.users (id, email) values (${id}, ${`${id}@example.com`})`;
  return id;
}

/** A device of the workspace that the scene's device may write for as well, as a shared proxy may. */
export async function attributedDevice({ workspaceId, device }: Scene): Promise<string> {
  const { uuid } = await put("devices", {
    uuid: randomUUID(),
    name: unique("device"),
    workspace_id: workspaceId,
  }, "uuid");
  await database()`
    update public.device_jwts set device_uuids = device_uuids || ${uuid}::uuid
    where device_uuid = ${device.uuid} and expires_at > now()`;
  return uuid;
}

export const newRole = () => put("roles", { name: `r${randomUUID()}` }, "name");
