import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Complaint } from "./complaint.ts";
import { root, run, toolPath } from "./tools.ts";

/** A file's text as the formatter has all files of its kind here, so that both checks agree. */
export async function formatted(text: string, extension: "md" | "ts"): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), "busymate-docs-"));
  const file = join(directory, `document.${extension}`);
  try {
    await writeFile(file, text);
    const { code, stderr } = await run(toolPath("deno"), [
      "fmt",
      "--config",
      `${root}/deno.json`,
      file,
    ]);
    if (code !== 0) throw new Complaint(stderr);
    return await readFile(file, "utf8");
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}
