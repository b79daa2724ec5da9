import { validate } from "@readme/openapi-parser";
import { Ajv2020 } from "ajv/dist/2020.js";
import addFormats from "ajv-formats";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { JSON_HEADERS, storedEntry } from "../entries/entry.fake.ts";
import type { StoredEntry } from "../entries/exchange.ts";
import type { Json } from "../entries/text.ts";
import { OpenApiBuilder } from "./builder.ts";
import type { OpenApiDocument } from "./builder.ts";
import { Budget } from "./schema.ts";
import type { Schema } from "./schema.ts";
import { Shape } from "./shape.ts";

function inferred(entries: StoredEntry[], places?: number): OpenApiDocument {
  const builder = new OpenApiBuilder(places);
  for (const entry of entries) builder.add(entry);
  return builder.document();
}

async function expectValid(document: OpenApiDocument): Promise<void> {
  const result = await validate(structuredClone(document) as never);
  expect(result.valid ? [] : result.errors).toEqual([]);
}

const ajv = new Ajv2020({ strict: false, validateFormats: true });
addFormats.default(ajv);

/** Whether a validator other than ours refuses a value; formats are checked, too. */
function refusedBy(schema: Schema): (value: Json) => boolean {
  const accepts = ajv.compile(schema);
  return (value) => !accepts(value);
}

function answered(url: string, body: Json, overrides: Partial<StoredEntry> = {}): StoredEntry {
  return storedEntry({ url: `https://api.example.com${url}`, ...overrides }, {
    responseHeaders: JSON_HEADERS,
    responseBody: JSON.stringify(body),
  });
}

function answerSchema(document: OpenApiDocument, path: string): Schema {
  return document.paths[path]!.get!.responses["200"]!.content!["application/json"]!.schema!;
}

const formatted = fc.oneof(
  fc.uuid(),
  fc.date({ noInvalidDate: true }).map((date) => date.toISOString()),
  fc.emailAddress(),
  fc.webUrl({ withFragments: true, withQueryParameters: true }),
  fc.ipV4(),
  fc.stringMatching(/^\d{4}-\d\d-\d\d$/),
  fc.constantFrom("2026-02-30", "2024-02-29", "2026-11-24T24:00:00Z", "active", "closed"),
);
const { json } = fc.letrec<{ json: Json }>((tie) => ({
  json: fc.oneof(
    { maxDepth: 4, withCrossShrink: true },
    fc.oneof(fc.integer(), fc.double({ noNaN: true, noDefaultInfinity: true }), fc.boolean()),
    fc.oneof(fc.string(), formatted, fc.constant(null)),
    fc.array(tie("json"), { maxLength: 4 }),
    fc.dictionary(
      fc.oneof(
        fc.constantFrom("id", "name", "__proto__", "constructor", "token", "42"),
        fc.string({ maxLength: 4 }),
        fc.uuid(),
      ),
      tie("json"),
      { maxKeys: 5 },
    ),
  ),
}));
const anyJson = json.map((value) => JSON.parse(JSON.stringify(value)) as Json);

describe("an inferred schema", () => {
  it("accepts everything it was inferred from", { timeout: 30_000 }, () => {
    fc.assert(
      fc.property(fc.array(anyJson, { minLength: 1, maxLength: 6 }), (values) => {
        const shape = new Shape(new Budget(1_000));
        for (const value of values) shape.add(value);
        expect(values.filter(refusedBy(shape.schema()))).toEqual([]);
      }),
      { numRuns: 60 },
    );
  });

  it("accepts it also when there was not room for all", { timeout: 30_000 }, () => {
    fc.assert(
      fc.property(
        fc.array(anyJson, { minLength: 1, maxLength: 6 }),
        fc.nat({ max: 6 }),
        (values, room) => {
          const shape = new Shape(new Budget(room));
          for (const value of values) shape.add(value);
          expect(values.filter(refusedBy(shape.schema()))).toEqual([]);
        },
      ),
      { numRuns: 30 },
    );
  });

  it("is the same whatever the order, and however it was put together", { timeout: 30_000 }, () => {
    const values = fc.array(anyJson, { maxLength: 6 });
    fc.assert(
      fc.property(values, values, (a, b) => {
        const of = (values: Json[]) => {
          const shape = new Shape(new Budget(10_000));
          for (const value of values) shape.add(value);
          return shape;
        };
        const whole = of([...a, ...b]).schema();
        expect(of([...b, ...a].reverse()).schema()).toEqual(whole);
        const joined = of(a);
        joined.absorb(of(b));
        expect(joined.schema()).toEqual(whole);
      }),
      { numRuns: 60 },
    );
  });

  it("unites types, and requires what was always there", () => {
    const document = inferred([
      answered("/things", [{ id: 1, name: "a", tags: [1, "x"], seen: "2026-11-24T10:00:00Z" }]),
      answered("/things", [{ id: 2.5, name: null, tags: [], seen: "2026-11-24T11:00:00.5+01:00" }]),
      answered("/things", [{ id: 3, name: "b", seen: "2026-01-01T00:00:00Z", extra: true }]),
    ]);
    expect(answerSchema(document, "/things")).toEqual({
      type: "array",
      items: {
        type: "object",
        properties: {
          extra: { type: "boolean" },
          id: { type: "number" },
          name: { type: ["null", "string"], examples: ["a"] },
          seen: { type: "string", format: "date-time", examples: ["2026-01-01T00:00:00Z"] },
          tags: {
            type: "array",
            items: { type: ["integer", "string"], examples: ["x"] },
          },
        },
        required: ["id", "name", "seen"],
      },
    });
  });

  it("lists values only where they are clearly all there are", () => {
    const states = ["open", "closed", "open", "closed"];
    const of = (values: (string | null)[]) =>
      answerSchema(inferred(values.map((state) => answered("/a", { state }))), "/a")
        .properties!.state!;
    expect(of(states)).not.toHaveProperty("enum");
    const many = Array.from({ length: 8 }, () => states).flat();
    expect(of(many)).toEqual({ type: "string", enum: ["closed", "open"] });
    expect(of([...many, null])).toEqual({
      type: ["null", "string"],
      enum: ["closed", "open", null],
    });
    expect(of([...many, "paused"])).not.toHaveProperty("enum");
    expect(of([...many, "two words", "two words"])).not.toHaveProperty("enum");
  });

  it("takes names that are data for a map", () => {
    const ids = Array.from({ length: 3 }, () => crypto.randomUUID());
    const byId = Object.fromEntries(ids.map((id) => [id, { size: 1 }]));
    const size = { type: "object", properties: { size: { type: "integer" } }, required: ["size"] };
    expect(answerSchema(inferred([answered("/m", { total: 3, ...byId })]), "/m")).toEqual({
      type: "object",
      properties: { total: { type: "integer" } },
      required: ["total"],
      additionalProperties: size,
    });
    const words = Object.fromEntries(
      Array.from({ length: 200 }, (_, n) => [`word-${"x".repeat(n % 20)}-${n}y`, { size: 1 }]),
    );
    expect(answerSchema(inferred([answered("/m", words)]), "/m"))
      .toEqual({ type: "object", additionalProperties: size });
  });
});

describe("path templates", () => {
  const pathsOf = (urls: string[]) =>
    Object.keys(inferred(urls.map((url) => answered(url, {}))).paths);

  it.each([
    ["numbers", ["/users/1", "/users/27/posts/3"], [
      "/users/{userId}",
      "/users/{userId}/posts/{postId}",
    ]],
    ["uuids", ["/orders/8f14e45f-ceea-467f-9c1c-2b8a3f1d9a77"], ["/orders/{orderId}"]],
    ["hashes", ["/commits/9fceb02d0ae598e95dc970b74767f19372d61af8"], ["/commits/{commitId}"]],
    ["dates", ["/days/2026-11-24"], ["/days/{dayId}"]],
    ["ids of a kind", ["/v1/customers/cus_9s6XKzkNRiz8i3"], ["/v1/customers/{customerId}"]],
    ["ids one behind the other", ["/tiles/3/4/5.5"], ["/tiles/{tileId}/{id}/{id2}"]],
    ["words", ["/v2/users/me", "/v2/status"], ["/v2/status", "/v2/users/me"]],
    ["no segment", ["/", "/a/"], ["/", "/a/"]],
  ])("see %s", (_, urls, paths) => {
    expect(pathsOf(urls)).toEqual(paths);
  });

  it("are learned from neighbours that answer alike", () => {
    const profile = (name: string) => ({ name, bio: "", likes: 1, followers: 2, url: "x" });
    const names = ["ada", "bob", "cleo", "dan", "eve"];
    const users = names.map((name) => answered(`/people/${name}`, profile(name)));
    const posts = names.map((name) => answered(`/people/${name}/posts`, []));
    expect(Object.keys(inferred([...users, ...posts]).paths))
      .toEqual(["/people/{peopleId}", "/people/{peopleId}/posts"]);
    expect(Object.keys(inferred(users.slice(0, 4)).paths)).toHaveLength(4);
    expect(Object.keys(inferred([...users, answered("/people/search", { hits: [] })]).paths))
      .toEqual(["/people/search", "/people/{peopleId}"]);
  });

  it("leave resources that share no more than an envelope apart", () => {
    const names = ["users", "orders", "products", "invoices", "carts", "labels", "taxes", "shops"];
    const entries = names.map((name) => answered(`/api/${name}`, { data: [], total: 0 }));
    expect(Object.keys(inferred(entries).paths)).toHaveLength(names.length);
  });

  it("take files of one folder together, and names without number", () => {
    const image = (name: string) =>
      storedEntry({ url: `https://cdn.example/img/${name}` }, {
        responseHeaders: { "content-type": "image/png" },
        responseBody: { text: "iVBORw==", encoding: "base64" },
      });
    const files = Array.from({ length: 12 }, (_, n) => image(`icon-${"abcdefghijkl"[n]}.png`));
    expect(Object.keys(inferred(files).paths)).toEqual(["/img/{imgId}"]);
    const words = Array.from({ length: 300 }, (_, n) => {
      const word = n.toString(26).replace(/\d/g, (digit) => "qrstuvwxyz"[Number(digit)]!);
      return answered(`/words/${word}`, {});
    });
    expect(Object.keys(inferred(words).paths)).toEqual(["/words/{wordId}"]);
  });

  it("type their parameters", () => {
    const document = inferred([answered("/users/1", {}), answered("/users/22", {})]);
    expect(document.paths["/users/{userId}"]!.parameters).toEqual([
      { name: "userId", in: "path", required: true, schema: { type: "integer", examples: [1] } },
    ]);
  });
});

describe("an inferred document", () => {
  const path = fc.array(fc.constantFrom("users", "v1", "7", "a.b", "%7Bx%7D", "ü", ""), {
    maxLength: 4,
  });
  const entry = fc.record({
    method: fc.constantFrom("GET", "POST", "PATCH", "PURGE", null),
    origin: fc.constantFrom("https://a.example", "http://b.example:8080", "about:"),
    path,
    query: fc.constantFrom("", "?page=1&tag=a&tag=b", "?access_token=x&_=1", "?=&%5B%5D=1"),
    status: fc.constantFrom(200, 201, 404, 0, null, -2, 99, 600),
    requestHeaders: fc.constantFrom<Record<string, string>>(
      { Authorization: "Bearer x", "X-Tenant": "a", "Content-Type": "application/json" },
      { cookie: "sid=x; theme=dark", "content-type": "application/x-www-form-urlencoded" },
      { "x-api-key": "k", "content-type": "multipart/form-data; boundary=b" },
      { "https://odd name": "x", "content-type": "nonsense" },
      {},
    ),
    requestBody: fc.constantFrom(
      null,
      '{"a":1}',
      "a=1&b=2",
      '--b\r\nContent-Disposition: form-data; name="f"; filename="x"\r\n\r\nx\r\n--b--\r\n',
    ),
    body: anyJson,
  }).map(({ method, origin, path, query, status, requestHeaders, requestBody, body }) =>
    storedEntry({ method, status, url: `${origin}/${path.join("/")}${query}` }, {
      requestHeaders,
      requestBody,
      responseHeaders: JSON_HEADERS,
      responseBody: JSON.stringify(body),
    })
  );

  it("is valid OpenAPI", { timeout: 30_000 }, async () => {
    // The validator takes half a second for each.
    await fc.assert(
      fc.asyncProperty(
        fc.array(entry, { minLength: 20, maxLength: 60, size: "max" }),
        (entries) => expectValid(inferred(entries)),
      ),
      { numRuns: 5 },
    );
  });

  it("is the same whatever order the entries came in", { timeout: 30_000 }, () => {
    fc.assert(
      fc.property(fc.array(entry, { maxLength: 12 }), (entries) => {
        expect(inferred(entries.toReversed())).toEqual(inferred(entries));
      }),
      { numRuns: 50 },
    );
  });

  it("holds no secret, and says how requests authenticate themselves", async () => {
    const jwt = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJodW50ZXIyIn0.aHVudGVyMg";
    const document = inferred(Array.from({ length: 30 }, () =>
      storedEntry({
        method: "POST",
        url: `https://ada:hunter2@api.example.com/login;jsessionid=hunter2/token/hunter2` +
          `?sid=hunter2&page=1&jwt=${jwt}`,
      }, {
        requestHeaders: {
          ...JSON_HEADERS,
          Authorization: "Bearer hunter2",
          Cookie: "session=hunter2; theme=dark",
          "X-Api-Key": "hunter2",
          "X-Trace": jwt,
          "X-Tenant": "acme",
        },
        requestBody: JSON.stringify({ user: "ada", password: "hunter2", nested: { jwt } }),
        responseHeaders: { ...JSON_HEADERS, "Set-Cookie": "session=hunter2" },
        responseBody: JSON.stringify({ token: "hunter2", tokens: ["hunter2", { a: "hunter2" }] }),
      })));
    expect(JSON.stringify(document)).not.toMatch(/hunter2|eyJ/);
    await expectValid(document);
    expect(document.components.securitySchemes).toEqual({
      bearerAuth: { type: "http", scheme: "bearer" },
      "cookie.session": { type: "apiKey", in: "cookie", name: "session" },
      "header.x-api-key": { type: "apiKey", in: "header", name: "x-api-key" },
      "query.jwt": { type: "apiKey", in: "query", name: "jwt" },
      "query.sid": { type: "apiKey", in: "query", name: "sid" },
    });
    const operation = document.paths["/login/token/{tokenId}"]!.post!;
    expect(operation.security).toEqual([{
      bearerAuth: [],
      "cookie.session": [],
      "header.x-api-key": [],
      "query.jwt": [],
      "query.sid": [],
    }]);
    expect(operation.parameters).toEqual([
      { name: "page", in: "query", required: true, schema: { type: "integer", examples: [1] } },
      {
        name: "x-tenant",
        in: "header",
        required: true,
        schema: { type: "string", examples: ["acme"] },
      },
      { name: "x-trace", in: "header", required: true, schema: { type: "string" } },
    ]);
  });

  it("makes authentication optional where it was, and forgets requests that were refused", () => {
    const bearer = { requestHeaders: { authorization: "Bearer x" } };
    const url = "https://h.example/a";
    const refused = storedEntry({ url, status: 401 });
    const get = (entries: StoredEntry[]) => inferred(entries).paths["/a"]!.get!.security;
    expect(get([refused, storedEntry({ url }, bearer)])).toEqual([{ bearerAuth: [] }]);
    expect(get([storedEntry({ url }), storedEntry({ url }, bearer)])).toEqual([
      { bearerAuth: [] },
      {},
    ]);
  });

  it("describes forms by their fields", () => {
    const form = storedEntry({ method: "POST", url: "https://h.example/a" }, {
      requestHeaders: { "content-type": "application/x-www-form-urlencoded" },
      requestBody: "n=1&password=x&flag=true",
    });
    const upload = storedEntry({ method: "POST", url: "https://h.example/a" }, {
      requestHeaders: { "content-type": 'multipart/form-data; boundary="b"' },
      requestBody: '--b\r\nContent-Disposition: form-data; name="title"\r\n\r\nHi\r\n' +
        '--b\r\nContent-Disposition: form-data; name="file"; filename="x.png"\r\n\r\n..\r\n--b--\r\n',
    });
    const { requestBody } = inferred([form, upload]).paths["/a"]!.post!;
    expect(requestBody).toEqual({
      required: true,
      content: {
        "application/x-www-form-urlencoded": {
          schema: {
            type: "object",
            properties: {
              flag: { type: "boolean", examples: [true] },
              n: { type: "integer", examples: [1] },
              password: { type: "string" },
            },
            required: ["flag", "n", "password"],
          },
        },
        "multipart/form-data": {
          schema: {
            type: "object",
            properties: {
              file: { type: "string", contentMediaType: "application/octet-stream" },
              title: { type: "string", examples: ["Hi"] },
            },
            required: ["file", "title"],
          },
        },
      },
    });
  });

  it("keeps servers apart, but for a path they share", async () => {
    const document = inferred([
      storedEntry({ url: "https://a.example/both/1" }),
      storedEntry({ url: "https://b.example/both/x-1" }),
      storedEntry({ url: "https://b.example/both/2" }),
      storedEntry({ url: "https://b.example/one" }),
    ]);
    await expectValid(document);
    expect(document.servers).toEqual([{ url: "https://a.example" }, { url: "https://b.example" }]);
    expect(document.paths["/both/{bothId}"]).not.toHaveProperty("servers");
    expect(document.paths["/one"]!.servers).toEqual([{ url: "https://b.example" }]);
  });

  it("does not infer from what is redacted", () => {
    const entry = { ...answered("/a", { pin: "[redacted]", x: 1 }), redacted: true };
    const schema = answerSchema(inferred([entry]), "/a");
    expect(schema.properties!.pin).not.toHaveProperty("type");
    expect(refusedBy(schema)({ pin: 1234, x: 1 })).toBe(false);
  });

  it("stays within its room, and says what found none", () => {
    const entries = Array.from({ length: 2_000 }, (_, n) => {
      const name = n.toString(2).replaceAll("0", "a").replaceAll("1", "b");
      return answered(`/${name.slice(0, 5)}/${name}`, { [name]: n, nested: { [name]: [n] } });
    });
    const document = inferred(entries, 300);
    expect(JSON.stringify(document).length).toBeLessThan(300 * 500);
    expect(document.info.description).toMatch(/Left out were \d+ that found no room/);
  });

  it("says what it had to leave out", () => {
    const { info } = inferred([
      storedEntry({ url: "data:text/plain,x" }),
      storedEntry({ method: "PURGE" }),
      storedEntry(),
    ]);
    expect(info.description).toBe(
      "Inferred from 3 captured exchanges. Left out were 1 that have a method that OpenAPI 3.1 has " +
        "no place for. Left out were 1 that have no http or https URL.",
    );
  });
});
