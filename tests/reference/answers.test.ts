// The comparison that the examples rely on: it must be able to say no.

import { expect, it } from "vitest";
import { differenceOf } from "./support/answers.ts";

const json = (code: string) => ({ language: "json", code });
const text = (code: string) => ({ language: "text", code });

it.each([
  [json('{"a": 1, "b": "…"}'), '{"a": 1, "b": [2]}'],
  [json('{"a": 1, "…": "…"}'), '{"a": 1, "b": 2}'],
  [json('[{"id": "bmt_…"}]'), '[{"id": "bmt_x.y"}]'],
  [json("null"), "null"],
  [text("200\nhttp://x/?a=…&b"), "200\nhttp://x/?a=1&b\n"],
])("%o is what %s shows", (shown, answer) => {
  expect(differenceOf(shown, answer)).toBeUndefined();
});

it.each([
  [json('{"a": 1}'), '{"a": 2}', ".a is 2"],
  [json('{"a": 1}'), '{"a": 1, "b": 2}', ".b is not shown"],
  [json('{"a": 1, "…": "…"}'), '{"b": 2}', ".a is missing"],
  [json('{"a": "x…"}'), '{"a": "y"}', '.a is "y"'],
  [json('["a"]'), '["a", "b"]', ".1 is not shown"],
  [json("{}"), "[]", "the whole is []"],
  [json("null"), "{}", "the whole is {}"],
  [json("{}"), "no", "not JSON"],
  [text("200"), "201", "not\n200"],
  [text("a…b"), "a\nb", "not\na…b"],
  [text("a.b"), "axb", "not\na.b"],
])("%o is not %s", (shown, answer, difference) => {
  expect(differenceOf(shown, answer)).toBe(difference);
});
