import { type BusymateClient, privateChannel } from "busymate-client";
import { decodeJwt, type JWTPayload } from "jose";
import postgres from "postgres";
import { type DeviceCredential, deviceOf } from "../../scripts/device.ts";
import { person } from "../../scripts/person.ts";
import type { StackInfo } from "../../scripts/stack-info.ts";

/** Database roles that a request may run as. */
type RequestRole = "authenticated" | "device";

/** Whose devices capture here. */
const OWNER = "ada@busymate.test";

/** People and devices with live tokens, and their sessions with the database. */
export class Callers {
  readonly #stack: StackInfo;
  readonly #dataDir: string;
  readonly #sessions: postgres.Sql[] = [];
  readonly #watchers: BusymateClient[] = [];
  readonly #warnings: string[] = [];

  constructor(stack: StackInfo, dataDir: string) {
    this.#stack = stack;
    this.#dataDir = dataDir;
  }

  /** Devices of the demo workspace, paired the way people pair them, once a run. */
  async devices(count: number): Promise<DeviceCredential[]> {
    const owner = person(this.#stack, OWNER);
    const devices: DeviceCredential[] = [];
    for (let n = 1; n <= count; n++) {
      devices.push(await deviceOf(this.#stack, this.#dataDir, owner, `Bench ${n}`));
    }
    return devices;
  }

  /** One connection on which every statement runs as PostgREST runs a request with these claims. */
  async session(role: RequestRole, claims: JWTPayload | string): Promise<postgres.Sql> {
    const url = new URL(this.#stack.db_url);
    url.username = "authenticator";
    return await this.#open(url.href, role, claims);
  }

  /** The same with the same claims, but as the owner of the tables, whom row security lets pass. */
  async unfencedSession(claims: JWTPayload | string): Promise<postgres.Sql> {
    return await this.#open(this.#stack.db_url, undefined, claims);
  }

  async #open(url: string, role: RequestRole | undefined, claims: JWTPayload | string) {
    const sql = postgres(url, {
      max: 1,
      onnotice: ({ message }) => void this.#warnings.push(message ?? "a notice without a message"),
    });
    this.#sessions.push(sql);
    const text = JSON.stringify(typeof claims === "string" ? decodeJwt(claims) : claims);
    await sql`select set_config('request.jwt.claims', ${text}, false)`;
    if (role) await sql`set role ${sql(role)}`;
    return sql;
  }

  /** Joins the demo workspace's channel, as the dashboard does. */
  async watch(onEntries: () => void): Promise<void> {
    const { client, workspaceId } = person(this.#stack, OWNER);
    this.#watchers.push(client);
    const channel = privateChannel(client, "workspace", { workspace_id: workspaceId });
    await channel.on("entries", onEntries).join();
  }

  /** A broadcast that fails is a warning and saves time: no measurement may rest on it. */
  assertNoWarnings(): void {
    if (this.#warnings.length > 0) throw new Error(`the database warned: ${this.#warnings[0]}`);
  }

  async close(): Promise<void> {
    await Promise.all(this.#watchers.map((client) => client.close()));
    await Promise.all(this.#sessions.map((sql) => sql.end()));
  }
}
