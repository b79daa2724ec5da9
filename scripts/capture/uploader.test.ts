import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import {
  BATCH_BYTES,
  BATCH_ENTRIES,
  type IngestOutcome,
  retryAfterMs,
  type SerializedEntry,
} from "./ingest.ts";
import { Uploader, type UploaderOptions } from "./uploader.ts";

const stored = (accepted: number): IngestOutcome => ({
  kind: "stored",
  answer: { accepted, duplicates: 0, rejected: [] },
});

/** A backend that keeps what it is sent, and the times of its requests; `fail` tells it to refuse. */
function backend() {
  const requests: { at: number; ids: string[] }[] = [];
  const kept = new Set<string>();
  let failing: IngestOutcome | null = null;
  return {
    requests,
    kept,
    fail: (outcome: IngestOutcome | null) => failing = outcome,
    ingest: (batch: SerializedEntry[]): Promise<IngestOutcome> => {
      const ids = batch.map(({ json }) => (JSON.parse(json) as { request_id: string }).request_id);
      requests.push({ at: Date.now(), ids });
      if (failing) return Promise.resolve(failing);
      ids.forEach((id) => kept.add(id));
      return Promise.resolve(stored(batch.length));
    },
  };
}

const entry = (request_id: string, body = "") => ({ request_id, payload: { body } });

function uploaderOf(options: UploaderOptions): Uploader {
  return new Uploader({ random: () => 1, ...options });
}

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

describe("the uploader", () => {
  it("sends at once what comes first, and then at most four times a second", async () => {
    const server = backend();
    const uploader = uploaderOf({ ingest: server.ingest });
    for (let tick = 0; tick < 100; tick++) {
      uploader.add(entry(`e${tick}`));
      await vi.advanceTimersByTimeAsync(20);
    }
    await vi.advanceTimersByTimeAsync(250);
    expect(server.kept.size).toBe(100);
    for (const [index, request] of server.requests.slice(1).entries()) {
      expect(request.at - (server.requests[index]?.at ?? 0)).toBeGreaterThanOrEqual(250);
    }
    expect(server.requests.length).toBeLessThanOrEqual(10);
    expect(uploader.counts).toMatchObject({ accepted: 100, buffered: 0, bufferedBytes: 0 });
  });

  it("keeps to the limits of a request, in number and in bytes", async () => {
    const server = backend();
    const uploader = uploaderOf({ ingest: server.ingest });
    for (let one = 0; one < 1_200; one++) uploader.add(entry(`small${one}`));
    for (let one = 0; one < 5; one++) {
      uploader.add(entry(`large${one}`, "x".repeat(BATCH_BYTES / 3)));
    }
    await vi.advanceTimersByTimeAsync(5_000);
    expect(server.requests.map(({ ids }) => ids.length)).toEqual([
      BATCH_ENTRIES,
      BATCH_ENTRIES,
      202,
      2,
      1,
    ]);
  });

  it("holds everything while the backend is away, and sends it in order when it is back", async () => {
    const server = backend();
    const retries: number[] = [];
    server.fail({ kind: "retry", reason: "away" });
    const uploader = uploaderOf({ ingest: server.ingest, onRetry: (_, ms) => retries.push(ms) });
    for (let one = 0; one < 700; one++) uploader.add(entry(`e${one}`));
    await vi.advanceTimersByTimeAsync(60_000);
    expect(retries.slice(0, 8)).toEqual([500, 1000, 2000, 4000, 8000, 16000, 30000]);
    expect(uploader.counts).toMatchObject({ buffered: 700, dropped: 0 });
    const first = server.requests[0]?.ids;
    expect(server.requests.every(({ ids }) => ids.join() === first?.join())).toBe(true);
    server.fail(null);
    await vi.advanceTimersByTimeAsync(60_000);
    expect([...server.kept]).toEqual(Array.from({ length: 700 }, (_, one) => `e${one}`));
    expect(uploader.counts).toMatchObject({ accepted: 700, buffered: 0 });
  });

  it("waits as long as the backend asks", async () => {
    const server = backend();
    server.fail({ kind: "retry", reason: "limit", afterMs: 42_000 });
    const uploader = uploaderOf({ ingest: server.ingest });
    uploader.add(entry("a"));
    await vi.advanceTimersByTimeAsync(41_900);
    expect(server.requests).toHaveLength(1);
    await vi.advanceTimersByTimeAsync(200);
    expect(server.requests).toHaveLength(2);
  });

  it("drops the newest when its buffer is full, counts it, and delivers what it had taken in", async () => {
    const server = backend();
    const lost = vi.fn();
    server.fail({ kind: "retry", reason: "away" });
    const uploader = uploaderOf({ ingest: server.ingest, maxEntries: 3, onLost: lost });
    expect(["a", "b", "c", "d", "e"].map((id) => uploader.add(entry(id))))
      .toEqual([true, true, true, false, false]);
    expect(uploader.counts.dropped).toBe(2);
    expect(lost).toHaveBeenCalledWith(1, "the buffer is full (3 entries)");
    server.fail(null);
    await vi.advanceTimersByTimeAsync(1_000);
    expect([...server.kept]).toEqual(["a", "b", "c"]);
    expect(uploader.add(entry("f"))).toBe(true);
  });

  it("bounds its buffer in bytes, and takes no entry that fits no request", () => {
    const server = backend();
    const uploader = uploaderOf({ ingest: server.ingest, maxBytes: 1_000 });
    expect(uploader.add(entry("a", "x".repeat(600)))).toBe(true);
    expect(uploader.add(entry("b", "x".repeat(600)))).toBe(false);
    expect(uploaderOf({ ingest: server.ingest }).add(entry("c", "x".repeat(BATCH_BYTES)))).toBe(
      false,
    );
  });

  it("tells of entries that were rejected, and of batches that were refused for good", async () => {
    const server = backend();
    const lost = vi.fn();
    const uploader = uploaderOf({ ingest: server.ingest, onLost: lost });
    server.fail({
      kind: "stored",
      answer: {
        accepted: 0,
        duplicates: 1,
        rejected: [{ index: 1, code: "invalid_ts", message: "ts: give a time" }],
      },
    });
    uploader.add(entry("a"));
    uploader.add(entry("b"));
    await vi.advanceTimersByTimeAsync(300);
    expect(lost).toHaveBeenLastCalledWith(1, "invalid_ts: ts: give a time");
    server.fail({ kind: "refused", status: 401, reason: "not paired any more" });
    uploader.add(entry("c"));
    await vi.advanceTimersByTimeAsync(300);
    expect(lost).toHaveBeenLastCalledWith(1, "not paired any more");
    expect(uploader.counts)
      .toMatchObject({ duplicates: 1, rejected: 1, dropped: 1, buffered: 0 });
  });

  it("sends what it holds when it is stopped, and takes nothing more", async () => {
    const server = backend();
    const uploader = uploaderOf({ ingest: server.ingest });
    for (let one = 0; one < 1_001; one++) uploader.add(entry(`e${one}`));
    const stopping = uploader.stop();
    expect(uploader.add(entry("late"))).toBe(false);
    await vi.advanceTimersByTimeAsync(1_000);
    expect(await stopping).toMatchObject({ accepted: 1_001, buffered: 0, dropped: 1 });
    expect(vi.getTimerCount()).toBe(0);
  });

  it("gives up after its time limit when it is stopped while the backend is away", async () => {
    const server = backend();
    server.fail({ kind: "retry", reason: "away" });
    const uploader = uploaderOf({ ingest: server.ingest });
    uploader.add(entry("a"));
    const stopping = uploader.stop(2_000);
    await vi.advanceTimersByTimeAsync(2_000);
    expect(await stopping).toMatchObject({ accepted: 0, buffered: 1 });
    expect(vi.getTimerCount()).toBe(0);
  });
});

describe("Retry-After", () => {
  const now = Date.parse("2026-11-24T10:00:00Z");
  it.each([
    ["3", 3_000],
    ["0", 0],
    ["Tue, 24 Nov 2026 10:00:05 GMT", 5_000],
    ["Tue, 24 Nov 2026 09:00:00 GMT", 0],
    ["soon", null],
    ["", null],
    [null, null],
  ])("%j is %j ms", (header, ms) => expect(retryAfterMs(header, now)).toBe(ms));
});
