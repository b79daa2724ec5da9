// What must be true of every installation, whoever runs it and wherever.

import { decodeJwt, decodeProtectedHeader } from "jose";
import { randomUUID } from "node:crypto";
import { z } from "zod";
import version from "../../version.json" with { type: "json" };
import type { Check } from "../checks.ts";
import { releasedContract } from "../contract/contract.ts";
import { declaredFunctions } from "../deploy/functions.ts";
import { root } from "../tools.ts";
import { joinChannel } from "./realtime.ts";
import { ask, connectionOf, type Target } from "./target.ts";

function demand(condition: boolean, otherwise: string): asserts condition {
  if (!condition) throw new Error(otherwise);
}

const Version = z.looseObject({ version: z.string(), build: z.int() });
const KeySet = z.object({ keys: z.array(z.looseObject({ kid: z.string(), alg: z.string() })) });
const Status = z.looseObject({ overall: z.string() });
const Metadata = z.looseObject({ issuer: z.string(), jwks_uri: z.url() });

const readKeys = async ({ url }: Target) =>
  KeySet.parse(await (await ask(`${url}/auth/v1/.well-known/jwks.json`)).json()).keys;

function keyOf({ publishableKey }: Target): string {
  demand(publishableKey !== undefined, "the publishable key is not known");
  return publishableKey;
}

const withKey = (target: Target, headers: Record<string, string> = {}) => ({
  headers: { apikey: keyOf(target), ...headers },
});

/** What needs nobody's token. */
export const PUBLIC_CHECKS: readonly Check<Target>[] = [
  {
    name: "connection",
    remedy: "npm run deploy; without it neither this nor any client knows the publishable key",
    look: async (target) => (await connectionOf(target)).url,
  },
  {
    name: "version",
    remedy: "npm run deploy brings what this working copy has",
    async look({ url }) {
      const deployed = Version.parse(await (await ask(`${url}/functions/v1/api/version`)).json());
      const seen = `${deployed.version} build ${deployed.build}`;
      demand(
        deployed.version === version.version && deployed.build === version.build,
        `${seen} is deployed, this is ${version.version} build ${version.build}`,
      );
      return seen;
    },
  },
  {
    name: "functions",
    remedy: "npm run deploy; the function's log says why it does not start",
    async look({ url }) {
      const functions = declaredFunctions(root);
      for (const { slug } of functions) {
        const response = await ask(`${url}/functions/v1/${slug}`, { method: "OPTIONS" });
        demand(response.status < 500, `${slug} answers ${response.status}`);
        const own = (await ask(`${url}/functions/v1/${slug}/nothing-is-here`)).headers;
        // The platform answers for a function that is not there, without an id of ours.
        demand(own.has("x-request-id"), `${slug} is not deployed`);
      }
      return functions.map(({ slug }) => slug).join(", ");
    },
  },
  {
    name: "signing keys",
    remedy: "import the ES256 key and rotate to it (docs/deploy.md, Keys)",
    async look(target) {
      const keys = await readKeys(target);
      const usable = keys.filter(({ alg }) => alg === "ES256");
      demand(usable.length > 0, "the key set holds no ES256 key");
      return `${usable.length} for ES256`;
    },
  },
  {
    name: "REST refuses a forged token",
    remedy: "PostgREST must know the project's key set; see the project's JWT settings",
    async look(target) {
      const forged = "eyJhbGciOiJFUzI1NiIsInR5cCI6IkpXVCJ9.eyJyb2xlIjoic2VydmljZV9yb2xlIn0.AAAA";
      const { status } = await ask(
        `${target.url}/rest/v1/profiles`,
        withKey(target, { Authorization: `Bearer ${forged}` }),
      );
      demand(status === 401, `it answers ${status}`);
      return "401";
    },
  },
  {
    name: "tables are closed",
    remedy: "npm run deploy applies the migrations, which take every right from anon",
    async look(target) {
      const tables = new Set(
        Object.keys(releasedContract(root).get("tables")!.provides)
          .map((fact) => fact.split(" ").at(-1)!.split(".")[0]!),
      );
      for (const table of tables) {
        const { status } = await ask(`${target.url}/rest/v1/${table}?limit=1`, withKey(target));
        demand(status === 401 || status === 403, `${table} answers ${status} to anybody`);
      }
      return `${tables.size} tables answer nobody without a token`;
    },
  },
  {
    name: "internal RPCs are closed",
    remedy: "npm run deploy; the schema internal is for service_role alone",
    async look(target) {
      const { status } = await ask(`${target.url}/rest/v1/rpc/public_status`, {
        method: "POST",
        ...withKey(target, { "Content-Profile": "internal", "Content-Type": "application/json" }),
        body: "{}",
      });
      demand(status === 401 || status === 403, `it answers ${status} to anybody`);
      return `${status}`;
    },
  },
  {
    name: "database behind functions",
    remedy: "the secret key and the exposed schemas: docs/deploy.md, API settings",
    async look({ url }) {
      const response = await ask(`${url}/functions/v1/api/status`);
      demand(response.ok, `api/status answers ${response.status}`);
      return `status ${Status.parse(await response.json()).overall}`;
    },
  },
  {
    name: "OAuth discovery",
    remedy: "BUSYMATE_ISSUER must be <url>/functions/v1/mcp, as clients reach it",
    async look({ url, issuer }) {
      const address = `${issuer}/.well-known/oauth-authorization-server`;
      const metadata = Metadata.parse(await (await ask(address)).json());
      demand(metadata.issuer === issuer, `it names the issuer ${metadata.issuer}`);
      demand(
        metadata.jwks_uri.startsWith(`${url}/auth/v1/`),
        `its keys are at ${metadata.jwks_uri}`,
      );
      return issuer;
    },
  },
  {
    name: "MCP points to its metadata",
    remedy: "npm run deploy -- and nothing may stand in front of the function mcp",
    async look({ issuer }) {
      const response = await ask(issuer, {
        method: "POST",
        headers: { "Content-Type": "application/json" },
        body: '{"jsonrpc":"2.0","id":1,"method":"ping"}',
      });
      const challenge = response.headers.get("www-authenticate") ?? "";
      demand(response.status === 401, `it answers ${response.status} without a token`);
      demand(
        challenge.includes("resource_metadata="),
        "its 401 does not say where the metadata is",
      );
      return "401 with resource_metadata";
    },
  },
  {
    name: "Realtime is closed",
    remedy: "only private channels may be allowed: docs/deploy.md, Realtime settings",
    async look(target) {
      const { status } = await joinChannel(target.url, keyOf(target), `ws:${randomUUID()}`);
      demand(status === "error", `anybody joins a workspace's channel (${status})`);
      return "a workspace's channel refuses strangers";
    },
  },
];

/** What a person with a token must be able to do. */
export const SIGNED_IN_CHECKS: readonly Check<Target>[] = [
  {
    name: "token",
    remedy: "BUSYMATE_SIGNING_KEY must be the key that the project signs with",
    async look(target) {
      const token = await target.token!();
      const { kid } = decodeProtectedHeader(token);
      const known = (await readKeys(target)).some((key) => key.kid === kid);
      demand(known, `the key set does not hold its key ${kid}`);
      demand(decodeJwt(token).iss === target.issuer, "it is another issuer's");
      return `signed with ${kid}`;
    },
  },
  {
    name: "REST with the token",
    remedy: "the token must be live (an hour), and pgrst.db_pre_request set: npm run deploy",
    async look(target) {
      const token = await target.token!();
      const response = await ask(
        `${target.url}/rest/v1/profiles?select=id,role&id=eq.${decodeJwt(token).sub}`,
        withKey(target, { Authorization: `Bearer ${token}` }),
      );
      demand(response.ok, `it answers ${response.status}`);
      const rows = z.array(z.looseObject({ role: z.string() })).parse(await response.json());
      demand(rows.length === 1, "it shows no profile");
      return `role ${rows[0]!.role}`;
    },
  },
  {
    name: "Realtime with the token",
    remedy: "npm run deploy; the policies on realtime.messages decide who joins",
    async look(target) {
      const token = await target.token!();
      const topic = `user:${decodeJwt(token).sub}`;
      const { status, response } = await joinChannel(target.url, keyOf(target), topic, token);
      demand(status === "ok", `it refuses ${topic}: ${response.reason ?? status}`);
      return "joins its own channel";
    },
  },
];
