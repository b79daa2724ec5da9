import type { PostgrestError } from "@supabase/supabase-js";
import { expect } from "vitest";

interface Reply<T> {
  data: T | null;
  error: PostgrestError | null;
  status: number;
}

/** What a query of supabase-js answers, which has to go well. */
export async function ok<T>(query: PromiseLike<Reply<T>>): Promise<T> {
  const { data, error, status } = await query;
  expect({ status, error }).toMatchObject({ error: null });
  return data as T;
}

/** What a query of supabase-js is refused with, as its caller sees it. */
export async function refused(
  query: PromiseLike<Reply<unknown>>,
): Promise<{ status: number; code: string; message: string }> {
  const { data, error, status } = await query;
  expect({ data, refused: error !== null }).toEqual({ data: null, refused: true });
  return { status, code: error!.code, message: error!.message };
}
