import fc from "fast-check";
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { bump, COMPONENT_KEYS, type ComponentKey, disagreements, VersionFile } from "./version.ts";

const shipped = VersionFile.parse(
  JSON.parse(readFileSync(new URL("../version.json", import.meta.url), "utf8")),
);

/** The shipped file with other builds. */
const withBuilds = (builds: Record<string, number>): VersionFile => {
  const components = { ...shipped.components };
  for (const key of COMPONENT_KEYS) {
    components[key] = { ...components[key], build: builds[key] ?? components[key].build };
  }
  return bump({ ...shipped, components }, []);
};

const anyFile = fc.record(
  Object.fromEntries(COMPONENT_KEYS.map((key) => [key, fc.integer({ min: 1, max: 1e6 })])),
).map(withBuilds);
const anyKeys = fc.subarray(COMPONENT_KEYS);

const mirrorsOf = ({ version }: VersionFile) => ({ "package.json": [version] });

describe("bump", () => {
  it("gives the changed components the next build and leaves the others alone", () => {
    fc.assert(fc.property(anyFile, anyKeys, (file, changed) => {
      const next = bump(file, changed);
      for (const key of COMPONENT_KEYS) {
        const step = changed.includes(key) ? 1 : 0;
        expect(next.components[key]).toEqual({
          ...file.components[key],
          build: file.components[key].build + step,
        });
      }
    }));
  });

  it("leaves a file that agrees with itself and is not behind the one before", () => {
    fc.assert(fc.property(anyFile, anyKeys, (file, changed) => {
      const next = bump(file, changed);
      expect(disagreements(next, mirrorsOf(next), file)).toEqual([]);
    }));
  });
});

describe("disagreements", () => {
  it("names a headline build that is not the highest", () => {
    expect(disagreements({ ...withBuilds({ supabase: 7 }), build: 6 }, {}, null)).toEqual([
      "version.json: build is 6, but the highest component build is 7; npm run sync-version puts it right",
    ]);
  });

  it("names the file that repeats another version", () => {
    const mirrors = {
      "package.json": ["9.9.9"],
      "package-lock.json": [shipped.version, undefined],
    };
    const remedy = "npm run sync-version puts it right";
    expect(disagreements(shipped, mirrors, null)).toEqual([
      `package.json: version is 9.9.9, but version.json says ${shipped.version}; ${remedy}`,
      `package-lock.json: version is undefined, but version.json says ${shipped.version}; ${remedy}`,
    ]);
  });

  it("names a component whose build went back", () => {
    const before = withBuilds({ docs: 5 });
    expect(disagreements(withBuilds({ docs: 4 }), {}, before)).toEqual([
      "version.json: build of docs went back from 5 to 4",
    ]);
  });
});

describe("the version file", () => {
  it("has exactly the nine components", () => {
    const { ios: _, ...eight } = shipped.components;
    expect(VersionFile.safeParse({ ...shipped, components: eight }).success).toBe(false);
    const ten = { ...shipped.components, toaster: shipped.components.ios };
    expect(VersionFile.safeParse({ ...shipped, components: ten }).success).toBe(false);
    expect(COMPONENT_KEYS).toHaveLength(9);
  });

  it.each(["1.0", "v1.0.0", "1.0.0-beta", ""])("refuses the version %j", (version) => {
    const key: ComponentKey = "ios";
    const ios = { ...shipped.components[key], version };
    const file = { ...shipped, components: { ...shipped.components, ios } };
    expect(VersionFile.safeParse(file).success).toBe(false);
  });
});
