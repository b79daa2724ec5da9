import { readdirSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { ROUTES } from "./routes.ts";

/** What each function's source registers with Hono; paths that are constants are named in routes.ts. */
describe("the declared routes", () => {
  it("cover every function", () => {
    const functions = readdirSync(new URL("../../functions", import.meta.url));
    expect([...new Set(ROUTES.map((route) => route.function))].sort()).toEqual(functions.sort());
  });

  it("are declared once each", () => {
    const names = ROUTES.map((route) => `${route.method} ${route.function}${route.path}`);
    expect(names.filter((name, index) => names.indexOf(name) !== index)).toEqual([]);
  });
});
