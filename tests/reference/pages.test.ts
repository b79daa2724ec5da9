// What the pages say of each other and of the code is so.

import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { describe, expect, it } from "vitest";
import { RATES } from "../../scripts/reference/limits.ts";
import { READ_BY } from "../../scripts/reference/secrets.ts";
import { OAUTH_CODE } from "../../shared/oauth/errors.ts";
import { SCOPES } from "../../shared/oauth/scopes.ts";
import { PAGES } from "./support/pages.ts";

const textOf = (page: string) => readFileSync(page, "utf8");

/** Where GitHub's and most other renderers put a heading. */
function anchorsOf(page: string): string[] {
  const headings = textOf(page).replaceAll(/^```[\s\S]*?^```$/gm, "").matchAll(/^#+ (.+)$/gm);
  return [...headings].map(([, heading]) =>
    heading!.toLowerCase().replaceAll(/[^\p{L}\p{N} _-]/gu, "").replaceAll(" ", "-")
  );
}

describe("a link", () => {
  it.each(PAGES)("of %s leads to a file, and to a heading in it", (page) => {
    const links = [...textOf(page).matchAll(/\]\((?!https?:)([^)#]*)(?:#([^)]*))?\)/g)];
    for (const [link, file, anchor] of links) {
      const target = file === "" ? page : join(dirname(page), file!);
      expect({ link, exists: existsSync(target) }).toEqual({ link, exists: true });
      const found = !anchor || anchorsOf(target).includes(anchor);
      expect({ link, found }).toEqual({ link, found: true });
    }
  });
});

it("the index names every file of docs/", () => {
  const index = textOf("docs/README.md");
  const missing = readdirSync("docs").filter((name) =>
    name !== "README.md" && !index.includes(`(${name}`) && !name.endsWith(".json")
  );
  expect(missing).toEqual([]);
});

it("every command that a page names is there", () => {
  const { scripts } = JSON.parse(textOf("package.json"));
  const named = PAGES.flatMap((
    page,
  ) => [...textOf(page).matchAll(/npm run (?:-s |--silent )?([\w:-]+)/g)]);
  expect(named.length).toBeGreaterThan(30);
  expect(named.map(([, name]) => name).filter((name) => !(name! in scripts))).toEqual([]);
  const pages = PAGES.map(textOf).join("\n");
  const told = (name: string) => new RegExp(`npm (?:run )?${name}(?![\\w:-])`).test(pages);
  expect(Object.keys(scripts).filter((name) => !told(name))).toEqual([]);
});

it("every rate limit of the functions is in the table", () => {
  const declared = readdirSync("shared", { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".ts") && !name.endsWith(".test.ts"))
    .flatMap((name) =>
      [
        ...textOf(join("shared", name)).matchAll(
          /: Limit = \{ bucket: "([\w-]+)"|= perMinute\("([\w-]+)"/g,
        ),
      ]
        .map(([, whole, short]) => whole ?? short)
    );
  expect(declared.length).toBeGreaterThan(10);
  expect(RATES.map(({ limit }) => limit.bucket).toSorted()).toEqual(declared.toSorted());
});

it("the table of secrets says what each function's entry point reads", async () => {
  const read = readdirSync("functions").map(async (slug) => {
    const entrypoint = textOf(join("functions", slug, "index.ts"));
    const [, name] = /readConfig\(Deno\.env\.toObject\(\), (\w+)\)/.exec(entrypoint)!;
    const [, file] = new RegExp(`import \\{[^}]*\\b${name}\\b[^}]*\\} from "([^"]+)"`)
      .exec(entrypoint)!;
    const module = await import(new URL(file!, `file://${resolve("functions", slug)}/`).href);
    return [slug, module[name!]];
  });
  expect(READ_BY).toEqual(Object.fromEntries(await Promise.all(read)));
});

it("every scope and error of OAuth is on its page", () => {
  const page = textOf("docs/oauth.md");
  const rows = page.split("\n").filter((line) => line.startsWith("|")).join("\n");
  const codes = [...new Set(Object.values(OAUTH_CODE)), "invalid_request"];
  for (const name of [...Object.keys(SCOPES), ...codes]) expect(rows).toContain(`\`${name}\``);
});
