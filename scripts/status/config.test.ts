import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import version from "../../version.json" with { type: "json" };
import { parseAgentConfig, readAgentConfig } from "./config.ts";
import { tokenSource } from "./token.ts";

const example = "docs/status-agent.example.json";
const parse = (config: unknown) => parseAgentConfig(JSON.stringify(config), "agent.json");
const good = {
  project_url: "http://127.0.0.1:1",
  credential: { demo_account: "admin@busymate.test" },
  components: [{ key: "a", label: "A", url: "http://127.0.0.1:2/" }],
};

describe("the agent's file", () => {
  it("is right as the example has it, with Dashboard and Backend as core", () => {
    const { components } = readAgentConfig(example);
    expect(components.filter(({ core }) => core).map(({ label }) => label))
      .toEqual(["Dashboard", "Backend"]);
    for (const { version: source } of components) {
      if (source?.component) expect(Object.keys(version.components)).toContain(source.component);
    }
    expect(readFileSync(example, "utf8")).not.toMatch(/bms_/);
  });

  it("looks every 10 seconds and waits for 2, unless told", () => {
    expect(parse(good)).toMatchObject({ interval_s: 10, probe_timeout_ms: 2_000 });
    expect(parse(good).components[0]).toMatchObject({ core: false });
  });

  it("is refused with all that is wrong with it, one a line", () => {
    const bad = {
      ...good,
      project_url: "ftp://x/",
      credential: { client_id: "x", client_secret: "y" },
      components: [{ key: "A b", label: "", url: "x", unit: "--force" }],
    };
    expect(() => parse(bad)).toThrow(/^agent\.json is not right:\n/);
    for (
      const field of [
        "project_url",
        "credential",
        ...["key", "label", "url", "unit"].map((name) => `components.0.${name}`),
      ]
    ) expect(() => parse(bad), field).toThrow(`  ${field}: `);
    const twice = { ...good, components: [...good.components, ...good.components] };
    expect(() => parse(twice)).toThrow("components: two have the same key");
    expect(() => parseAgentConfig("{", "agent.json")).toThrow("agent.json is not JSON");
    expect(() => readAgentConfig("no-such-file.json")).toThrow("cannot be read (ENOENT)");
  });

  it("keeps no secret: it names the variable that holds it, which must be set", () => {
    const credential = { client_id: "x", client_secret_env: "STATUS_SECRET" };
    const config = parse({ ...good, credential });
    expect(() => tokenSource(config, {})).toThrow(/^STATUS_SECRET is not set/);
    expect(() => tokenSource(config, { STATUS_SECRET: "bms_x" })).not.toThrow();
  });
});
