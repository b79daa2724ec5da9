import { diffBodies } from "./body-diff.ts";
import type { BodyDiff } from "./body-diff.ts";
import { requestOf, responseOf } from "./exchange.ts";
import type { Message, StoredEntry } from "./exchange.ts";
import { changeOf, diffNames } from "./value-diff.ts";
import type { Change, NameChange } from "./value-diff.ts";

/** How entry b differs from entry a. A part in which they do not differ is absent. */
export interface EntryDiff {
  a: { id: string; ts: string };
  b: { id: string; ts: string };
  /** Whether nothing differs but when it happened and how long it took. */
  same_exchange: boolean;
  request?: MessageDiff & Partial<LineDiff>;
  response?: MessageDiff & { status?: Change<number | null>; error?: Change<string | null> };
  timings?: TimingDiff;
  /** What this comparison cannot or does not show, in words. */
  left_out: string[];
}

interface MessageDiff {
  headers?: NameChange[];
  body?: BodyDiff;
}

interface LineDiff {
  method: Change<string | null>;
  /** Where its parts do not tell the difference. */
  url: Change<string | null>;
  scheme: Change<string>;
  host: Change<string>;
  path: Change<string> & { segments: (Partial<Change<string>> & { index: number })[] };
  query: NameChange[];
}

interface TimingDiff {
  ts?: Change<string>;
  duration_ms?: Change<number | null>;
  request_size?: Change<number | null>;
  response_size?: Change<number | null>;
}

/** Compares two entries as `get_entry` answers them. */
export async function diffEntries(a: StoredEntry, b: StoredEntry): Promise<EntryDiff> {
  const left_out: string[] = [];
  if (a.redacted || b.redacted) {
    left_out.push("secrets: they are redacted for you, and so are differences between them");
  }
  const request = present({
    ...diffLines(a, b),
    ...await diffMessages(requestOf(a), requestOf(b), "request body", left_out),
  });
  const response = present({
    status: changeOf(a.status, b.status),
    error: changeOf(a.error, b.error),
    ...await diffMessages(responseOf(a), responseOf(b), "response body", left_out),
  });
  const timings = present({
    ts: changeOf(a.ts, b.ts),
    duration_ms: changeOf(a.duration_ms, b.duration_ms),
    request_size: changeOf(a.request_size, b.request_size),
    response_size: changeOf(a.response_size, b.response_size),
  });
  return {
    a: { id: a.id, ts: a.ts },
    b: { id: b.id, ts: b.ts },
    same_exchange: !request && !response,
    ...(request && { request }),
    ...(response && { response }),
    ...(timings && { timings }),
    left_out,
  };
}

async function diffMessages(
  a: Message,
  b: Message,
  where: string,
  left_out: string[],
): Promise<{ headers: NameChange[] | undefined; body: BodyDiff | undefined }> {
  const headers = diffNames(pairs(a), pairs(b), (name) => name.toLowerCase());
  return {
    headers: headers.length > 0 ? headers : undefined,
    body: await diffBodies(a, b, (what) => left_out.push(`${where}: ${what}`)),
  };
}

function diffLines(
  a: StoredEntry,
  b: StoredEntry,
): { [K in keyof LineDiff]?: LineDiff[K] | undefined } {
  const method = changeOf(a.method, b.method);
  const [one, other] = [parsed(a.url), parsed(b.url)];
  if (!one || !other) return { method, url: changeOf(a.url, b.url) };
  const query = diffNames(one.searchParams, other.searchParams);
  const parts = present({
    scheme: changeOf(one.protocol.slice(0, -1), other.protocol.slice(0, -1)),
    host: changeOf(one.host, other.host),
    path: diffPaths(one.pathname, other.pathname),
    query: query.length > 0 ? query : undefined,
  });
  // A URL may differ in no part that is compared: its user, its fragment, its spelling.
  return { method, ...(parts ?? { url: changeOf(a.url, b.url) }) };
}

function diffPaths(a: string, b: string): LineDiff["path"] | undefined {
  if (a === b) return undefined;
  const [before, after] = [a.split("/").slice(1), b.split("/").slice(1)];
  const places = Array.from({ length: Math.max(before.length, after.length) }, (_, index) => index);
  const segments = places
    .filter((index) => before[index] !== after[index])
    .map((index) => ({ index, ...present({ a: before[index], b: after[index] }) }));
  return { a, b, segments };
}

function parsed(url: string | null): URL | null {
  return url !== null && URL.canParse(url) ? new URL(url) : null;
}

function pairs({ headers }: Message): [string, string][] {
  return headers.map(({ name, value }) => [name, value]);
}

type Present<T> = { [K in keyof T]?: Exclude<T[K], undefined> };

/** The object without what is undefined; undefined when nothing is left. */
function present<T extends object>(parts: T): Present<T> | undefined {
  const entries = Object.entries(parts).filter(([, value]) => value !== undefined);
  return entries.length > 0 ? Object.fromEntries(entries) as Present<T> : undefined;
}
