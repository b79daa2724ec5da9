import { type Cases, tableCases } from "../support/case.ts";

export const SCRIPT_CASES: Cases = tableCases("scripts", {
  list: "list_scripts",
  get: "get_script",
  create: "create_script",
  update: "update_script",
  remove: "delete_script",
});
