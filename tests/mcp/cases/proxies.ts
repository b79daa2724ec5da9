import { type Cases, tableCases } from "../support/case.ts";

export const PROXY_CASES: Cases = tableCases("upstream_proxies", {
  list: "list_upstream_proxies",
  get: "get_upstream_proxy",
  create: "create_upstream_proxy",
  update: "update_upstream_proxy",
  remove: "delete_upstream_proxy",
});
