import { expect, it } from "vitest";
import { routesSurface } from "../../scripts/contract/functions.ts";
import { ROUTES } from "../../shared/reference/routes.ts";

/** Answered with 405 and the way to go: nothing to document. */
const REFUSED = ["GET /mcp", "DELETE /mcp"];

it("every route that a function answers is in the reference, and no other", async () => {
  const answered = Object.keys((await routesSurface()).provides)
    .filter((route) => !REFUSED.includes(route));
  const declared = ROUTES.map((route) =>
    `${route.method} /${route.function}${route.path === "/" ? "" : route.path}`
  );
  expect(declared.toSorted()).toEqual(answered.toSorted());
});
