// Database sessions that act for a token, as PostgREST's do: for what takes more than one request,
// such as a transaction that stays open.

import { decodeJwt } from "jose";
import postgres from "postgres";
import { onTestFinished } from "vitest";
import { stack } from "./stack.ts";

/** One connection on which every statement runs for the token; closed with the test. */
export async function sessionOf(token: string): Promise<postgres.Sql> {
  const url = new URL(stack().db_url);
  url.username = "authenticator";
  const sql = postgres(url.href, { max: 1, onnotice: () => {} });
  onTestFinished(() => sql.end({ timeout: 1 }));
  const claims = decodeJwt(token);
  await sql`select set_config('request.jwt.claims', ${JSON.stringify(claims)}, false)`;
  await sql`set role ${sql(claims["role"] as string)}`;
  return sql;
}
