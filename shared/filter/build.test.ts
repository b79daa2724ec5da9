import { expect, it } from "vitest";
import { and, header, not, or, where } from "./build.ts";
import { FilterError } from "./error.ts";
import { parseFilter } from "./parse.ts";

const NOW = new Date("2026-11-24T12:00:00.000Z");
const HOUR_AGO = new Date("2026-11-24T11:00:00.000Z");

it("makes what the text form says", () => {
  expect(
    and(
      where("host", "glob", "*.example.com"),
      where("status", "gte", 400),
      or(where("method", "eq", "POST"), where("method", "in", ["PUT", "PATCH"])),
      not(where("path", "prefix", "/health")),
      header("authorization", "contains", "Bearer"),
      where("error", "exists", true),
      where("secure", "eq", false),
      where("ts", "gte", HOUR_AGO),
    ),
  ).toEqual(parseFilter(
    "host:*.example.com status>=400 (method:POST or method in (PUT, PATCH)) not path^=/health " +
      "header[authorization]~Bearer has:error secure:false since:1h",
    NOW,
  ));
});

it("refuses what no type can", () => {
  expect(() => where("status", "eq", NaN)).toThrow(FilterError);
  expect(() => where("method", "in", [])).toThrow(FilterError);
  expect(() => header("not a name", "exists", true)).toThrow(FilterError);
});

it("knows which operators and values a field takes", () => {
  // @ts-expect-error A number has no prefix.
  expect(() => where("status", "prefix", 5)).toThrow(FilterError);
  // @ts-expect-error A status is a number.
  expect(() => where("status", "eq", "500")).toThrow(FilterError);
  // @ts-expect-error A list, one value would not do.
  expect(() => where("method", "in", "GET")).toThrow(FilterError);
  // @ts-expect-error There is no such field.
  expect(() => where("size", "gt", 1)).toThrow(FilterError);
});
