import version from "../../../version.json" with { type: "json" };
import { stack } from "../../support/stack.ts";
import { answers, type Cases, tableCases } from "../support/case.ts";

export const RELEASE_CASES: Cases = {
  ...tableCases("app_builds", { list: "list_app_builds", get: "get_app_build" }, {
    everyone: true,
  }),
  ...tableCases("app_builds", {
    create: "publish_app_build",
    update: "update_app_build",
    remove: "delete_app_build",
  }, { by: "admin" }),
  get_version: {
    args: () => ({}),
    check: answers({ name: version.name, version: version.version }),
    everyone: true,
  },
  get_connection: {
    args: () => ({}),
    check: (answer, scene, args) => {
      const { url, issuer, publishable_key } = stack();
      answers({ url, publishable_key, issuer, mcp_url: issuer })(answer, scene, args);
    },
    everyone: true,
  },
};
