import { mkdir, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { Complaint } from "../scripts/complaint.ts";
import type { StackInfo } from "../scripts/stack-info.ts";
import { startAuth } from "./auth/server.ts";
import { reapLeftovers } from "./child.ts";
import { startCron } from "./cron/runner.ts";
import { DEMO_WORKSPACE, readDemoUsers } from "./demo-users.ts";
import { holdDirectory } from "./directory.ts";
import { listFunctions } from "./functions/config.ts";
import { launchFunction } from "./functions/launch.ts";
import { watchCode } from "./functions/watch.ts";
import { createDoorkeeper } from "./gateway/admission.ts";
import { startGateway } from "./gateway/server.ts";
import { loadKeys } from "./keys.ts";
import { migrate } from "./migrate.ts";
import { freePort } from "./ports.ts";
import { databaseUrl, launchPostgres } from "./postgres/launch.ts";
import { applyPlatform } from "./postgres/platform.ts";
import { launchPostgrest } from "./postgrest/launch.ts";
import { startRealtime } from "./realtime/server.ts";
import { type Part, supervise } from "./supervise.ts";
import { buildWeb } from "./web.ts";

export interface StackOptions {
  /** Keeps the database, the keys, the logs and stack.json. */
  dataDir: string;
  /** The gateway's; 0 takes a free one. Postgres gets the next one if that is free. */
  port: number;
  /** Restarts functions when their code changes. */
  watch: boolean;
  /** Told, in a line each, what is done and what goes wrong. */
  report: (line: string) => void;
}

export interface Stack {
  readonly info: StackInfo;
  /** The processes, to be looked at, killed and restarted. */
  readonly parts: {
    readonly postgres: Part;
    readonly postgrest: Part;
    readonly functions: ReadonlyMap<string, Part>;
  };
  stop(): Promise<void>;
}

const root = fileURLToPath(new URL("../", import.meta.url));

/** Starts every part of the embedded stack and returns once all of them answer. */
export async function startStack(options: StackOptions): Promise<Stack> {
  const ends: (() => Promise<unknown> | void)[] = [];
  const stop = async () => {
    for (let end = ends.pop(); end; end = ends.pop()) await end();
  };
  try {
    return { ...await start(options, (end) => ends.push(end)), stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** Starts the parts, and hands what ends each to `atEnd`: the last is ended first. */
async function start(
  options: StackOptions,
  atEnd: (end: () => Promise<unknown> | void) => void,
): Promise<Omit<Stack, "stop">> {
  const report = timed(options.report);
  const data = await holdDirectory(options.dataDir);
  atEnd(data.release);
  const logs = join(data.path, "logs");
  await mkdir(logs, { recursive: true, mode: 0o700 });
  reapLeftovers(data.path);

  // First of all, so that a port in use is said before anything is done.
  const gateway = await startGateway({
    port: options.port,
    webDist: join(root, "web/dist"),
    report: options.report,
  })
    .catch((error: NodeJS.ErrnoException) => {
      if (error.code !== "EADDRINUSE") throw error;
      throw new Complaint(`Port ${options.port} is in use; choose another with PORT=<number>.`);
    });
  atEnd(gateway.stop);
  const url = `http://127.0.0.1:${gateway.port}`;
  const keys = await loadKeys(join(data.path, "keys.json"));

  /** A supervised process of this stack, whose log is <data>/logs/<name>.log. */
  const part = (
    name: string,
    port: number,
    launch: (place: { logFile: string; stack: string }) => ReturnType<typeof launchPostgrest>,
  ): Part => {
    const place = { logFile: join(logs, `${name.replace("/", "-")}.log`), stack: data.path };
    const started = supervise(name, port, () => launch(place), options.report);
    atEnd(started.stop);
    return started;
  };

  const webReady = buildWeb(root, report);

  // Functions need none of the other parts to start, so they load while the database is made.
  const declared = listFunctions(root);
  const functions = new Map<string, Part>();
  for (const { slug } of declared) {
    const port = await freePort();
    functions.set(
      slug,
      part(
        `functions/${slug}`,
        port,
        (place) => launchFunction({ slug, port, root, url, keys, ...place }),
      ),
    );
  }
  // One that does not start is no reason to do without the others: it is tried again and again.
  const functionsReady = Promise.all(
    [...functions.values()].map((part) =>
      part.ready().catch((error: Error) => report(`${part.name} does not start: ${error.message}`))
    ),
  );

  const databasePort = await freePort(gateway.port + 1);
  const postgres = part(
    "postgres",
    databasePort,
    () => launchPostgres({ dataDir: join(data.path, "postgres"), port: databasePort }),
  );
  await postgres.ready();
  report("Postgres answers");
  const superuserUrl = databaseUrl(databasePort, "supabase_admin");
  const ownerUrl = databaseUrl(databasePort, "postgres");
  await applyPlatform(superuserUrl, options.report);
  const applied = await migrate(ownerUrl);
  report(applied > 0 ? `Schema migrated (${applied} files)` : "Schema is up to date");

  const [restPort, adminPort, authPort, realtimePort] = [
    await freePort(),
    await freePort(),
    await freePort(),
    await freePort(),
  ];
  const postgrest = part(
    "postgrest",
    restPort,
    (place) => launchPostgrest({ port: restPort, adminPort, databasePort, keys, ...place }),
  );
  const apiKeys = new Map([
    [keys.publishableKey, keys.anonJwt()],
    [keys.secretKey, keys.serviceJwt()],
  ]);
  const begun = async (service: Promise<{ stop(): Promise<void> }>) => atEnd((await service).stop);
  // All of them are waited for even if one fails: what has started must be known, to be ended.
  const started = await Promise.allSettled([
    postgrest.ready(),
    begun(startAuth({
      databaseUrl: databaseUrl(databasePort, "supabase_auth_admin"),
      port: authPort,
      keys,
      url,
    })),
    begun(startRealtime({
      databaseUrl: superuserUrl,
      port: realtimePort,
      keys,
      apiKeys,
      report: options.report,
    })),
    begun(startCron({ databaseUrl: superuserUrl, report: options.report })),
    functionsReady,
  ]);
  for (const outcome of started) if (outcome.status === "rejected") throw outcome.reason;
  await webReady;
  report("REST, Auth, Realtime, cron and functions answer");

  if (options.watch) {
    const restart = (part: Part) => part.restart().catch(() => {}); // the supervisor says why
    atEnd(watchCode(root, () => {
      options.report("functions restart: their code has changed");
      for (const part of functions.values()) void restart(part);
    }));
  }

  const info: StackInfo = {
    url,
    db_url: ownerUrl,
    publishable_key: keys.publishableKey,
    secret_key: keys.secretKey,
    issuer: `${url}/functions/v1/mcp`,
    web_url: url,
    pid: process.pid,
    users: await readDemoUsers(ownerUrl),
    workspace_id: DEMO_WORKSPACE,
  };
  gateway.open({
    upstreams: {
      rest: restPort,
      auth: authPort,
      realtime: realtimePort,
      functions: new Map(
        declared.map((config) => [
          config.slug,
          { ...config, port: functions.get(config.slug)!.port },
        ]),
      ),
    },
    doorkeeper: createDoorkeeper(keys),
    index: {
      rest: `${url}/rest/v1`,
      auth: `${url}/auth/v1`,
      realtime: `${url.replace("http", "ws")}/realtime/v1`,
      mcp: info.issuer,
      version: `${url}/api/version`,
    },
  });
  atEnd(await publish(join(data.path, "stack.json"), info));
  return { info, parts: { postgres, postgrest, functions } };
}

/** Writes the file other programs find the stack by. Returns what takes it away again. */
async function publish(file: string, info: StackInfo): Promise<() => Promise<void>> {
  await writeFile(`${file}.new`, `${JSON.stringify(info, null, 2)}\n`, { mode: 0o600 });
  await rename(`${file}.new`, file);
  return () => rm(file, { force: true });
}

/** Puts the time since the start before each line. */
function timed(report: (line: string) => void): (line: string) => void {
  const since = performance.now();
  return (line) =>
    report(`${((performance.now() - since) / 1000).toFixed(1).padStart(5)} s  ${line}`);
}
