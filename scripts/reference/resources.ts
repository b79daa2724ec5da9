import { readFile } from "node:fs/promises";
import { ANSWER_LIMIT } from "../../shared/operations/answer.ts";
import { Complaint } from "../complaint.ts";
import { formatted } from "../formatted.ts";
import { root } from "../tools.ts";

const SECTION = /^## You write a program[\s\S]*?(?=^## )/m;
const ROW = /^\| \[[^\]]+\]\(([\w-]+)\.md\) +\| (.+?) +\|$/gm;

/**
 * shared/mcp/pages.ts: the pages that docs/README.md lists for integrators and that an agent can read at
 * once. A function carries them along, as it has no files of ours at hand. Pages that were made in the
 * same run are handed in.
 */
export async function pagesModule(made: Readonly<Record<string, string>>): Promise<string> {
  const textOf = async (page: string) => made[page] ?? await readFile(`${root}/${page}`, "utf8");
  const index = await readFile(`${root}/docs/README.md`, "utf8");
  const listed = [...(SECTION.exec(index)?.[0] ?? "").matchAll(ROW)]
    .map(([, name, description]) => ({ name: name!, description: description! }));
  if (listed.length === 0) throw new Complaint("docs/README.md lists no pages for integrators");
  const read = await Promise.all(listed.map(async (page) => ({
    ...page,
    text: await textOf(`docs/${page.name}.md`),
  })));
  // Without the first line of a page that is made as a whole.
  const short = read.map((page) => ({ ...page, text: page.text.replace(/^<!--.*-->\n/, "") }))
    .filter(({ text }) => text.length <= ANSWER_LIMIT);
  const names = new Set(short.map(({ name }) => name));
  const pages = Object.fromEntries(short.map(({ name, description, text }) => [name, {
    title: /^# (.+)$/m.exec(text)?.[1],
    description,
    text: linked(text, names),
  }]));
  return await formatted(
    "// Generated from docs/ by: npm run reference\n\n" +
      "/** Pages of the documentation, as resources of the MCP server. */\n" +
      "export const PAGES: Record<string, { title: string; description: string; text: string }> = " +
      `${JSON.stringify(pages, null, 2)};\n`,
    "ts",
  );
}

/** Links between pages that are resources lead to resources. */
function linked(text: string, names: ReadonlySet<string>): string {
  return text.replace(
    /\]\(([\w-]+)\.md(?:#[\w-]+)?\)/g,
    (link, name: string) => names.has(name) ? `](busymate://docs/${name})` : link,
  );
}
