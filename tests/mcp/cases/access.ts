import { expect } from "vitest";
import { MATRIX } from "../../support/matrix.ts";
import { connect, newClient } from "../../support/oauth.ts";
import { answers, type Cases, find, tableCases } from "../support/case.ts";
import { valueOf } from "../support/client.ts";
import { decodeJwt } from "jose";

/** A token of an app that a person connected. */
async function connectedApp(person: { sessionToken: string }) {
  const { access_token } = await connect(person, await newClient());
  const { jti, session_id, client_id } = decodeJwt(access_token);
  return { jti, grant_id: session_id, client_id } as Record<string, string>;
}

export const ACCESS_CASES: Cases = {
  whoami: {
    args: () => ({}),
    check: answers(({ owner }) => ({
      profile: { id: owner.id, email: owner.email },
      role: "member",
      admin: false,
      capabilities: { devices: "edit", secrets: "view" },
    })),
    everyone: true,
  },
  ...tableCases("api_tokens", { list: "list_tokens", get: "get_token" }),
  revoke_token: {
    args: async ({ owner }) => ({ jti: (await connectedApp(owner))["jti"] }),
    async check(_answer, _scene, { jti }) {
      expect(await find("api_tokens", { jti, revoked_at: null })).toEqual([]);
    },
  },
  list_connections: {
    async args({ owner }) {
      await connectedApp(owner);
      return {};
    },
    check(answer) {
      const { rows } = valueOf<{ rows: { label: string }[] }>(answer);
      expect(rows.map(({ label }) => label)).toContain("oauth");
    },
    everyone: true,
  },
  revoke_connection: {
    args: async ({ owner }) => ({ grant_id: (await connectedApp(owner))["grant_id"] }),
    async check(_answer, { owner }, { grant_id }) {
      const rows = valueOf<{ rows: { grant_id: string }[] }>(
        await owner.mcp.succeed("list_connections"),
      ).rows;
      expect(rows.map((row) => row.grant_id)).not.toContain(grant_id);
    },
  },
  ...tableCases("service_accounts", {
    list: "list_service_accounts",
    get: "get_service_account",
    create: "create_service_account",
    update: "update_service_account",
    remove: "delete_service_account",
  }, { by: "admin" }),
  create_service_client: {
    by: "admin",
    args: async (scene) => ({
      service_account_id: (await MATRIX["service_accounts"]!.row(scene))["id"],
    }),
    check: answers({
      client_id: expect.any(String),
      client_secret: expect.stringMatching(/^bms_/),
    }),
  },
};
