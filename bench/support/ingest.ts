import { Agent, request } from "node:http";
import { text } from "node:stream/consumers";
import type postgres from "postgres";
import type { DeviceCredential } from "../../scripts/device.ts";
import type { StackInfo } from "../../scripts/stack-info.ts";

/** Rows in a round of an ingest benchmark: ten requests of the most that one may carry. */
export const ROUND = 5_000;

/** Stores batches, each the JSON text of an array, one call after another. */
export async function ingestBySql(
  sql: postgres.ISql,
  batches: readonly string[],
): Promise<void> {
  for (const batch of batches) {
    const [row] = await sql<{ answer: { rejected: unknown[]; duplicates: number } }[]>`
      select public.ingest_entries(${batch}::text::jsonb) as answer`;
    const { rejected, duplicates } = row!.answer;
    if (rejected.length > 0 || duplicates > 0) {
      throw new Error(`a batch was not stored whole: ${JSON.stringify(row!.answer)}`);
    }
  }
}

/**
 * Posts bodies to the ingest function, as many at a time as there are devices: each has a limit of
 * 600 requests a minute of its own. Connections live as long as the call: one that idles between two
 * rounds may be closed by the server under the next request.
 */
export async function ingestByHttp(
  stack: StackInfo,
  devices: readonly DeviceCredential[],
  bodies: readonly string[],
): Promise<void> {
  const agent = new Agent({ keepAlive: true });
  const waiting = bodies.values();
  try {
    await Promise.all(devices.map(async ({ token }) => {
      for (const body of waiting) await post(agent, stack, token, body);
    }));
  } finally {
    agent.destroy();
  }
}

async function post(agent: Agent, stack: StackInfo, token: string, body: string): Promise<void> {
  const { status, answer } = await new Promise<{ status: number; answer: string }>(
    (resolve, reject) => {
      request(`${stack.url}/functions/v1/ingest`, {
        method: "POST",
        agent,
        headers: {
          apikey: stack.publishable_key,
          authorization: `Bearer ${token}`,
          "content-type": "application/json",
        },
      }, (response) => {
        text(response).then((answer) => resolve({ status: response.statusCode!, answer }), reject);
      }).on("error", reject).end(body);
    },
  );
  if (status !== 200) throw new Error(`ingest answered ${status}: ${answer}`);
  const { rejected, duplicates } = JSON.parse(answer);
  if (rejected.length > 0 || duplicates > 0) throw new Error(`not stored whole: ${answer}`);
}
