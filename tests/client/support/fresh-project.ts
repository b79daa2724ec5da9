// A project of somebody else: the package as it is published, its dependencies, and nothing of ours.

import { cp, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { root, run } from "../../../scripts/tools.ts";

/** What a newcomer's compiler is told, our declarations included in what it checks. */
const TSCONFIG = {
  compilerOptions: {
    target: "es2023",
    module: "nodenext",
    lib: ["es2023", "dom", "dom.iterable", "dom.asynciterable"],
    types: ["node"],
    strict: true,
    skipLibCheck: false,
  },
};

export interface FreshProject {
  readonly directory: string;
  write(name: string, text: string): Promise<void>;
  /** Compiles everything that was written, and answers the compiler's complaints. */
  compile(): Promise<string[]>;
  /** Bundles its index.html for browsers into a folder of the project. */
  bundle(folder: string): Promise<void>;
  remove(): Promise<void>;
}

/** Builds, packs and installs the package without a network, as npm does it. */
export async function freshProject(): Promise<FreshProject> {
  const directory = await mkdtemp(join(tmpdir(), "busymate-fresh-"));
  const write = (name: string, text: string) => writeFile(join(directory, name), text);
  await write("package.json", JSON.stringify({ name: "fresh", private: true, type: "module" }));
  await write("tsconfig.json", JSON.stringify(TSCONFIG));
  const packing = ["pack", "--workspace=busymate-client", `--pack-destination=${directory}`];
  const tarball = (await npm([...packing, "--silent"], root)).trim().split("\n").at(-1)!;
  const manifest = await manifestIn(join(root, "packages/client"));
  await bring(Object.keys(manifest.dependencies ?? {}), directory);
  await npm(["install", "--offline", "--no-audit", "--no-fund", `./${tarball}`], directory);
  return {
    directory,
    write,
    async compile() {
      const { stdout, stderr } = await run(join(root, "node_modules/.bin/tsc"), [], {
        cwd: directory,
      });
      return (stdout + stderr).split("\n").filter((line) =>
        // supabase-js's own declarations do not hold where they are checked.
        /^\S/.test(line) && !line.startsWith("node_modules/@supabase/")
      );
    },
    async bundle(folder) {
      const vite = join(root, "node_modules/.bin/vite");
      const { code, stderr } = await run(vite, ["build", "--outDir", folder], { cwd: directory });
      if (code !== 0) throw new Error(`vite build failed: ${stderr}`);
    },
    remove: () => rm(directory, { recursive: true, force: true }),
  };
}

async function npm(args: string[], cwd: string): Promise<string> {
  const { code, stdout, stderr } = await run("npm", args, { cwd });
  if (code !== 0) throw new Error(`npm ${args[0]} failed: ${stderr || stdout}`);
  return stdout;
}

/** Packages with all they depend on, from where they are installed: npm need not fetch what is there. */
async function bring(names: string[], directory: string): Promise<void> {
  const brought = new Set<string>();
  const waiting = [...names];
  for (let name = waiting.pop(); name !== undefined; name = waiting.pop()) {
    if (brought.has(name)) continue;
    brought.add(name);
    const from = join(root, "node_modules", name);
    await cp(from, join(directory, "node_modules", name), { recursive: true });
    waiting.push(...Object.keys((await manifestIn(from)).dependencies ?? {}));
  }
}

async function manifestIn(folder: string): Promise<{ dependencies?: Record<string, string> }> {
  return JSON.parse(await readFile(join(folder, "package.json"), "utf8"));
}
