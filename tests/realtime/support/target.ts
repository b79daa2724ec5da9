import { exportJWK, generateKeyPair, type JSONWebKeySet, SignJWT } from "jose";
import { randomUUID } from "node:crypto";
import { chmod, mkdtemp, readFile, rm } from "node:fs/promises";
import { createServer } from "node:net";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import postgres from "postgres";
import { launchPostgres } from "../../../local/postgres/launch.ts";
import {
  type RealtimeOptions,
  type RealtimeServer,
  startRealtime,
} from "../../../local/realtime/server.ts";

/** A Realtime service and the database behind it, with the fixture of fixture.sql. */
export interface Target {
  readonly url: string;
  readonly publishableKey: string;
  /** Signs claims with the target's key, just as they are. */
  sign(claims: Record<string, unknown>): Promise<string>;
  readonly server: RealtimeServer;
  /** As the role postgres, who owns the fixture. */
  readonly sql: postgres.Sql;
  /** What the database warned of, in order. */
  readonly warnings: string[];
  /** Kills Postgres without a word and starts it again. */
  crash(): Promise<void>;
  stop(): Promise<void>;
}

const root = new URL("../../../", import.meta.url);

/** Starts a Postgres and a Realtime of their own in a temporary directory. */
export async function startTarget(
  options: Omit<RealtimeOptions, "databaseUrl" | "port" | "keys" | "apiKeys"> = {},
): Promise<Target> {
  const directory = await mkdtemp(join(tmpdir(), "realtime-"));
  // Postgres may run under another account, which has to reach its data.
  await chmod(directory, 0o755);
  const place = { dataDir: join(directory, "data"), port: await freePort() };
  let database = await launchPostgres(place);
  await runFiles(
    database.url("supabase_admin"),
    "local/platform.sql",
    "local/realtime/schema.sql",
    "local/realtime/changes.sql",
  );
  await runFiles(database.url("postgres"), "tests/realtime/support/fixture.sql");

  const { sign, jwks } = await signer();
  const publishableKey = "sb_publishable_conformance";
  const server = await startRealtime({
    databaseUrl: database.url("supabase_admin"),
    port: 0,
    keys: { jwks },
    ...options,
    apiKeys: new Map([[publishableKey, await sign({ role: "anon", exp: inSeconds(3600) })]]),
  });
  const warnings: string[] = [];
  const sql = postgres(database.url("postgres"), {
    onnotice: ({ severity, message }) => {
      if (severity === "WARNING") warnings.push(message ?? "");
    },
  });
  return {
    url: `http://127.0.0.1:${server.port}`,
    publishableKey,
    sign,
    server,
    sql,
    warnings,
    async crash() {
      process.kill(database.pid, "SIGKILL");
      await database.exited;
      database = await launchPostgres(place);
    },
    async stop() {
      await server.stop();
      await sql.end();
      await database.stop();
      await rm(directory, { recursive: true });
    },
  };
}

/** A token of the target's own: a person's for ten minutes, unless the claims say otherwise. */
export async function token(
  { sign }: Pick<Target, "sign">,
  claims: Record<string, unknown> = {},
): Promise<string> {
  return await sign({
    role: "authenticated",
    sub: randomUUID(),
    jti: randomUUID(),
    iat: inSeconds(0),
    exp: inSeconds(600),
    ...claims,
  });
}

/** An ES256 key of its own: what it signs is trusted by whoever has its key set. */
export async function signer(): Promise<Pick<Target, "sign"> & { jwks: JSONWebKeySet }> {
  const { privateKey, publicKey } = await generateKeyPair("ES256");
  const kid = "conformance";
  return {
    jwks: { keys: [{ ...await exportJWK(publicKey), kid, alg: "ES256" }] },
    sign: (claims) =>
      new SignJWT(claims).setProtectedHeader({ alg: "ES256", kid, typ: "JWT" }).sign(privateKey),
  };
}

export const inSeconds = (seconds: number) => Math.floor(Date.now() / 1000) + seconds;

async function runFiles(url: string, ...files: string[]): Promise<void> {
  const sql = postgres(url, { max: 1, onnotice: () => {} });
  for (const file of files) await sql.unsafe(await readFile(new URL(file, root), "utf8"));
  await sql.end();
}

async function freePort(): Promise<number> {
  const probe = createServer();
  await new Promise<void>((done) => probe.listen(0, "127.0.0.1", done));
  const { port } = probe.address() as AddressInfo;
  await new Promise((done) => probe.close(done));
  return port;
}
