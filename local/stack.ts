import { mkdir, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { Complaint } from "../scripts/complaint.ts";
import type { StackInfo } from "../scripts/stack-info.ts";
import { startAuth } from "./auth/server.ts";
import { type Child, type ChildOptions, reapLeftovers } from "./child.ts";
import { startCron } from "./cron/runner.ts";
import { DEMO_WORKSPACE, readDemoUsers } from "./demo-users.ts";
import { holdDirectory } from "./directory.ts";
import { type FunctionConfig, listFunctions } from "./functions/config.ts";
import { launchFunction } from "./functions/launch.ts";
import { watchCode } from "./functions/watch.ts";
import { createDoorkeeper } from "./gateway/admission.ts";
import { type Gateway, startGateway } from "./gateway/server.ts";
import { loadKeys, type StackKeys } from "./keys.ts";
import { migrate } from "./migrate.ts";
import { freePort } from "./ports.ts";
import { databaseUrl, launchPostgres } from "./postgres/launch.ts";
import { applyPlatform } from "./postgres/platform.ts";
import { launchPostgrest } from "./postgrest/launch.ts";
import { startRealtime } from "./realtime/server.ts";
import { startNet } from "./net/worker.ts";
import { type Part, supervise } from "./supervise.ts";
import { buildWeb } from "./web.ts";

export interface StackOptions {
  /** Keeps the database, the keys, the logs and stack.json. */
  dataDir: string;
  /** The gateway's; 0 takes a free one. Postgres gets the next one if that is free. */
  port: number;
  /** Restarts functions when their code changes. */
  watch: boolean;
  /** Discovery documents answer at the root too; false is how a hosted project behaves. */
  rootWellKnown: boolean;
  /** Client ID Metadata Documents may be on this machine: for tests of them. */
  allowLoopbackDocuments: boolean;
  /** Settings of the assistant and the Telegram bot, handed to every function as hosted does. */
  secrets: Readonly<Record<string, string>>;
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

/** Takes what ends a thing that has started; the last is ended first. */
type AtEnd = (end: () => Promise<unknown> | void) => void;

/** What every step of a start builds on. */
interface Site {
  dataDir: string;
  url: string;
  gateway: Gateway;
  keys: StackKeys;
  /** Told what went wrong. */
  report: (line: string) => void;
  /** Told what is done; the line gets the time since the start. */
  progress: (line: string) => void;
  atEnd: AtEnd;
  /** Starts a supervised process, whose log is <data>/logs/<name>.log. */
  part(name: string, port: number, launch: (place: Place) => Promise<Child>): Part;
}

type Place = Pick<ChildOptions, "logFile" | "stack">;

/** Starts every part of the embedded stack and returns once all of them answer. */
export async function startStack(options: StackOptions): Promise<Stack> {
  const ends: Parameters<AtEnd>[0][] = [];
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

async function start(options: StackOptions, atEnd: AtEnd): Promise<Omit<Stack, "stop">> {
  const site = await openSite(options, atEnd);
  const { url, keys, gateway, progress, report } = site;
  // Neither needs the database, so both are at work while it is made.
  const webBuilt = buildWeb(root, progress);
  const functions = await startFunctions(site, options);

  const postgres = await startPostgres(site);
  const ownerUrl = databaseUrl(postgres.port, "postgres");
  await applyPlatform(databaseUrl(postgres.port, "supabase_admin"), report);
  const applied = await migrate(ownerUrl);
  progress(applied > 0 ? `Schema migrated (${applied} files)` : "Schema is up to date");

  const services = await startServices(site, postgres.port);
  await Promise.all([functions.ready, webBuilt]);
  progress("REST, Auth, Realtime, cron and functions answer");
  if (options.watch) restartOnChange(functions.parts, site);

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
      ...services.ports,
      functions: functions.upstreams,
      rootWellKnown: options.rootWellKnown,
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
  atEnd(await publish(join(site.dataDir, "stack.json"), info));
  return { info, parts: { postgres, postgrest: services.postgrest, functions: functions.parts } };
}

/** Takes hold of the data directory and of the gateway's port, and knows the keys. */
async function openSite(options: StackOptions, atEnd: AtEnd): Promise<Site> {
  const progress = timed(options.report);
  const { report } = options;
  const data = await holdDirectory(options.dataDir);
  atEnd(data.release);
  const logs = join(data.path, "logs");
  await mkdir(logs, { recursive: true, mode: 0o700 });
  reapLeftovers(data.path);

  // Before all that takes time, so that a port in use is said at once.
  const webDist = join(root, "web/dist");
  const gateway = await startGateway({ port: options.port, webDist, report })
    .catch((error: NodeJS.ErrnoException) => {
      const why = { EADDRINUSE: "is in use", EACCES: "is not yours to use" }[error.code ?? ""];
      if (why === undefined) throw error;
      throw new Complaint(`Port ${options.port} ${why}; choose another with PORT=<number>.`);
    });
  atEnd(gateway.stop);
  return {
    dataDir: data.path,
    url: `http://127.0.0.1:${gateway.port}`,
    gateway,
    keys: await loadKeys(join(data.path, "keys.json")),
    report,
    progress,
    atEnd,
    part(name, port, launch) {
      const place = { logFile: join(logs, `${name.replace("/", "-")}.log`), stack: data.path };
      const part = supervise(name, port, () => launch(place), report);
      atEnd(part.stop);
      return part;
    },
  };
}

/** Starts the edge functions; `ready` resolves when each listens or has failed once. */
async function startFunctions(
  { url, keys, part, report }: Site,
  { allowLoopbackDocuments, secrets }: StackOptions,
) {
  const parts = new Map<string, Part>();
  const upstreams = new Map<string, FunctionConfig & { port: number }>();
  for (const config of listFunctions(root)) {
    const { slug } = config;
    const port = await freePort();
    upstreams.set(slug, { ...config, port });
    parts.set(
      slug,
      part(
        `functions/${slug}`,
        port,
        (place) =>
          launchFunction({
            slug,
            port,
            root,
            url,
            keys,
            allowLoopbackDocuments,
            secrets,
            ...place,
          }),
      ),
    );
  }
  // One that does not start is no reason to do without the others: it is tried again and again.
  const ready = Promise.all(
    [...parts.values()].map((part) =>
      part.ready().catch((error: Error) => report(`${part.name} does not start: ${error.message}`))
    ),
  );
  return { parts, upstreams, ready };
}

async function startPostgres({ dataDir, gateway, part, progress }: Site): Promise<Part> {
  const port = await freePort(gateway.port + 1);
  const postgres = part(
    "postgres",
    port,
    () => launchPostgres({ dataDir: join(dataDir, "postgres"), port }),
  );
  await postgres.ready();
  progress("Postgres answers");
  return postgres;
}

/** Starts what stands between the gateway and the database. */
async function startServices({ url, keys, report, part, atEnd }: Site, databasePort: number) {
  const ports = { rest: await freePort(), auth: await freePort(), realtime: await freePort() };
  const adminPort = await freePort();
  const superuserUrl = databaseUrl(databasePort, "supabase_admin");
  const postgrest = part(
    "postgrest",
    ports.rest,
    (place) => launchPostgrest({ port: ports.rest, adminPort, databasePort, keys, ...place }),
  );
  const begun = async (service: Promise<{ stop(): Promise<void> }>) => atEnd((await service).stop);
  // All are waited for even if one fails: what has started must be known, to be ended.
  const started = await Promise.allSettled([
    postgrest.ready(),
    begun(startAuth({
      databaseUrl: databaseUrl(databasePort, "supabase_auth_admin"),
      port: ports.auth,
      keys,
      url,
    })),
    begun(startRealtime({
      databaseUrl: superuserUrl,
      port: ports.realtime,
      keys,
      apiKeys: new Map([
        [keys.publishableKey, keys.anonJwt()],
        [keys.secretKey, keys.serviceJwt()],
      ]),
      // What a plan limits; here the machine does.
      limits: { clients: Infinity, joinsPerSecond: Infinity, eventsPerSecond: Infinity },
      report,
    })),
    begun(startCron({ databaseUrl: superuserUrl, report })),
    begun(startNet({ databaseUrl: superuserUrl, report })),
  ]);
  for (const outcome of started) if (outcome.status === "rejected") throw outcome.reason;
  return { ports, postgrest };
}

function restartOnChange(functions: ReadonlyMap<string, Part>, { report, atEnd }: Site): void {
  atEnd(watchCode(root, () => {
    report("functions restart: their code has changed");
    // The supervisor says why one does not come back.
    for (const part of functions.values()) part.restart().catch(() => {});
  }));
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
