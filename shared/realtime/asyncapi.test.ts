import { createRequire } from "node:module";
import { Ajv } from "ajv";
import addFormats from "ajv-formats";
import { describe, expect, it } from "vitest";
import { asyncApiDocument } from "./asyncapi.ts";
import { CHANNELS } from "./events/catalogue.ts";
import { eventJsonSchemas, type JsonSchema } from "./json-schema.ts";

const require = createRequire(import.meta.url);
/** The JSON Schema that the AsyncAPI initiative publishes for version 3.0. */
const published = require("@asyncapi/specs/schemas/3.0.0-without-$id.json");

const validator = () => {
  const ajv = new Ajv({ strict: false, allErrors: true });
  addFormats.default(ajv);
  return ajv;
};

/** Compiling the published schema takes a second, and several beside other tests. */
const COMPILES = 30_000;

describe("the AsyncAPI document", () => {
  const document = asyncApiDocument("1.2.3");

  it("is one by AsyncAPI's own schema", { timeout: COMPILES }, () => {
    const ajv = validator();
    ajv.validate(published, document);
    expect(ajv.errors).toBeNull();
    // The schema tells one from what is none.
    expect(ajv.validate(published, { ...document, channels: { x: { adress: "typo" } } }))
      .toBe(false);
  });

  it("refers only to what it has", () => {
    const references: string[] = [];
    JSON.stringify(document, (key, value) => {
      if (key === "$ref") references.push(value);
      return value;
    });
    expect(references.length).toBeGreaterThan(50);
    for (const reference of references) {
      const found = reference.slice(2).split("/").reduce<unknown>(
        (at, key) => (at as Record<string, unknown> | undefined)?.[key],
        document,
      );
      expect({ reference, found: found !== undefined }).toEqual({ reference, found: true });
    }
  });

  it("has every channel and event of the catalogue", () => {
    const { channels } = document as {
      channels: Record<string, { address: string; messages: object }>;
    };
    expect(Object.values(channels).map(({ address }) => address))
      .toEqual(Object.values(CHANNELS).map(({ address }) => address));
    for (const [name, { events }] of Object.entries(CHANNELS)) {
      expect(Object.keys(channels[name]!.messages))
        .toEqual(Object.keys(events).map((event) => `${name}.${event}`));
    }
  });
});

describe("the JSON Schemas of events", () => {
  it("are schemas, and want the fields their payloads have", { timeout: COMPILES }, () => {
    const schemas = Object.values(eventJsonSchemas()).flatMap((events) => Object.values(events));
    for (const schema of schemas) {
      validator().compile(schema);
      const { properties, required } = schema as { properties: JsonSchema; required: string[] };
      expect(required.toSorted()).toEqual(Object.keys(properties).toSorted());
      expect(required).toContain("id");
    }
  });
});
