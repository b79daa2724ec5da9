// Pages that people write, with parts in them that are made from the code.

import { Complaint } from "../complaint.ts";

const PART = /(<!-- generated: ([\w-]+) -->\n)[\s\S]*?(\n<!-- end -->)/g;

/** The page with each part made anew; a part that is not there, or that nobody makes, is a mistake. */
export function filled(page: string, text: string, parts: Record<string, string>): string {
  const wanted = new Set(Object.keys(parts));
  const result = text.replace(PART, (_, open: string, name: string, close: string) => {
    const part = parts[name];
    if (part === undefined) {
      throw new Complaint(`${page} asks for a part that nobody makes: ${name}`);
    }
    wanted.delete(name);
    return `${open}\n${part}\n${close}`;
  });
  if (wanted.size > 0) throw new Complaint(`${page} lacks the parts ${[...wanted].join(", ")}`);
  return result;
}

const cell = (text: string) => text.replaceAll("|", "\\|").replaceAll("\n", " ");
const row = (cells: readonly string[]) => `| ${cells.map(cell).join(" | ")} |`;

/** A Markdown table. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  return [row(head), row(head.map(() => "---")), ...rows.map(row)].join("\n");
}
