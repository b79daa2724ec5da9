// The status agent as it runs in production: a program of its own with a service account. On a stack
// of its own, because there is one status and other tests post theirs.

import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { writeFile } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { availableParallelism, totalmem, uptime } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { createClient } from "@supabase/supabase-js";
import postgres from "postgres";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { accessTokenFor } from "../../scripts/access-token.ts";
import type { PublicStatus } from "../../shared/stats/public-status.ts";
import type { StatusSnapshot } from "../../shared/stats/status.ts";
import version from "../../version.json" with { type: "json" };
import { type OwnStack, startOwnStack } from "../support/own-stack.ts";
import { programs } from "./program.ts";

let stack: OwnStack;
let sql: postgres.Sql;
let commands: Awaited<ReturnType<typeof programs>>;
let dashboard: Server;
let account: { client_id: string; client_secret: string };

beforeAll(async () => {
  stack = await startOwnStack();
  sql = postgres(stack.info.db_url, { max: 1, onnotice: () => {} });
  commands = await programs(stack.info);
  dashboard = await listening(0);
  account = await serviceAccount();
});
afterAll(async () => {
  await kill(dashboard);
  await sql.end();
  await commands.remove();
  await stack.stop();
});

async function listening(port: number): Promise<Server> {
  const server = createServer((_, response) => response.end("<!doctype html>"));
  server.listen(port, "127.0.0.1");
  await once(server, "listening");
  return server;
}

async function kill(server: Server): Promise<void> {
  const closed = once(server, "close");
  server.close();
  server.closeAllConnections();
  await closed;
}

const portOf = (server: Server) => (server.address() as AddressInfo).port;

/** What an admin sets up for the agent: a role that may post the status and do nothing else. */
async function serviceAccount() {
  const { access_token } = await accessTokenFor(stack.info, "admin@busymate.test");
  const admin = createClient(stack.info.url, stack.info.publishable_key, {
    accessToken: () => Promise.resolve(access_token),
  });
  await admin.from("roles").insert({ name: "status-agent" }).throwOnError();
  await admin.from("role_capabilities")
    .insert({ role: "status-agent", section: "status", action: "edit" }).throwOnError();
  const { data } = await admin.from("service_accounts")
    .insert({ name: "Status agent", role: "status-agent" }).select("id").single().throwOnError();
  const client = await admin.rpc("create_service_client", { service_account_id: data.id })
    .throwOnError();
  return client.data as typeof account;
}

/** A file for the agent; the dashboard is this test's, the backend is the stack. */
async function configFile(changes: Record<string, unknown> = {}): Promise<string> {
  const { url } = stack.info;
  const file = join(commands.dataDir, `agent-${crypto.randomUUID()}.json`);
  const config = {
    project_url: url,
    credential: { client_id: account.client_id, client_secret_env: "STATUS_SECRET" },
    components: [
      {
        key: "dashboard",
        label: "Dashboard",
        core: true,
        url: `http://127.0.0.1:${portOf(dashboard)}/`,
        unit: "busymate-dashboard.service",
      },
      {
        key: "supabase",
        label: "Backend",
        core: true,
        url: `${url}/functions/v1/api/connection`,
        version: { url: `${url}/functions/v1/api/version`, component: "supabase" },
      },
    ],
    ...changes,
  };
  await writeFile(file, JSON.stringify(config));
  return file;
}

interface Agent {
  process: ChildProcess;
  lines: string[];
  ended: Promise<unknown>;
}

function start(file: string): Agent {
  const args = ["--import", "tsx", "scripts/status-agent.ts", "--config", file];
  const child = spawn(process.execPath, args, {
    env: { ...process.env, BUSYMATE_DATA: commands.dataDir, STATUS_SECRET: account.client_secret },
  });
  const lines: string[] = [];
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on(
      "data",
      (text: string) =>
        lines.push(...text.trimEnd().split("\n").map((line) => line.replace(/^\S+Z /, ""))),
    );
  }
  return { process: child, lines, ended: once(child, "exit") };
}

async function publicStatus(): Promise<PublicStatus> {
  const response = await fetch(`${stack.info.url}/functions/v1/api/status`);
  return await response.json() as PublicStatus;
}

async function stored(): Promise<StatusSnapshot> {
  const [row] = await sql<{ snapshot: StatusSnapshot }[]>`
    select snapshot from public.service_status`;
  return row!.snapshot;
}

const turnsInto = (overall: string, withinMs: number) =>
  expect.poll(async () => (await publicStatus()).overall, { timeout: withinMs, interval: 200 })
    .toBe(overall);

describe("one look", () => {
  it("posts this machine's real figures and what is deployed", async () => {
    const file = await configFile({ credential: { demo_account: "admin@busymate.test" } });
    const { code, out, err } = await commands.run("status-agent", "--config", file, "--once");
    expect({ code, err }).toEqual({ code: 0, err: "" });
    expect(out.trim().split("\n")).toHaveLength(3);
    const { host, components, overall, collected_at } = await stored();
    expect(overall).toBe("operational");
    expect(Math.abs(Date.now() - Date.parse(collected_at))).toBeLessThan(30_000);
    expect(host.memory.total).toBe(totalmem());
    expect(host.memory.used).toBeGreaterThan(10_000_000);
    expect(Math.abs(host.uptime_s - uptime())).toBeLessThan(30);
    // Starting the agent is work, so the processors were not idle.
    expect(host.cpu_percent).toBeGreaterThan(0);
    expect(host.cpu_percent).toBeLessThanOrEqual(100);
    expect(host.load[0]).toBeLessThan(100 * availableParallelism());
    expect(components).toMatchObject([
      { key: "dashboard", up: true, http_status: 200, unit_state: null, version: null },
      {
        key: "supabase",
        up: true,
        version: version.components.supabase.version,
        build: version.components.supabase.build,
      },
    ]);
    expect(await publicStatus()).toMatchObject({ overall: "operational", stale: false });
  });

  it("says in a line what has to be put right", async () => {
    const once = async (changes: Record<string, unknown>) => {
      const file = await configFile(changes);
      const { code, err } = await commands.run("status-agent", "--config", file, "--once");
      expect(code).toBe(1);
      expect(err).not.toMatch(/^\s+at /m);
      return err.trim();
    };
    expect(await once({})).toMatch(/^STATUS_SECRET is not set/);
    expect(await once({ credential: { demo_account: "vera@busymate.test" } }))
      .toMatch(/answered 403: Posting a status needs the capability status:edit/);
    const nobody = await listening(0);
    const project_url = `http://127.0.0.1:${portOf(nobody)}`;
    await kill(nobody);
    expect(await once({ credential: { demo_account: "admin@busymate.test" }, project_url }))
      .toMatch(/got no answer \(ECONNREFUSED\)$/);
    expect((await commands.run("status-agent")).err).toMatch(/^Usage: /);
  }, 60_000);
});

describe("the agent at work", () => {
  it("turns the public status within 15 seconds of a component's end, and back", async () => {
    const agent = start(await configFile());
    try {
      await expect.poll(() => agent.lines, { timeout: 20_000 }).toContain("posting works");
      await turnsInto("operational", 5_000);
      // Not right after a look, which would be the longest wait only by chance.
      await sleep(Math.random() * 5_000);
      const port = portOf(dashboard);
      await kill(dashboard);
      await turnsInto("outage", 15_000);
      expect((await publicStatus()).components).toEqual([
        { key: "dashboard", label: "Dashboard", up: false },
        { key: "supabase", label: "Backend", up: true },
      ]);
      expect((await stored()).components[0]).toMatchObject({ error: "ECONNREFUSED" });
      dashboard = await listening(port);
      await turnsInto("operational", 15_000);
      const told = agent.lines.filter((line) => line.startsWith("Dashboard is "));
      expect(told.map((line) => line.split(":")[0])).toEqual([
        "Dashboard is up",
        "Dashboard is down",
        "Dashboard is up",
      ]);
    } finally {
      agent.process.kill("SIGTERM");
      await agent.ended;
    }
    expect(agent.process.exitCode).toBe(0);

    // Nobody looks any more: what is left is no longer claimed.
    await sql`update public.service_status set updated_at = updated_at - interval '22 seconds'`;
    await turnsInto("unknown", 12_000);
    expect(await publicStatus()).toMatchObject({ stale: true, components: [{}, {}] });
  }, 90_000);

  it(
    "goes on when it is refused, says so once, and posts again when it may",
    async () => {
      const agent = start(
        await configFile({
          interval_s: 1,
          components: [
            { key: "dashboard", label: "Dashboard", url: `http://127.0.0.1:${portOf(dashboard)}/` },
          ],
        }),
      );
      try {
        await expect.poll(() => agent.lines, { timeout: 20_000 }).toContain("posting works");
        await sql`update public.service_accounts set disabled_at = now()`;
        const failures = () => agent.lines.filter((line) => line.startsWith("posting fails: "));
        await expect.poll(failures, { timeout: 15_000 }).toHaveLength(1);
        await sleep(3_000);
        expect(failures()).toHaveLength(1);
        expect(agent.lines.join("\n")).not.toContain(account.client_secret);
        await sql`update public.service_accounts set disabled_at = null`;
        await expect.poll(() => agent.lines.filter((line) => line === "posting works"), {
          timeout: 20_000,
        }).toHaveLength(2);
      } finally {
        agent.process.kill("SIGINT");
        await agent.ended;
      }
    },
    90_000,
  );
});
