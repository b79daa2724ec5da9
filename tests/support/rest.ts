// PostgREST as an integrator speaks to it, with its answer taken apart.

import { call } from "./world.ts";

export interface Answer<T = unknown> {
  status: number;
  body: T;
  headers: Headers;
}

export type Method = "GET" | "POST" | "PATCH" | "DELETE";

/** A request to /rest/v1; what was changed comes back as it is now. */
export async function rest<T = unknown>(
  token: string | null,
  method: Method,
  path: string,
  body?: unknown,
  headers: Record<string, string> = {},
): Promise<Answer<T>> {
  const response = await call(`/rest/v1/${path}`, token, {
    method,
    headers: { ...(method === "GET" ? {} : { Prefer: "return=representation" }), ...headers },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  return {
    status: response.status,
    body: (text === "" ? null : JSON.parse(text)) as T,
    headers: response.headers,
  };
}

/** Calls a function of the database. */
export function rpc<T = unknown>(
  token: string | null,
  name: string,
  args: Record<string, unknown> = {},
): Promise<Answer<T>> {
  return rest<T>(token, "POST", `rpc/${name}`, args);
}

/** The rows of an answer that must be one. */
export function rowsOf<T = Record<string, unknown>>(answer: Answer): T[] {
  if (answer.status >= 300) {
    throw new Error(`PostgREST answered ${answer.status}: ${JSON.stringify(answer.body)}`);
  }
  return answer.body as T[];
}
