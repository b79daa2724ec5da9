import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { findRoute, type Upstreams } from "./routes.ts";

const upstreams: Upstreams = {
  rest: 1,
  auth: 2,
  realtime: 3,
  functions: new Map([
    ["api", { slug: "api", verifyJwt: false, port: 4 }],
    ["locked", { slug: "locked", verifyJwt: true, port: 5 }],
    ["mcp", { slug: "mcp", verifyJwt: false, port: 6 }],
  ]),
  rootWellKnown: true,
};
const route = (url: string) => findRoute(url, upstreams);

describe("findRoute", () => {
  it("strips the prefixes of a hosted project, and leaves a function its name", () => {
    expect(route("/rest/v1/entries?select=id")).toMatchObject({
      port: 1,
      path: "/entries?select=id",
    });
    expect(route("/auth/v1/token?grant_type=password")).toMatchObject({
      port: 2,
      path: "/token?grant_type=password",
    });
    expect(route("/realtime/v1/api/broadcast")).toMatchObject({ port: 3, path: "/api/broadcast" });
    expect(route("/functions/v1/api/version")).toMatchObject({ port: 4, path: "/api/version" });
    expect(route("/functions/v1/locked")).toMatchObject({ path: "/locked", verifyJwt: true });
    expect(route("/api/version?x=1")).toMatchObject({ port: 4, path: "/api/version?x=1" });
  });

  it("reaches a part only by its whole prefix", () => {
    for (const url of ["/rest/v10/x", "/rest/v1x", "/REST/v1/x", "/api/versions", "/api"]) {
      expect(route(url)).toEqual({ to: "web", path: url });
    }
  });

  it("keeps everything of a path behind the prefix", () => {
    const segments = fc.array(fc.stringMatching(/^[\w.%~:@-]*$/), { minLength: 1 });
    fc.assert(fc.property(segments, (names) => {
      const path = `/${names.join("/")}`;
      expect(route(`/rest/v1${path}`)).toMatchObject({ port: 1, path });
    }));
  });

  it("hides the key in the query from PostgREST and leaves it to Realtime", () => {
    expect(route("/rest/v1/t?apikey=k")).toMatchObject({ path: "/t" });
    expect(route("/rest/v1/t?a=eq.1&apikey=k&b=eq.2%26")).toMatchObject({
      path: "/t?a=eq.1&b=eq.2%26",
    });
    expect(route("/realtime/v1/websocket?apikey=k&vsn=2.0.0")).toMatchObject({
      pathWithKey: "/websocket?apikey=k&vsn=2.0.0",
    });
  });

  it("asks no key for the key set and for nothing else", () => {
    expect(route("/auth/v1/.well-known/jwks.json")).toMatchObject({ open: true });
    expect(route("/auth/v1/.well-known/jwks.json/..")).toMatchObject({ open: false });
    expect(route("/rest/v1/.well-known/jwks.json")).toMatchObject({ open: false });
  });

  it("finds the authorization server's documents at the root, with and without its path", () => {
    for (
      const name of [
        "oauth-protected-resource",
        "oauth-authorization-server",
        "openid-configuration",
      ]
    ) {
      const found = { port: 6, path: `/mcp/.well-known/${name}` };
      for (const path of [`/.well-known/${name}`, `/.well-known/${name}/functions/v1/mcp`]) {
        expect(route(path)).toMatchObject(found);
        expect(route(`${path}?x=1`)).toMatchObject({ ...found, path: `${found.path}?x=1` });
        expect(findRoute(path, { ...upstreams, rootWellKnown: false })).toEqual({
          to: "nowhere",
          what: path,
        });
      }
      for (const other of ["/functions/v1/api", "/auth/v1", "x", "/functions/v1/mcp/x"]) {
        expect(route(`/.well-known/${name}${other}`)).toMatchObject({ to: "nowhere" });
      }
    }
  });

  it("knows no function that is not declared", () => {
    for (const url of ["/functions/v1/none", "/functions/v1", "/functions/v1/", "/.well-known/x"]) {
      expect(route(url)).toMatchObject({ to: "nowhere" });
    }
  });
});
