// As whom the agent posts.

import { z } from "zod";
import { Complaint } from "../complaint.ts";
import { person } from "../person.ts";
import { readStackInfo, stackFile } from "../stack-info.ts";
import type { AgentConfig } from "./config.ts";
import { post } from "./request.ts";

export interface TokenSource {
  /** A token that is good for at least another minute. */
  token(): Promise<string>;
  /** The token was refused although it had not expired: the next is a new one. */
  forget(): void;
}

const SPARE_MS = 60_000;
const issued = z.object({ access_token: z.string(), expires_in: z.number() });

/** A service account in production; a demo account on the embedded stack. */
export function tokenSource(
  config: Pick<AgentConfig, "project_url" | "credential">,
  environment: Record<string, string | undefined>,
): TokenSource {
  const { credential } = config;
  if ("demo_account" in credential) {
    const stack = readStackInfo(stackFile(environment));
    const signIn = () => person(stack, credential.demo_account);
    let account = signIn();
    return { token: () => account.token(), forget: () => void (account = signIn()) };
  }
  const secret = environment[credential.client_secret_env];
  if (!secret) {
    throw new Complaint(
      `${credential.client_secret_env} is not set: it must hold the client secret of the ` +
        "service account (RPC create_service_client).",
    );
  }
  return serviceToken(`${config.project_url}/functions/v1/mcp/token`, credential.client_id, secret);
}

/** The client_credentials grant (RFC 6749 section 4.4). */
function serviceToken(endpoint: string, clientId: string, secret: string): TokenSource {
  let current: { token: string; until: number } | undefined;
  return {
    async token() {
      if (!current || Date.now() >= current.until) {
        const { access_token, expires_in } = await request(endpoint, clientId, secret);
        current = { token: access_token, until: Date.now() + expires_in * 1000 - SPARE_MS };
      }
      return current.token;
    },
    forget() {
      current = undefined;
    },
  };
}

async function request(endpoint: string, clientId: string, secret: string) {
  // Both are form-encoded before they are joined (RFC 6749 section 2.3.1).
  const basic = [clientId, secret].map(encodeURIComponent).join(":");
  const response = await post(endpoint, {
    headers: { Authorization: `Basic ${btoa(basic)}` },
    body: new URLSearchParams({ grant_type: "client_credentials", scope: "mcp:read mcp:write" }),
  });
  const text = await response.text();
  if (!response.ok) {
    throw new Complaint(`POST ${endpoint} answered ${response.status}: ${text.slice(0, 300)}`);
  }
  return issued.parse(JSON.parse(text));
}
