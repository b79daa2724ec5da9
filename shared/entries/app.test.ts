import { beforeEach, describe, expect, it } from "vitest";
import { deviceToken, fakeProject, personToken } from "../token/project.fake.ts";
import type { FakeProject } from "../token/project.fake.ts";
import { ingestApp } from "./app.ts";

const good = { request_id: "r1", ts: "2026-11-24T10:00:00Z", payload: { url: "https://a.test/" } };
let project: FakeProject;
let token: string;

beforeEach(async () => {
  project = await fakeProject();
  token = await deviceToken(project);
  project.rpcs.ingest_entries = ({ entries }) => ({
    accepted: (entries as unknown[]).length,
    duplicates: 0,
    rejected: [],
  });
});

async function ingest(body: unknown, bearer = token, signal?: AbortSignal): Promise<Response> {
  return await ingestApp(project.config, project.runtime).request("/ingest", {
    method: "POST",
    headers: { Authorization: `Bearer ${bearer}`, "Content-Type": "application/json" },
    body: JSON.stringify(body),
    ...(signal && { signal }),
  });
}

describe("ingest", () => {
  it("stores with the device's own token, in one call", async () => {
    const answer = await ingest({ entries: [good] });
    expect(answer.status).toBe(200);
    expect(await answer.json()).toEqual({ accepted: 1, duplicates: 0, rejected: [] });
    expect(project.calls.map(({ rpc }) => rpc)).toEqual(["admit", "ingest_entries"]);
    const stored = project.calls[1];
    expect(stored?.headers.get("authorization")).toBe(`Bearer ${token}`);
    expect(stored?.headers.get("apikey")).toBe("sb_publishable_test");
    expect(stored?.args).toEqual({ entries: [good] });
  });

  it("answers a batch without one good entry without storing anything", async () => {
    const answer = await ingest({ entries: [{}, { ...good, ts: "yesterday" }] });
    expect(answer.status).toBe(200);
    const { accepted, rejected } = await answer.json();
    expect(accepted).toBe(0);
    expect(rejected.map((r: { index: number; code: string }) => [r.index, r.code])).toEqual([
      [0, "invalid_request_id"],
      [1, "invalid_ts"],
    ]);
    expect(project.calls.map(({ rpc }) => rpc)).toEqual(["admit"]);
  });

  it("moves the database's rejections to the caller's positions", async () => {
    project.rpcs.ingest_entries = () => ({
      accepted: 1,
      duplicates: 0,
      rejected: [{ index: 1, code: "unknown_device", message: "device_uuid: no" }],
    });
    const answer = await ingest({ entries: [{}, good, good] });
    expect((await answer.json()).rejected.map((r: { index: number }) => r.index)).toEqual([0, 2]);
  });

  it("acknowledges nothing that the database did not", async () => {
    project.rpcs.ingest_entries = () =>
      Response.json({ code: "57P01", message: "" }, { status: 500 });
    expect((await ingest({ entries: [good] })).status).toBe(503);
    project.rpcs.ingest_entries = () => ({});
    expect((await ingest({ entries: [good] })).status).toBe(500);
  });

  it("does not call a client that went away an outage", async () => {
    const client = new AbortController();
    project.rpcs.ingest_entries = () => {
      client.abort();
      throw new DOMException("aborted", "AbortError");
    };
    await ingest({ entries: [good] }, token, client.signal);
    expect(project.logs[0]).toMatchObject({ level: "warn", error: { code: "request_aborted" } });
  });

  it("is for devices alone", async () => {
    expect((await ingest({ entries: [good] }, await personToken(project))).status).toBe(403);
  });
});
