import { expect } from "vitest";
import { newAccount, newRole, put } from "../../support/matrix/declaration.ts";
import { answers, type Cases, find, tableCases } from "../support/case.ts";
import { valueOf } from "../support/client.ts";
import { newAgent } from "../support/scene.ts";

const newCapability = async (section: string) => {
  const role = (await newRole()).name;
  await put("role_capabilities", { role, section, action: "view" });
  return { role, section };
};

export const PEOPLE_CASES: Cases = {
  ...tableCases("profiles", { list: "list_users", get: "get_user", update: "update_user" }, {
    by: "admin",
    // One of thousands of accounts: the address newAccount gives it.
    narrow: ({ id }) => ({ email: `${id}@example.com` }),
  }),
  set_user_role: {
    by: "admin",
    args: async () => ({ id: await newAccount(), role: "viewer" }),
    async check(_answer, _scene, args) {
      expect(await find("profiles", args)).toHaveLength(1);
    },
  },
  ...tableCases("roles", { list: "list_roles", get: "get_role" }, { everyone: true }),
  ...tableCases("roles", { create: "create_role", update: "update_role", remove: "delete_role" }, {
    by: "admin",
  }),
  list_role_capabilities: {
    args: () => newCapability("tags").then(({ role }) => ({ role })),
    check(answer, _scene, { role }) {
      expect(valueOf(answer)).toEqual({ rows: [{ role, section: "tags", action: "view" }] });
    },
    everyone: true,
  },
  grant_capability: {
    by: "admin",
    args: async () => ({ ...await newCapability("tags"), action: "edit" }),
    async check(_answer, _scene, args) {
      expect(await find("role_capabilities", args)).toHaveLength(1);
    },
  },
  revoke_capability: {
    by: "admin",
    args: () => newCapability("tags"),
    async check(_answer, _scene, args) {
      expect(await find("role_capabilities", args)).toEqual([]);
    },
  },
  export_account: {
    args: () => ({}),
    check(answer, { owner }) {
      expect(answer.text).toContain(owner.email);
    },
    everyone: true,
  },
  delete_account: {
    by: () => newAgent(),
    args: (_scene, { email }) => ({ email }),
    async check(answer, _scene, { email }) {
      answers({ deleted: true })(answer, _scene, {});
      expect(await find("profiles", { email })).toEqual([]);
    },
  },
};
