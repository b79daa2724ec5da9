import { type BusymateClient, BusymateError, type Filter } from "busymate-client";
import { z } from "zod";
import type { ExportedEntry } from "../../shared/har/export.ts";
import { entryRedactor } from "../../shared/redaction/entries.ts";
import { readPolicy } from "../../shared/redaction/policy.ts";
import { Complaint } from "../complaint.ts";

export interface ExportOptions {
  client: BusymateClient;
  workspaceId: string;
  deviceUuid?: string;
  /** With a filter entries come newest first, without in the order they arrived. */
  filter?: Filter;
}

const rowSchema = z.object({
  id: z.string(),
  device_uuid: z.string(),
  request_size: z.number().nullable(),
  response_size: z.number().nullable(),
});
type Row = z.infer<typeof rowSchema>;

const changesSchema = z.object({ rows: z.array(rowSchema), cursor: z.string(), more: z.boolean() });

const storedSchema: z.ZodType<ExportedEntry> = z.looseObject({
  id: z.string(),
  ts: z.string(),
  method: z.string().nullable(),
  url: z.string().nullable(),
  status: z.number().nullable(),
  duration_ms: z.number().nullable(),
  redacted: z.boolean(),
  payload: z.record(z.string(), z.unknown()),
});

const PAGE_SIZE = 500;
/** Bodies are read in bulk, but not more of them at once than a request should answer. */
const BULK_ENTRIES = 200;
const BULK_BYTES = 8 * 1024 * 1024;
const BODY_LIMIT = 1024 * 1024;

const TIMEOUT_MS = 10_000;

/** The entries of a workspace with their payloads, page by page, as the policy of exports has them. */
export async function* storedEntries(options: ExportOptions): AsyncGenerator<ExportedEntry> {
  const { client, deviceUuid, filter } = options;
  const rows = filter ? thatPass(filter, options) : inOrderOfArrival(options);
  const redact = entryRedactor(
    await readPolicy(client.supabase, "export", AbortSignal.timeout(TIMEOUT_MS)),
  );
  for await (const bulk of bulks(rows, deviceUuid)) {
    yield* (await payloads(client, bulk)).map((entry) => redact(entry));
  }
}

async function* thatPass(
  filter: Filter,
  { client, workspaceId }: ExportOptions,
): AsyncGenerator<Row> {
  try {
    yield* client.entries({ workspaceId, filter, pageSize: PAGE_SIZE });
  } catch (error) {
    if (!(error instanceof BusymateError)) throw error;
    throw new Complaint(`The filter's entries answered ${error.status}: ${error.message}`);
  }
}

async function* inOrderOfArrival({ client, workspaceId }: ExportOptions): AsyncGenerator<Row> {
  let after: string | undefined;
  for (;;) {
    const page: z.infer<typeof changesSchema> = changesSchema.parse(answered(
      "entries_changes",
      await client.supabase.rpc("entries_changes", {
        workspace_id: workspaceId,
        page_size: PAGE_SIZE,
        ...(after !== undefined && { after }),
      }),
    ));
    yield* page.rows;
    if (!page.more) return;
    after = page.cursor;
  }
}

async function payloads({ supabase }: BusymateClient, ids: string[]): Promise<ExportedEntry[]> {
  return z.array(storedSchema).parse(
    answered("get_entries", await supabase.rpc("get_entries", { ids })),
  );
}

async function* bulks(
  rows: AsyncIterable<Row>,
  deviceUuid: string | undefined,
): AsyncGenerator<string[]> {
  let ids: string[] = [];
  let bytes = 0;
  for await (const row of rows) {
    if (deviceUuid !== undefined && row.device_uuid !== deviceUuid) continue;
    const size = Math.min(BODY_LIMIT, row.request_size ?? 0) +
      Math.min(BODY_LIMIT, row.response_size ?? 0);
    if (ids.length === BULK_ENTRIES || (ids.length > 0 && bytes + size > BULK_BYTES)) {
      yield ids;
      ids = [];
      bytes = 0;
    }
    ids.push(row.id);
    bytes += size;
  }
  if (ids.length > 0) yield ids;
}

function answered(
  name: string,
  { data, error, status }: {
    data: unknown;
    error: { message: string } | null;
    status: number;
  },
): unknown {
  if (error) throw new Complaint(`${name} answered ${status}: ${error.message}`);
  return data;
}
