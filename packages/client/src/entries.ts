import type { SupabaseClient } from "@supabase/supabase-js";
import { type Filter, readsPayloads } from "../../../shared/filter/ast.ts";
import { parseFilter } from "../../../shared/filter/parse.ts";
import type { Database } from "./database.ts";
import { BusymateError } from "./error.ts";

type Functions = Database["public"]["Functions"];

/** An entry as lists show it: everything but headers and bodies, which `get_entry` reads. */
export type Entry = Functions["entries_filtered_list"]["Returns"][number];

export interface EntriesQuery {
  /** All that one may see unless told. */
  workspaceId?: string;
  /** The text form or its tree. One that names headers or bodies searches, which takes longer. */
  filter?: string | Filter;
  /** How many to ask for at once, 1 to 500. */
  pageSize?: number;
}

/** Where the next page begins. */
interface Cursor {
  ts: string;
  id: string;
}

/** `next` is undefined after the last page. */
interface Page {
  rows: Entry[];
  next: Cursor | undefined;
}

type PageArguments = Functions["entries_filtered_list"]["Args"] & { page_size: number };

/** Entries newest first, as many as are taken; the next page is asked for when it is needed. */
export async function* listEntries(
  supabase: SupabaseClient<Database>,
  { workspaceId, filter = {}, pageSize = 100 }: EntriesQuery,
): AsyncGenerator<Entry, void> {
  // Read once: "since:1h" must mean the same hour on every page.
  const tree = typeof filter === "string" ? parseFilter(filter) : filter;
  const read = readsPayloads(tree) ? searchPage : listPage;
  let before: Cursor | undefined;
  do {
    const { rows, next } = await read(supabase, {
      filter: tree,
      page_size: pageSize,
      ...(workspaceId !== undefined && { workspace_id: workspaceId }),
      ...(before && { before_ts: before.ts, before_id: before.id }),
    });
    yield* rows;
    before = next;
  } while (before);
}

async function listPage(
  supabase: SupabaseClient<Database>,
  args: PageArguments,
): Promise<Page> {
  const rows = answered(await supabase.rpc("entries_filtered_list", args));
  return { rows, next: rows.length === args.page_size ? rows.at(-1) : undefined };
}

/** One call examines a bounded number of entries: a page may be empty and not the last. */
async function searchPage(
  supabase: SupabaseClient<Database>,
  args: PageArguments,
): Promise<Page> {
  const { rows, scanned_to, complete } = answered(
    await supabase.rpc("entries_search", args),
  ) as unknown as { rows: Entry[]; scanned_to: Cursor | null; complete: boolean };
  return { rows, next: complete ? undefined : scanned_to ?? undefined };
}

function answered<Data>(
  { data, error, status }: {
    data: Data;
    error: { message: string; code: string; details: string } | null;
    status: number;
  },
): NonNullable<Data> {
  if (error) {
    const { message, code, details } = error;
    throw new BusymateError(message, { code, status, details });
  }
  return data!;
}
