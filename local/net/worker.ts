import postgres, { type Sql } from "postgres";

export interface NetOptions {
  /** As supabase_admin, who owns the queue. */
  databaseUrl: string;
  report: (line: string) => void;
}

interface QueuedRequest {
  id: string;
  method: string;
  url: string;
  headers: Record<string, string>;
  body: Buffer | null;
  timeout_milliseconds: number;
}

interface Outcome {
  status_code: number | null;
  content_type: string | null;
  content: string | null;
  timed_out: boolean;
  error_msg: string | null;
}

/** Sends what SQL asks for by net.http_post, as the extension pg_net does: after the commit, at most once. */
export async function startNet({ databaseUrl, report }: NetOptions) {
  const sql = postgres(databaseUrl, {
    max: 2,
    fetch_types: false,
    onnotice: () => {},
    backoff: () => 0.2,
  });
  const stopping = new AbortController();
  const sending = new Set<Promise<void>>();

  const sendQueued = async (): Promise<void> => {
    const queued = await sql<QueuedRequest[]>`
      delete from net.http_request_queue
      returning id, method, url, headers, body, timeout_milliseconds`;
    for (const request of queued) {
      const sent = perform(request, stopping.signal).then((outcome) => keep(sql, request, outcome))
        .catch((error: Error) => report(`net: request ${request.id}: ${error.message}`))
        .finally(() => sending.delete(sent));
      sending.add(sent);
    }
  };
  const look = () =>
    sendQueued().catch((error: Error) => report(`net cannot read its queue: ${error.message}`));

  // Called again after every reconnection, so that nothing stays behind.
  await sql.listen("embedded_net", look, look);

  return {
    async stop(): Promise<void> {
      stopping.abort();
      await Promise.allSettled(sending);
      await sql.end({ timeout: 1 });
    },
  };
}

async function perform(request: QueuedRequest, stopping: AbortSignal): Promise<Outcome> {
  const { method, url, headers, body, timeout_milliseconds } = request;
  try {
    const response = await fetch(url, {
      method,
      headers,
      ...(body && { body: new Uint8Array(body) }),
      signal: AbortSignal.any([stopping, AbortSignal.timeout(timeout_milliseconds)]),
    });
    return {
      status_code: response.status,
      content_type: response.headers.get("content-type"),
      content: await response.text(),
      timed_out: false,
      error_msg: null,
    };
  } catch (error) {
    const { name, message } = error as Error;
    return {
      status_code: null,
      content_type: null,
      content: null,
      timed_out: name === "TimeoutError",
      error_msg: message,
    };
  }
}

async function keep(sql: Sql, { id }: QueuedRequest, outcome: Outcome): Promise<void> {
  await sql`insert into net._http_response ${sql({ id, ...outcome })}`;
  await sql`delete from net._http_response where created < now() - interval '6 hours'`;
}
