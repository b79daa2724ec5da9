import type { SupabaseClient } from "@supabase/supabase-js";
import { z } from "zod";
import type { ExportedEntry } from "../../shared/har/export.ts";
import { entryRedactor } from "../../shared/redaction/entries.ts";
import { readPolicy } from "../../shared/redaction/policy.ts";
import { Complaint } from "../complaint.ts";

export interface ExportOptions {
  client: SupabaseClient;
  workspaceId: string;
  deviceUuid?: string;
  /** A filter in its JSON form. With it entries come newest first, without in the order they arrived. */
  filter?: object;
}

const rowSchema = z.object({
  id: z.string(),
  ts: z.string(),
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
  const redact = entryRedactor(
    await readPolicy(options.client, "export", AbortSignal.timeout(TIMEOUT_MS)),
  );
  const pages = options.filter ? filteredPages(options, options.filter) : arrivalPages(options);
  for await (const page of pages) {
    const { deviceUuid } = options;
    const rows = deviceUuid ? page.filter((row) => row.device_uuid === deviceUuid) : page;
    for (const bulk of bulks(rows)) {
      yield* (await payloads(options.client, bulk)).map((entry) => redact(entry));
    }
  }
}

async function* arrivalPages({ client, workspaceId }: ExportOptions): AsyncGenerator<Row[]> {
  let after: string | null = null;
  for (;;) {
    const page: z.infer<typeof changesSchema> = changesSchema.parse(
      await rpc(client, "entries_changes", {
        workspace_id: workspaceId,
        after,
        page_size: PAGE_SIZE,
      }),
    );
    yield page.rows;
    if (!page.more) return;
    after = page.cursor;
  }
}

async function* filteredPages(
  { client, workspaceId }: ExportOptions,
  filter: object,
): AsyncGenerator<Row[]> {
  let last: Row | undefined;
  do {
    const rows = z.array(rowSchema).parse(
      await rpc(client, "entries_filtered_list", {
        workspace_id: workspaceId,
        filter,
        before_ts: last?.ts ?? null,
        before_id: last?.id ?? null,
        page_size: PAGE_SIZE,
      }),
    );
    yield rows;
    last = rows.length === PAGE_SIZE ? rows.at(-1) : undefined;
  } while (last);
}

async function payloads(client: SupabaseClient, ids: string[]): Promise<ExportedEntry[]> {
  return z.array(storedSchema).parse(await rpc(client, "get_entries", { ids }));
}

function* bulks(rows: Row[]): Generator<string[]> {
  let ids: string[] = [];
  let bytes = 0;
  for (const row of rows) {
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

async function rpc(client: SupabaseClient, name: string, args: object): Promise<unknown> {
  const { data, error, status } = await client.rpc(name, args);
  if (error) throw new Complaint(`${name} answered ${status}: ${error.message}`);
  return data;
}
