import type { PostgrestError } from "@supabase/supabase-js";
import { expect } from "vitest";

interface Reply {
  data: unknown;
  error: PostgrestError | null;
  status: number;
}

/** What a query of supabase-js answers, which has to go well. */
export async function ok<R extends Reply>(
  query: PromiseLike<R>,
): Promise<Extract<R, { error: null }>["data"]> {
  const { data, error, status } = await query;
  expect({ status, error }).toMatchObject({ error: null });
  return data as Extract<R, { error: null }>["data"];
}

/** What a query of supabase-js is refused with, as its caller sees it. */
export async function refused(
  query: PromiseLike<Reply>,
): Promise<{ status: number; code: string; message: string }> {
  const { data, error, status } = await query;
  expect({ data, refused: error !== null }).toEqual({ data: null, refused: true });
  return { status, code: error!.code, message: error!.message };
}
