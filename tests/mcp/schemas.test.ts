// The tools as they are published: unchanged unless meant, readable by every provider, and within
// what a model can afford to read.

import { join } from "node:path";
import type { AnySchemaObject } from "ajv";
import { Ajv2020 } from "ajv/dist/2020.js";
import { beforeAll, describe, expect, it } from "vitest";
import { TOOLSETS } from "../../shared/operations/operation.ts";
import { newPerson } from "../support/world.ts";
import { open, type Session } from "./support/client.ts";

type Tool = Awaited<ReturnType<Session["tools"]>>[number];

const TOKENS = 15_000;
const TOOLS = 25;
const DESCRIPTION = 400;

let admin: string;
let all: Tool[];
beforeAll(async () => {
  admin = (await newPerson("admin")).token;
  all = await (await open(admin, "?toolsets=all")).tools();
});

describe("the published tools", () => {
  it.each([...Object.keys(TOOLSETS), ""])("are what they were: %s", async (toolset) => {
    const tools = await (await open(admin, toolset && `?toolsets=${toolset}`)).tools();
    await expect(JSON.stringify(tools, null, 2) + "\n")
      .toMatchFileSnapshot(join("golden", `${toolset || "default"}.json`));
  });

  it("cost a model at most 15,000 tokens by default, for the one who sees the most", async () => {
    const tools = await (await open(admin)).tools();
    expect(tools.length).toBeLessThanOrEqual(TOOLS);
    expect(JSON.stringify(tools).length / 4).toBeLessThanOrEqual(TOKENS);
  });

  it("have names, titles and descriptions that hosts take", () => {
    const names = all.map(({ name }) => name);
    expect(new Set(names).size).toBe(names.length);
    for (const { name, title, description } of all) {
      // Hosts put a prefix in front and cut at 64.
      expect(name).toMatch(/^[a-z][a-z0-9_]{0,49}$/);
      expect(title).toMatch(/\S/);
      expect(description!.length, name).toBeLessThanOrEqual(DESCRIPTION);
    }
  });

  it("have schemas that no provider refuses: one that does loses the whole list", () => {
    const ajv = new Ajv2020({ strict: false });
    for (const { name, inputSchema, outputSchema } of all) {
      for (const schema of [inputSchema, outputSchema]) {
        if (schema === undefined) continue;
        expect(faultsOf(schema), name).toEqual([]);
        expect(ajv.validateSchema(schema as AnySchemaObject), name).toBe(true);
      }
      expect(inputSchema, name).toMatchObject({ type: "object", additionalProperties: false });
    }
  });
});

const AT_ROOT = ["anyOf", "oneOf", "allOf", "not", "if", "$ref"];
const ANYWHERE = ["pattern", "$schema", "propertyNames", "$defs", "definitions"];

/** What providers are known to choke on. */
function faultsOf(schema: Record<string, unknown>): string[] {
  const faults = AT_ROOT.filter((word) => word in schema).map((word) => `${word} at the root`);
  if (schema["type"] !== "object") faults.push("the root is no object");
  const visit = (value: unknown, path: string, isProperties: boolean) => {
    if (value === null || typeof value !== "object") return;
    for (const [key, inner] of Object.entries(value)) {
      if (!isProperties && ANYWHERE.includes(key)) faults.push(`${path}: ${key}`);
      if (!isProperties && key === "type" && Array.isArray(inner)) faults.push(`${path}: types`);
      const isSchema = isProperties || !["default", "properties"].includes(key);
      if (isSchema && isEmpty(inner)) faults.push(`${path}.${key}: says nothing`);
      visit(inner, `${path}.${key}`, !isProperties && key === "properties");
    }
  };
  visit(schema, "", false);
  return faults;
}

/** No schema at all, which the inspector's strict lint takes for a mistake. */
const isEmpty = (value: unknown) =>
  value !== null && typeof value === "object" && !Array.isArray(value) &&
  Object.keys(value).length === 0;
