import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import postgres from "postgres";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type OwnStack, startOwnStack } from "../support/own-stack.ts";

const ROUNDS = 21;
const UPLOADERS = 4;
const BATCH = 25;

let own: OwnStack;
let sql: postgres.Sql;
beforeAll(async () => {
  own = await startOwnStack();
  sql = postgres(own.info.db_url, { max: 2, fetch_types: false, onnotice: () => {} });
});
afterAll(async () => {
  await sql.end({ timeout: 1 });
  await own.stop();
});

async function post(path: string, token: string, body: unknown): Promise<Response> {
  return await fetch(`${own.info.url}${path}`, {
    method: "POST",
    headers: {
      apikey: own.info.publishable_key,
      Authorization: `Bearer ${token}`,
      "Content-Type": "application/json",
    },
    body: JSON.stringify(body),
  });
}

async function json<T>(answer: Promise<Response>): Promise<T> {
  const response = await answer;
  if (!response.ok) throw new Error(`${response.status} ${await response.text()}`);
  return await response.json() as T;
}

/** A demo member with a token, and credentials of some devices of theirs. */
async function paired(count: number): Promise<{ token: string; devices: string[] }> {
  const { email, password } = own.info.users.find(({ role }) => role === "member")!;
  const { publishable_key } = own.info;
  const session = await json<{ access_token: string }>(
    post("/auth/v1/token?grant_type=password", publishable_key, { email, password }),
  );
  const { access_token: token } = await json<{ access_token: string }>(
    post("/functions/v1/mcp/first-party-token", session.access_token, {}),
  );
  const devices: string[] = [];
  for (let n = 0; n < count; n++) {
    const { code } = await json<{ code: string }>(
      post("/functions/v1/device-pair/codes", token, { workspace_id: own.info.workspace_id }),
    );
    const device = { uuid: randomUUID(), name: `Uploader ${n}` };
    const { token: credential } = await json<{ token: string }>(
      post("/functions/v1/device-pair", publishable_key, { code, device }),
    );
    devices.push(credential);
  }
  return { token, devices };
}

/** Imports without end, repeating each batch until it is acknowledged, as capture clients do. */
function upload(credential: string, stop: AbortSignal) {
  const acknowledged: string[] = [];
  let retries = 0;
  const run = async () => {
    while (!stop.aborted) {
      const entries = Array.from({ length: BATCH }, () => ({
        request_id: randomUUID(),
        ts: new Date().toISOString(),
        payload: { method: "GET", url: "https://a.example/", statusCode: 200, responseBody: "ok" },
      }));
      for (;;) {
        const answer = await post("/functions/v1/ingest", credential, { entries })
          .then(async (response) => ({ status: response.status, body: await response.json() }))
          .catch(() => ({ status: 0, body: {} }));
        if (answer.status === 200) {
          expect(answer.body).toMatchObject({ rejected: [] });
          expect(answer.body.accepted + answer.body.duplicates).toBe(BATCH);
          acknowledged.push(...entries.map(({ request_id }) => request_id));
          break;
        }
        // Nothing but "not now" is an answer to a good batch.
        if (![0, 429, 502, 503].includes(answer.status)) {
          throw new Error(`ingest answered ${answer.status}: ${JSON.stringify(answer.body)}`);
        }
        retries++;
        await sleep(20 + Math.random() * 60);
      }
    }
  };
  return { done: run(), acknowledged, retries: () => retries };
}

describe("an import through crashes", () => {
  it(
    `loses and doubles nothing in ${ROUNDS} kills of Postgres, PostgREST and the function`,
    async () => {
      const { token, devices } = await paired(UPLOADERS);
      const stop = new AbortController();
      const uploads = devices.map((credential) => upload(credential, stop.signal));
      const broken = Promise.all(uploads.map(({ done }) => done));
      const counted = () => uploads.reduce((sum, { acknowledged }) => sum + acknowledged.length, 0);
      const victims = [own.parts.postgres, own.parts.postgrest, own.parts.functions.get("ingest")!];
      const recovery: Record<string, number[]> = {};
      const since = performance.now();
      for (let round = 0; round < ROUNDS; round++) {
        const victim = victims[round % victims.length]!;
        await Promise.race([sleep(Math.random() * 250), broken]);
        await victim.kill("SIGKILL");
        const [down, before] = [performance.now(), counted()];
        // The next is killed only once the import goes on: each round breaks a running one.
        while (counted() === before) await Promise.race([sleep(10), broken]);
        (recovery[victim.name] ??= []).push(performance.now() - down);
      }
      stop.abort();
      await broken;
      const seconds = (performance.now() - since) / 1000;

      const sent = uploads.flatMap(({ acknowledged }) => acknowledged);
      const stored = await sql<{ id: string; request_id: string }[]>`
      select id, request_id from public.entries where workspace_id = ${own.info.workspace_id}`;
      expect(stored.map(({ request_id }) => request_id).toSorted()).toEqual(sent.toSorted());
      const payloads = await sql<{ id: string }[]>`
      select id from private.entry_payloads where response_body = 'ok'`;
      expect(payloads.map(({ id }) => id).toSorted()).toEqual(
        stored.map(({ id }) => id).toSorted(),
      );

      const announced: string[] = [];
      for (let cursor: string | null = null, more = true; more;) {
        const page: { rows: { id: string }[]; cursor: string; more: boolean } = await json(
          post("/rest/v1/rpc/entries_changes", token, {
            workspace_id: own.info.workspace_id,
            after: cursor,
            page_size: 500,
          }),
        );
        announced.push(...page.rows.map(({ id }) => id));
        ({ cursor, more } = page);
      }
      expect(announced.toSorted()).toEqual(stored.map(({ id }) => id).toSorted());

      const median = (times: number[]) =>
        times.toSorted((a, b) => a - b)[times.length >> 1]!.toFixed(0);
      process.stdout.write(
        `${ROUNDS} kills in ${
          seconds.toFixed(1)
        } s: ${sent.length} entries acknowledged, each stored ` +
          `once; ${
            uploads.reduce((sum, { retries }) => sum + retries(), 0)
          } retries; ms until the ` +
          "import went on (median): " +
          Object.entries(recovery).map(([name, times]) => `${name} ${median(times)}`).join(", ") +
          "\n",
      );
    },
    300_000,
  );
});
