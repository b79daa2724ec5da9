// Requests made from the OpenAPI document, right and wrong ones: none is a fault of ours, and every
// refusal has the form its surface promises.

import { readFileSync } from "node:fs";
import fc from "fast-check";
import { parse } from "yaml";
import { beforeAll, describe, expect, it } from "vitest";
import { newAddress } from "../support/neighbour.ts";
import { call, newDevice, newPerson } from "../support/world.ts";

const REQUESTS = 10_000;
const AT_ONCE = 12;

interface Schema {
  type?: string | string[];
  enum?: unknown[];
  const?: unknown;
  format?: string;
  properties?: Record<string, Schema>;
  required?: string[];
  items?: Schema;
  anyOf?: Schema[];
  prefixItems?: Schema[];
  $ref?: string;
}
interface Operation {
  path: string;
  method: string;
  form: boolean;
  parameters: { name: string; in: string; required?: boolean; schema: Schema }[];
  body?: Schema;
}

const document = parse(readFileSync("docs/openapi.yaml", "utf8"));

const operations: Operation[] = Object.entries<Record<string, never>>(document.paths)
  .flatMap(([path, methods]) =>
    Object.entries<Record<string, never>>(methods).filter(([method]) => method !== "description")
      .map(([method, operation]) => {
        const content = (operation["requestBody"]?.["content"] ?? {}) as Record<
          string,
          { schema: Schema }
        >;
        const [type, body] = Object.entries(content)[0] ?? [];
        return {
          path,
          method: method.toUpperCase(),
          form: type === "application/x-www-form-urlencoded",
          parameters: operation["parameters"] ?? [],
          ...(body && { body: body.schema }),
        };
      })
  );

/** What does not belong anywhere: it must be refused, or be nothing but a text. */
const odd = fc.oneof(
  fc.constantFrom(
    null,
    true,
    -1,
    1e308,
    [],
    {},
    "",
    "\u0000",
    "'; drop table x; --",
    "%00",
    "../..",
    "🙂",
  ),
  fc.string({ unit: "binary", maxLength: 40 }),
  fc.jsonValue({ maxDepth: 2 }),
);

/** A value of a schema, and now and then one that is not. */
function valueOf(schema: Schema): fc.Arbitrary<unknown> {
  return fc.oneof({ weight: 8, arbitrary: rightValueOf(schema) }, { weight: 1, arbitrary: odd });
}

function rightValueOf(schema: Schema): fc.Arbitrary<unknown> {
  if (schema.const !== undefined) return fc.constant(schema.const);
  if (schema.enum) return fc.constantFrom(...schema.enum);
  if (schema.anyOf) return fc.oneof(...schema.anyOf.map(valueOf));
  const type = Array.isArray(schema.type) ? schema.type[0] : schema.type;
  switch (type) {
    case "string":
      return schema.format === "uuid"
        ? fc.uuid()
        : schema.format === "date-time"
        ? fc.date({ noInvalidDate: true }).map((date) => date.toISOString())
        : fc.string({ maxLength: 60 });
    case "integer":
      return fc.integer({ min: -1000, max: 100_000 });
    case "number":
      return fc.double({ noNaN: true, noDefaultInfinity: true });
    case "boolean":
      return fc.boolean();
    case "null":
      return fc.constant(null);
    case "array":
      return fc.array(valueOf(schema.items ?? {}), { maxLength: 3 });
    case "object":
      return objectOf(schema);
    default:
      return fc.jsonValue({ maxDepth: 2 });
  }
}

function objectOf({ properties = {}, required = [] }: Schema): fc.Arbitrary<unknown> {
  const fields = Object.fromEntries(
    Object.entries(properties).map(([name, schema]) => [name, valueOf(schema)]),
  );
  return fc.record(fields, { requiredKeys: required.filter((name) => name in fields) });
}

/** A filter's value as PostgREST takes it, right or wrong. */
const queryValue = (schema: Schema) =>
  valueOf(schema).map((value) => typeof value === "string" ? value : JSON.stringify(value));

function requestOf(operation: Operation) {
  const path = operation.parameters.filter((one) => one.in === "path");
  const query = operation.parameters.filter((one) => one.in === "query");
  return fc.record({
    operation: fc.constant(operation),
    path: fc.tuple(
      ...path.map(({ name, schema }) => queryValue(schema).map((value) => [name, value])),
    ),
    query: fc.subarray(query, { maxLength: Math.min(3, query.length) }).chain((chosen) =>
      fc.tuple(...[...new Set([...query.filter(({ required }) => required), ...chosen])]
        .map(({ name, schema }) => queryValue(schema).map((value) => [name, value])))
    ),
    body: operation.body
      ? fc.option(valueOf(operation.body), { freq: 15, nil: undefined })
      : fc.constant(undefined),
    who: fc.constantFrom("person", "person", "viewer", "device", "nobody"),
  });
}
type Request = ReturnType<typeof requestOf> extends fc.Arbitrary<infer T> ? T : never;

const tokens: Record<string, string | null> = { nobody: null };
beforeAll(async () => {
  const [person, viewer] = await Promise.all([newPerson(), newPerson("viewer")]);
  tokens["person"] = person!.token;
  tokens["viewer"] = viewer!.token;
  tokens["device"] = (await newDevice(person!)).token;
});

async function send({ operation, path, query, body, who }: Request) {
  const place = (path as string[][]).reduce(
    (text, [name, value]) =>
      text.replace(`{${name}}`, encodeURIComponent(value!.toWellFormed() || "-")),
    operation.path,
  );
  const search = new URLSearchParams(query as string[][]);
  const response = await call(`${place}?${search}`, tokens[who]!, {
    method: operation.method,
    // Limits by address are not what is tried here.
    address: newAddress(),
    ...(body !== undefined && operation.method !== "GET" && (operation.form
      ? {
        headers: { "Content-Type": "application/x-www-form-urlencoded" },
        body: new URLSearchParams(
          Object.entries(body ?? {}).map(([key, value]) => [key, String(value)]),
        ).toString(),
      }
      : { body: JSON.stringify(body) })),
  });
  return {
    status: response.status,
    type: response.headers.get("content-type") ?? "",
    text: await response.text(),
  };
}

describe(`${REQUESTS.toLocaleString("en")} requests made from the OpenAPI document`, () => {
  it("meet no fault of ours, and errors in the form their surface promises", async () => {
    const requests = fc.sample(
      fc.constantFrom(...operations).chain(requestOf),
      { numRuns: REQUESTS, seed: 20261124 },
    );
    const faults: string[] = [];
    const statuses = new Map<number, number>();
    let next = 0;
    const worker = async () => {
      while (next < requests.length) {
        const request = requests[next++]!;
        const { status, text } = await send(request);
        statuses.set(status, (statuses.get(status) ?? 0) + 1);
        const fault = status >= 500
          ? "a fault of ours"
          : status >= 400
          ? formFault(request, text)
          : undefined;
        if (fault && faults.length < 20) {
          faults.push(
            `${fault}: ${request.operation.method} ${request.operation.path} → ${status} ${
              text.slice(0, 200)
            } for ${JSON.stringify(request.body)?.slice(0, 200)} ${JSON.stringify(request.query)}`,
          );
        }
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, worker));
    expect(faults).toEqual([]);
    expect([...statuses.values()].reduce((a, b) => a + b)).toBe(REQUESTS);
    // Right requests are among them: a generator that is always refused tries nothing.
    expect(statuses.get(200)).toBeGreaterThan(REQUESTS / 50);
  }, 300_000);
});

/** What is wrong with the form of a refusal. */
function formFault({ operation: { path } }: Request, text: string): string | undefined {
  let body: { error?: unknown; code?: unknown; message?: unknown; jsonrpc?: unknown };
  try {
    body = JSON.parse(text);
  } catch {
    return "not JSON";
  }
  if (path.startsWith("/rest/v1/")) {
    return typeof body.message === "string" ? undefined : "not PostgREST's form";
  }
  const error = body.error as
    | { code?: unknown; message?: unknown; request_id?: unknown }
    | string
    | undefined;
  if (typeof error === "string" || body.jsonrpc === "2.0") return undefined;
  return typeof error?.code === "string" && typeof error.message === "string" &&
      typeof error.request_id === "string"
    ? /There is nothing at/.test(error.message) ? "no such route" : undefined
    : "not the envelope";
}
