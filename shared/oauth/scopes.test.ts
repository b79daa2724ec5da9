import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { BASELINE, parseScopes, requestedScopes, SCOPES, usableScopes } from "./scopes.ts";

const all = Object.keys(SCOPES);

describe("scopes", () => {
  it("are written in one order, once each", () => {
    const some = fc.array(fc.constantFrom(...all), { maxLength: 8 });
    fc.assert(fc.property(some, (names) => {
      expect(parseScopes(names.join(" "))).toEqual(all.filter((name) => names.includes(name)));
    }));
  });

  it("include the halves of mcp, and do without offline_access", () => {
    expect(parseScopes("mcp")).toEqual(["mcp:read", "mcp:write"]);
    expect(parseScopes("secrets mcp mcp:read offline_access"))
      .toEqual(["mcp:read", "mcp:write", "secrets"]);
    expect(parseScopes("offline_access")).toEqual([]);
  });

  it.each(["mcp:admin", "MCP", "mcp:read,mcp:write", "openid", "mcp:read\tadmin", "*"])(
    "do not include %j",
    (text) => {
      expect(parseScopes(text)).toBeUndefined();
      expect(requestedScopes(`mcp:read ${text}`)).toBeUndefined();
    },
  );

  it("are the baseline when none is named", () => {
    for (const text of [undefined, "", " ", "offline_access"]) {
      expect(requestedScopes(text)).toEqual(BASELINE);
    }
  });

  it("are offered only to whom they are of use", () => {
    const scopes = parseScopes(all.join(" "))!;
    expect(usableScopes(scopes, { isAdmin: false, seesSecrets: false })).toEqual(BASELINE);
    expect(usableScopes(scopes, { isAdmin: true, seesSecrets: true })).toEqual(scopes);
  });
});
