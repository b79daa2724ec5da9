// The status of the installation: who posts it, and what the public gets to see of it. In one file
// because there is one status: tests in several would overwrite each other's.

import { setTimeout as sleep } from "node:timers/promises";
import { beforeAll, describe, expect, it } from "vitest";
import type { PublicStatus } from "../../shared/stats/public-status.ts";
import type { StatusSnapshot } from "../../shared/stats/status.ts";
import { differenceOf } from "../reference/support/answers.ts";
import { blocksOf } from "../reference/support/pages.ts";
import { rpc } from "../support/rest.ts";
import { stack } from "../support/stack.ts";
import { answer, call, database, newPerson, type Person } from "../support/world.ts";

let admin: Person, member: Person;
beforeAll(async () => {
  [admin, member] = await Promise.all([newPerson("admin"), newPerson()]);
});

type Component = StatusSnapshot["components"][number];

function component(key: string, overrides: Partial<Component> = {}): Component {
  return {
    key,
    label: key.toUpperCase(),
    core: true,
    up: true,
    http_status: 200,
    latency_ms: 12,
    unit_state: "active",
    version: "1.2.3",
    build: 7,
    checked_at: new Date().toISOString(),
    error: null,
    ...overrides,
  };
}

function snapshot(overrides: Partial<StatusSnapshot> = {}): StatusSnapshot {
  return {
    collected_at: new Date().toISOString(),
    overall: "operational",
    host: {
      cpu_percent: 12.5,
      load: [0.5, 0.25, 0.1],
      memory: { total: 8_000_000_000, used: 3_000_000_000 },
      uptime_s: 86_400,
    },
    components: [component("dashboard"), component("docs", { core: false })],
    ...overrides,
  };
}

const post = (token: string | null, body: unknown) =>
  call("/functions/v1/stats/status", token, { method: "POST", body: JSON.stringify(body) });
const view = () => fetch(`${stack().url}/functions/v1/api/status`);
/** The function keeps its last answer for a second. */
const fresh = async () => {
  await sleep(1_100);
  return await answer<PublicStatus>(await view());
};

async function fault(body: unknown): Promise<string> {
  const response = await post(admin.token, body);
  const { error } = await response.json() as { error: { code: string; message: string } };
  expect([response.status, error.code]).toEqual([400, "invalid_request"]);
  return error.message;
}

describe("posting a status", () => {
  it("takes what the documentation posts", async () => {
    const blocks = await blocksOf("docs/stats-and-status.md");
    const { code, answer: shown } = blocks.find(({ code }) => code.includes("/stats/status"))!;
    const [, body] = /-d '(\{[\s\S]*\})'\n$/.exec(code)!;
    const now = new Date().toISOString();
    const stored = await post(admin.token, JSON.parse(body!.replaceAll(`'"$NOW"'`, now)));
    expect(differenceOf(shown!, await stored.text())).toBeUndefined();
  });

  it("keeps it as it is, for holders of status:view", async () => {
    const posted = snapshot();
    expect(await answer(await post(admin.token, posted))).toEqual({ stored: true });
    const { body } = await rpc<Record<string, unknown>>(admin.token, "get_status");
    const { age_seconds, stale, ...kept } = body;
    expect(kept).toEqual(posted);
    expect(age_seconds).toBeLessThan(10);
    expect(stale).toBe(false);
    expect((await rpc(member.token, "get_status")).body).toBeNull();
    expect((await member.client.from("service_status").select("*")).data).toEqual([]);
  });

  it("needs status:edit, also without the function between", async () => {
    const response = await post(member.token, snapshot());
    expect(response.status).toBe(403);
    const { error } = await response.json() as { error: { message: string } };
    expect(error.message).toContain("status:edit");
    expect((await post(null, snapshot())).status).toBe(401);
    expect((await rpc(member.token, "post_status", { snapshot: {} })).body).toBeNull();
    expect((await rpc(admin.token, "post_status", { snapshot: { components: "none" } })).status)
      .toBe(400);
  });

  it("takes the documented shape alone, and names what is off", async () => {
    const { host, ...without } = snapshot();
    expect(await fault(without)).toMatch(/^host: /);
    expect(await fault(snapshot({ host: { ...host, cpu_percent: 101 } }))).toMatch(
      /^host\.cpu_percent: /,
    );
    expect(await fault(snapshot({ host: { ...host, memory: { total: 1, used: 2 } } })))
      .toBe("host.memory.used: is more than total");
    expect(await fault({ ...snapshot(), secret: "x" })).toMatch(/secret/);
    expect(await fault(snapshot({ components: [] }))).toMatch(/^components: /);
    expect(await fault(snapshot({ components: [component("a"), component("a")] })))
      .toBe("components[1].key: is there twice");
    expect(await fault(snapshot({ components: [component("a", { error: "x".repeat(201) })] })))
      .toMatch(/^components\[0\]\.error: /);
    expect(await fault(snapshot({ overall: "degraded" })))
      .toBe("overall: the components say operational");
    const wide = { ...snapshot(), padding: "x".repeat(70_000) };
    expect((await post(admin.token, wide)).status).toBe(413);
  });
});

describe("the public status", () => {
  it("tells which components are up, and nothing of the host", async () => {
    await post(admin.token, snapshot());
    const status = await fresh();
    expect(status).toEqual({
      overall: "operational",
      components: [
        { key: "dashboard", label: "DASHBOARD", up: true },
        { key: "docs", label: "DOCS", up: true },
      ],
      updated_at: expect.any(String),
      age_seconds: expect.any(Number),
      stale: false,
    });
    expect(status.age_seconds).toBeLessThan(10);
  });

  it("is degraded when any component is down, an outage when a core one is", async () => {
    const docs = component("docs", { core: false, up: false, error: "ECONNREFUSED" });
    await post(admin.token, snapshot({ overall: "degraded", components: [component("a"), docs] }));
    expect(await fresh()).toMatchObject({ overall: "degraded", components: [{}, { up: false }] });
    const core = component("a", { up: false, http_status: null, latency_ms: null });
    await post(admin.token, snapshot({ overall: "outage", components: [core, docs] }));
    expect((await fresh()).overall).toBe("outage");
  });

  it("is unknown and says that it is stale once nobody has posted for 30 seconds", async () => {
    await post(admin.token, snapshot());
    await database()`update public.service_status set updated_at = now() - interval '31 seconds'`;
    const status = await fresh();
    expect(status).toMatchObject({ overall: "unknown", stale: true });
    expect(status.age_seconds).toBeGreaterThanOrEqual(31);
    expect(status.components).toHaveLength(2);
    expect((await rpc(admin.token, "get_status")).body).toMatchObject({ stale: true });
  });

  it("is unknown before the first post", async () => {
    await database()`delete from public.service_status`;
    await database()`insert into public.service_status default values`;
    expect(await fresh()).toEqual({
      overall: "unknown",
      components: [],
      updated_at: null,
      age_seconds: null,
      stale: true,
    });
  });

  it("may be cached for seconds, and read from any web page", async () => {
    const response = await view();
    expect(response.headers.get("cache-control")).toBe("public, max-age=2");
    expect(response.headers.get("access-control-allow-origin")).toBe("*");
    await response.text();
  });
});
