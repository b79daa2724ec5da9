import { readFile } from "node:fs/promises";
import { readdirSync } from "node:fs";

/** The README and every page of docs/. */
export const PAGES = [
  "README.md",
  ...readdirSync("docs").filter((name) => name.endsWith(".md")).map((name) => `docs/${name}`),
];

export interface Block {
  readonly page: string;
  /** The last heading above it. */
  readonly section: string;
  readonly language: string;
  readonly code: string;
  /** What the page shows as the answer: a block of JSON or text with nothing in between. */
  readonly answer?: { readonly language: string; readonly code: string };
}

const FENCE = /^( *)```(\w*)\n([\s\S]*?)^\1```\n/gm;
const HEADING = /^#+ (.+)$/gm;

/** The code blocks of a page; those that are answers stand with their questions. */
export async function blocksOf(page: string): Promise<Block[]> {
  const text = await readFile(page, "utf8");
  const headings = [...text.matchAll(HEADING)];
  const fences = [...text.matchAll(FENCE)].map((match) => ({
    page,
    section: headings.findLast(({ index }) => index < match.index)?.[1] ?? "",
    language: match[2]!,
    code: match[3]!.replaceAll(new RegExp(`^${match[1]}`, "gm"), ""),
    start: match.index,
    end: match.index + match[0].length,
  }));
  const isAnswer = (index: number) => {
    const [before, block] = [fences[index - 1], fences[index]];
    return before?.language === "sh" && ["json", "text"].includes(block?.language ?? "") &&
      text.slice(before.end, block!.start).trim() === "";
  };
  return fences.flatMap(({ start: _start, end: _end, ...block }, index) => {
    if (isAnswer(index)) return [];
    const next = fences[index + 1];
    return [{
      ...block,
      ...(next && isAnswer(index + 1) && { answer: { language: next.language, code: next.code } }),
    }];
  });
}
