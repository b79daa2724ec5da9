import { expect, it } from "vitest";
import type { ImportItem } from "../../shared/har/import.ts";
import { BATCH_ENTRIES, type IngestOutcome, type SerializedEntry } from "../capture/ingest.ts";
import { Complaint } from "../complaint.ts";
import { importItems } from "./import.ts";

const item = (index: number): ImportItem => ({
  index,
  entry: { request_id: `r${index}`, ts: "2026-11-24T10:00:00Z", source: "har", payload: {} },
});

const stored = (
  accepted: number,
  rejected: { index: number; code: string; message: string }[] = [],
): IngestOutcome => ({ kind: "stored", answer: { accepted, duplicates: 0, rejected } });

/** Answers one outcome after the other, then stores; keeps what it was sent and how long was waited. */
function backend(...outcomes: IngestOutcome[]) {
  const batches: string[][] = [];
  const waits: number[] = [];
  return {
    batches,
    waits,
    ingest: (batch: SerializedEntry[]) => {
      batches.push(
        batch.map(({ json }) => (JSON.parse(json) as { request_id: string }).request_id),
      );
      return Promise.resolve(outcomes.shift() ?? stored(batch.length));
    },
    sleep: (ms: number) => {
      waits.push(ms);
      return Promise.resolve();
    },
  };
}

it("sends in batches, in the order of the file", async () => {
  const server = backend();
  const items = Array.from({ length: BATCH_ENTRIES + 1 }, (_, index) => item(index));
  expect(await importItems(items, server)).toEqual({ added: 501, present: 0, faults: [] });
  expect(server.batches.flat()).toEqual(items.map(({ index }) => `r${index}`));
  expect(server.batches.map((batch) => batch.length)).toEqual([500, 1]);
});

it("sends the same batch again while the backend is away, as late as it asks", async () => {
  const away: IngestOutcome = { kind: "retry", reason: "away" };
  const server = backend(away, { ...away, afterMs: 20_000 }, away);
  expect(await importItems([item(0), item(1)], server)).toMatchObject({ added: 2 });
  expect(server.batches).toEqual(Array(4).fill(["r0", "r1"]));
  expect(server.waits[1]).toBe(20_000);
});

it("gives up when its patience ends, and says that nothing is lost", async () => {
  const server = backend(...Array<IngestOutcome>(50).fill({ kind: "retry", reason: "away" }));
  await expect(importItems([item(0)], { ...server, patienceMs: 1_000 }))
    .rejects.toThrow(/^Gave up: away\. Import the file again/);
});

it("complains of a credential that is refused", async () => {
  const server = backend({ kind: "refused", status: 401, reason: "not live" });
  await expect(importItems([item(0)], server)).rejects.toThrow(Complaint);
});

it("names rejected entries by their index in the file, in its order", async () => {
  const server = backend(stored(1, [{ index: 1, code: "invalid_ts", message: "ts: too old" }]));
  const items: ImportItem[] = [item(0), { index: 1, fault: "bad" }, item(2), {
    index: 3,
    fault: "x",
  }];
  expect((await importItems(items, server)).faults).toEqual([
    { index: 1, message: "bad" },
    { index: 2, message: "ts: too old" },
    { index: 3, message: "x" },
  ]);
});
