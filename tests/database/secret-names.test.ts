// Which names carry secrets is written down twice, in SQL and in TypeScript; both must say the same.

import { describe, expect, it } from "vitest";
import { isSecretName } from "../../shared/redaction/names.ts";
import { database } from "../support/world.ts";

const WORDS = [
  ..."authorization cookie set-cookie set-cookie2 token secret password passwd pwd apikey".split(
    " ",
  ),
  ..."api-key api_key access-key access_key private-key session sessionid sid csrf xsrf".split(" "),
  ..."signature credential jwt otp pin key code page id auth user side spin opt pins".split(" "),
];
const SHAPES: ((word: string) => string)[] = [
  (word) => word,
  (word) => word.toUpperCase(),
  (word) => `${word}s`,
  (word) => `x-${word}`,
  (word) => `x_${word}_value`,
  (word) => `a.${word}.b`,
  (word) => `my ${word}`,
  (word) => `access${word}`,
  (word) => `${word}er`,
  (word) => `x${word[0]!.toUpperCase()}${word.slice(1)}`,
  (word) => `[${word}]`,
  (word) => `${word}\n`,
  (word) => `ü-${word}-é`,
];

describe("secret names", () => {
  it("are the same to the database and to functions", async () => {
    const names = ["", ...WORDS.flatMap((word) => SHAPES.map((shape) => shape(word)))];
    const rows = await database()<{ name: string; secret: boolean }[]>`
      select name, private.is_secret_name(name) as secret from unnest(${names}::text[]) as name`;
    expect(rows).toHaveLength(names.length);
    const differing = rows.filter(({ name, secret }) => isSecretName(name) !== secret);
    expect(differing).toEqual([]);
    const verdicts = new Set(rows.map(({ secret }) => secret));
    expect(verdicts.size).toBe(2);
  });
});
