import { describe, expect, it } from "vitest";
import { presentedToken } from "./credential.ts";

describe("presentedToken", () => {
  it.each([
    [{}, { kind: "none" }],
    [{ authorization: "Bearer a.b.c" }, { kind: "token", token: "a.b.c" }],
    [{ authorization: "bearer a.b.c" }, { kind: "token", token: "a.b.c" }],
    [{ apikey: "a.b.c" }, { kind: "token", token: "a.b.c" }],
    [{ apikey: "sb_publishable_x" }, { kind: "none" }],
    [{ authorization: "Basic a.b.c", apikey: "d.e.f" }, { kind: "malformed" }],
    [{ authorization: "Bearer ", apikey: "d.e.f" }, { kind: "malformed" }],
    [{ authorization: "Bearer a.b.c, Bearer d.e.f" }, { kind: "malformed" }],
    [{ authorization: "Bearer a.b.c", apikey: "d.e.f" }, { kind: "token", token: "a.b.c" }],
  ])("reads %j as %j", (headers, presented) => {
    expect(presentedToken(new Headers(headers as Record<string, string>))).toEqual(presented);
  });
});
