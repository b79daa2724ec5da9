// The rules of version.json. A component's version is for people, its build a number that only grows;
// the headline build is the highest of them.

import { z } from "zod";

/** The components of the product, by key, and which paths of this repository each is made of. */
export const COMPONENT_PATHS = {
  ios: [],
  dashboard: ["web"],
  docs: ["docs"],
  "proxy-server": ["scripts/capture"],
  supabase: ["supabase", "functions", "shared", "deno.json"],
  "cdp-connector": [],
  status: [],
  marketing: [],
  busybro: ["functions/ask", "functions/telegram-bot", "shared/busybro"],
} as const satisfies Record<string, readonly string[]>;

export type ComponentKey = keyof typeof COMPONENT_PATHS;
export const COMPONENT_KEYS = Object.keys(COMPONENT_PATHS) as ComponentKey[];

// npm accepts nothing less in package.json.
const Version = z.string().regex(/^\d+\.\d+\.\d+$/, "must be like 1.2.3");
const Build = z.int().positive();

const Component = z.strictObject({
  name: z.string().min(1),
  label: z.string().min(1),
  host: z.string().min(1),
  description: z.string().min(1),
  version: Version,
  build: Build,
});

export const VersionFile = z.strictObject({
  name: z.string().min(1),
  version: Version,
  build: Build,
  components: z.strictObject(
    Object.fromEntries(COMPONENT_KEYS.map((key) => [key, Component])) as Record<
      ComponentKey,
      typeof Component
    >,
  ),
});
export type VersionFile = z.infer<typeof VersionFile>;

const highestBuild = ({ components }: VersionFile): number =>
  Math.max(...COMPONENT_KEYS.map((key) => components[key].build));

/** The next version file: the changed components one build further, the headline at the highest. */
export function bump(file: VersionFile, changed: readonly ComponentKey[]): VersionFile {
  const components = { ...file.components };
  for (const key of changed) {
    components[key] = { ...components[key], build: components[key].build + 1 };
  }
  const next = { ...file, components };
  return { ...next, build: highestBuild(next) };
}

const REMEDY = "npm run sync-version puts it right";

/** The files that repeat the version for npm. */
export type Mirrors = Readonly<Record<string, readonly (string | undefined)[]>>;

/**
 * Every disagreement, each as a sentence: the headline against the components, the mirrors against
 * the version, and builds that fell behind those of `committed`.
 */
export function disagreements(
  file: VersionFile,
  mirrors: Mirrors,
  committed: VersionFile | null,
): string[] {
  const faults: string[] = [];
  const highest = highestBuild(file);
  if (file.build !== highest) {
    faults.push(
      `version.json: build is ${file.build}, but the highest component build is ${highest}; ${REMEDY}`,
    );
  }
  for (const [name, versions] of Object.entries(mirrors)) {
    for (const version of new Set(versions.filter((mirror) => mirror !== file.version))) {
      faults.push(
        `${name}: version is ${version}, but version.json says ${file.version}; ${REMEDY}`,
      );
    }
  }
  if (committed === null) return faults;
  for (const key of COMPONENT_KEYS) {
    const before = committed.components[key].build;
    const now = file.components[key].build;
    if (now < before) {
      faults.push(`version.json: build of ${key} went back from ${before} to ${now}`);
    }
  }
  return faults;
}
