// What a deployment of the functions would upload, told from the code alone.

import { existsSync, readdirSync, readFileSync, realpathSync } from "node:fs";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { parse } from "smol-toml";
import { z } from "zod";
import { Complaint } from "../complaint.ts";
import { run, toolPath } from "../tools.ts";

export interface DeclaredFunction {
  readonly slug: string;
  readonly verifyJwt: boolean;
}

const IMPORT_MAP = "deno.json";

const Config = z.object({
  functions: z.record(
    z.string(),
    z.looseObject({
      verify_jwt: z.boolean().optional(),
      entrypoint: z.string().optional(),
      import_map: z.string().optional(),
    }),
  ),
});

/**
 * The functions of supabase/config.toml, which must be exactly those under functions/ and state all
 * three keys: the CLI passes over an undeclared function in silence, and guesses what is not stated.
 */
export function declaredFunctions(root: string): DeclaredFunction[] {
  const { functions } = Config.parse(
    parse(readFileSync(join(root, "supabase/config.toml"), "utf8")),
  );
  const folders = readdirSync(join(root, "functions"), { withFileTypes: true })
    .filter((entry) => entry.isDirectory()).map(({ name }) => name);
  const faults: string[] = [];
  for (const slug of folders) {
    if (!existsSync(join(root, "functions", slug, "index.ts"))) {
      faults.push(`functions/${slug} has no index.ts`);
    }
    if (!functions[slug]) {
      faults.push(`functions/${slug} is not declared in supabase/config.toml: [functions.${slug}]`);
    }
  }
  for (const [slug, { verify_jwt, entrypoint, import_map }] of Object.entries(functions)) {
    const place = `supabase/config.toml: [functions.${slug}]`;
    if (!folders.includes(slug)) faults.push(`${place} has no folder functions/${slug}`);
    if (verify_jwt === undefined) faults.push(`${place} must state verify_jwt`);
    if (entrypoint !== `../functions/${slug}/index.ts`) {
      faults.push(`${place}: entrypoint must be "../functions/${slug}/index.ts"`);
    }
    if (import_map !== `../${IMPORT_MAP}`) {
      faults.push(`${place}: import_map must be "../${IMPORT_MAP}"`);
    }
  }
  if (faults.length > 0) throw new Complaint(faults.join("\n"));
  return Object.entries(functions)
    .map(([slug, { verify_jwt }]) => ({ slug, verifyJwt: verify_jwt! }))
    .sort((a, b) => a.slug < b.slug ? -1 : 1);
}

const ImportMap = z.looseObject({ imports: z.record(z.string(), z.string()) });

/** A key that ends in a slash maps a folder, and the CLI uploads all of it: `.env` and tests too. */
export function refuseFolderMappings(root: string): void {
  const { imports } = ImportMap.parse(JSON.parse(readFileSync(join(root, IMPORT_MAP), "utf8")));
  const folders = Object.entries(imports)
    .filter(([key, target]) => key.endsWith("/") || target.endsWith("/")).map(([key]) => key);
  if (folders.length > 0) {
    throw new Complaint(
      `${IMPORT_MAP} maps a folder (${folders.join(", ")}), and the CLI would upload everything ` +
        "in it: import by relative path, or map each module by its own key",
    );
  }
}

const Graph = z.object({
  modules: z.array(z.looseObject({ specifier: z.string(), error: z.string().optional() })),
});

/** The files a function is made of, relative to the root: what it imports, and the import map. */
export async function filesOf(root: string, slug: string): Promise<Set<string>> {
  const entrypoint = `functions/${slug}/index.ts`;
  const { code, stdout, stderr } = await run(toolPath("deno"), [
    "info",
    "--json",
    "--no-remote",
    "--no-lock",
    "--node-modules-dir=manual",
    entrypoint,
  ], { cwd: root });
  if (code !== 0) {
    throw new Complaint(`${entrypoint}: its imports cannot be read: ${stderr.trim()}`);
  }
  const files = new Set([IMPORT_MAP]);
  const faults: string[] = [];
  for (const { specifier, error } of Graph.parse(JSON.parse(stdout)).modules) {
    if (error !== undefined) faults.push(`${entrypoint}: ${error.split("\n")[0]}`);
    else if (specifier.startsWith("file:")) {
      const path = fileURLToPath(specifier);
      // A package's files come from the registry.
      if (path.includes("/node_modules/")) continue;
      const inside = relative(realpathSync(root), path);
      if (inside.startsWith("..")) {
        faults.push(`${entrypoint} imports ${path}, outside the project`);
      } else files.add(inside);
    }
  }
  if (faults.length > 0) throw new Complaint(faults.join("\n"));
  return files;
}
