// From a demo account to the token that opens REST, Realtime and MCP, the way the dashboard goes.

import { z } from "zod";
import { Complaint } from "./complaint.ts";
import type { StackInfo } from "./stack-info.ts";

const Session = z.object({ access_token: z.string() });
const AccessToken = z.object({
  access_token: z.string(),
  token_type: z.string(),
  expires_in: z.number(),
  scope: z.string(),
});

export type AccessToken = z.infer<typeof AccessToken>;

/** Signs a demo account in. A session is no credential for data; it is what consent is given with. */
export async function sessionOf(stack: StackInfo, email: string): Promise<string> {
  const account = stack.users.find((user) => user.email === email.toLowerCase());
  if (account === undefined) {
    const known = stack.users.map((user) => user.email).join(", ");
    throw new Complaint(`There is no demo account "${email}". There are: ${known}`);
  }
  const session = await post(`${stack.url}/auth/v1/token?grant_type=password`, Session, {
    headers: { apikey: stack.publishable_key, "Content-Type": "application/json" },
    body: JSON.stringify({ email: account.email, password: account.password }),
  });
  return session.access_token;
}

/** Exchanges a session for an access token. The session stays open: signing out would revoke the token. */
export async function accessTokenFor(stack: StackInfo, email: string): Promise<AccessToken> {
  const session = await sessionOf(stack, email);
  return await post(`${stack.issuer}/first-party-token`, AccessToken, {
    headers: { apikey: stack.publishable_key, Authorization: `Bearer ${session}` },
  });
}

async function post<T>(url: string, shape: z.ZodType<T>, init: RequestInit): Promise<T> {
  let response: Response;
  try {
    response = await fetch(url, { ...init, method: "POST" });
  } catch (error) {
    const cause = error instanceof Error ? error.cause ?? error : error;
    throw new Complaint(
      `Nothing answers at ${new URL(url).origin} (${
        reason(cause)
      }). Is the stack running? npm start`,
    );
  }
  const text = await response.text();
  if (!response.ok) {
    throw new Complaint(`POST ${url} answered ${response.status}: ${text.slice(0, 300)}`);
  }
  const parsed = z.string().transform(parseJson).pipe(shape).safeParse(text);
  if (!parsed.success) {
    const fault = parsed.error.issues[0];
    const where = fault?.path.join(".") || "the body";
    throw new Complaint(`POST ${url} answered what no stack answers: ${where}: ${fault?.message}`);
  }
  return parsed.data;
}

function parseJson(text: string, context: z.RefinementCtx): unknown {
  try {
    return JSON.parse(text);
  } catch {
    context.addIssue({ code: "custom", message: "not JSON" });
    return z.NEVER;
  }
}

function reason(cause: unknown): string {
  if (!(cause instanceof Error)) return String(cause);
  return "code" in cause && typeof cause.code === "string" ? cause.code : cause.message;
}
