import { describe, expect, it } from "vitest";
import { OPERATIONS } from "../operations/registry.ts";
import { searchTools } from "./search.ts";

const ALL = [...OPERATIONS.values()];
const namesFor = (query: string, limit = 8) =>
  searchTools(ALL, { query, limit }).found.map(({ name }) => name);

describe("search_tools", () => {
  it.each([
    ["invite somebody to my workspace", "invite_to_workspace"],
    ["add a colleague", "add_workspace_member"],
    ["who is in this workspace?", "list_workspace_members"],
    ["save this filter", "create_saved_filter"],
    ["hold requests to a URL", "add_request_breakpoint"],
    ["cancel a held request", "breakpoint_abort"],
    ["change the DNS servers of a device", "update_device_settings"],
    ["delete old captures", "clear_entries"],
    ["retention", "update_workspace"],
    ["disconnect an app", "revoke_connection"],
    ["swagger", "export_openapi"],
    ["pair a new phone", "create_pairing_code"],
    ["audit log: who changed a setting", "list_audit_events"],
    ["notify me when errors spike", "create_alert_rule"],
    ["rename a device", "update_device"],
    ["label a request", "tag_entry"],
    ["make somebody an admin", "set_user_role"],
    ["what may a viewer do: permissions", "list_role_capabilities"],
    ["mock a response", "create_script"],
    ["replay a request", "resend_entry"],
    ["subscribe to live events", "list_channels"],
    ["remove a device", "delete_device"],
  ])("finds by what one wants to do: %s", (query, name) => {
    expect(namesFor(query)).toContain(name);
  });

  it.each(["create tag", "list scripts", "delete_role", "get job"])(
    "has the operation that is called so first: %s",
    (query) => {
      expect(namesFor(query)[0]).toBe(query.replaceAll(" ", "_"));
    },
  );

  it("is told nothing and shows the beginning, and says how to go on when nothing fits", () => {
    expect(searchTools(ALL, { query: "", limit: 3 })).toMatchObject({
      found: [{}, {}, {}],
      more: expect.any(Array),
    });
    const nothing = searchTools(ALL, { query: "xyzzy", limit: 3 });
    expect(nothing.found).toEqual([]);
    expect(nothing.advice).toContain(String(ALL.length));
  });
});
