// OpenAPI 3.1 of both surfaces that speak HTTP: PostgREST's from the catalogue, the functions' from
// their own declarations.

import { z } from "zod";
import { ERROR_STATUS } from "../../shared/http/errors.ts";
import { ROUTES } from "../../shared/reference/routes.ts";
import type { Route } from "../../shared/reference/route.ts";
import type { Catalogue, Column, Rpc, Table } from "./catalogue.ts";

type Json = Record<string, unknown>;

const TYPES: Record<string, Json> = {
  uuid: { type: "string", format: "uuid" },
  boolean: { type: "boolean" },
  integer: { type: "integer", minimum: -2147483648, maximum: 2147483647 },
  bigint: { type: "integer" },
  numeric: { type: "number" },
  "double precision": { type: "number" },
  jsonb: {},
  "timestamp with time zone": { type: "string", format: "date-time" },
  date: { type: "string", format: "date" },
};

function typeOf(type: string): Json {
  if (type.endsWith("[]")) return { type: "array", items: typeOf(type.slice(0, -2)) };
  return TYPES[type] ?? { type: "string" };
}

/** The whole document. */
export function openApiDocument({ tables, rpcs }: Catalogue, version: string): Json {
  return {
    openapi: "3.1.0",
    info: {
      title: "Busymate",
      version,
      description:
        "REST tables and RPCs (PostgREST) and the edge functions. One access token opens both.",
    },
    servers: [{ url: "http://127.0.0.1:54321", description: "The embedded stack" }],
    security: [{ accessToken: [] }],
    paths: Object.fromEntries([
      ...tables.filter(({ verbs }) => verbs.length > 0).map((
        table,
      ) => [`/rest/v1/${table.name}`, tablePath(table)]),
      ...rpcs.map((rpc) => [`/rest/v1/rpc/${rpc.name}`, rpcPath(rpc)]),
      ...functionPaths(),
    ]),
    components: {
      securitySchemes: {
        accessToken: {
          type: "http",
          scheme: "bearer",
          bearerFormat: "JWT",
          description: "A person's access token.",
        },
        deviceCredential: {
          type: "http",
          scheme: "bearer",
          bearerFormat: "JWT",
          description: "A device's credential.",
        },
        session: {
          type: "http",
          scheme: "bearer",
          bearerFormat: "JWT",
          description: "A session of Supabase Auth.",
        },
      },
      schemas: {
        ...Object.fromEntries(tables.map(({ name, columns }) => [name, rowSchema(columns)])),
        Error: {
          type: "object",
          required: ["error"],
          properties: {
            error: {
              type: "object",
              required: ["code", "message", "request_id"],
              properties: {
                code: { type: "string", enum: Object.keys(ERROR_STATUS) },
                message: { type: "string" },
                details: {},
                request_id: { type: "string" },
              },
            },
          },
        },
        PostgrestError: {
          type: "object",
          required: ["code", "message"],
          properties: {
            code: { type: "string" },
            message: { type: "string" },
            details: { type: ["string", "null"] },
            hint: { type: ["string", "null"] },
          },
        },
      },
    },
  };
}

function rowSchema(columns: Column[]): Json {
  return {
    type: "object",
    properties: Object.fromEntries(columns.map((column) => [column.name, {
      ...nullable(typeOf(column.type), column.nullable),
      ...(column.about && { description: column.about }),
    }])),
  };
}

const nullable = (schema: Json, is: boolean): Json =>
  is && typeof schema["type"] === "string" ? { ...schema, type: [schema["type"], "null"] } : schema;

function body(columns: Column[], required: boolean): Json {
  const wanted = required ? columns.filter(({ nullable, default: has }) => !nullable && !has) : [];
  return {
    required: true,
    content: {
      "application/json": {
        schema: {
          ...rowSchema(columns),
          ...(wanted.length > 0 && { required: wanted.map(({ name }) => name) }),
        },
      },
    },
  };
}

const POSTGREST_ERROR = {
  description: "Refused: no valid token, no right, or a fault in the request.",
  content: { "application/json": { schema: { $ref: "#/components/schemas/PostgrestError" } } },
};

function tablePath({ name, about, verbs, columns }: Table): Json {
  const filters = columns.map((column) => ({
    name: column.name,
    in: "query",
    description: `PostgREST filter on ${column.name}, such as eq.value`,
    schema: { type: "string" },
  }));
  const paging = ["select", "order", "limit", "offset"].map((parameter) => ({
    name: parameter,
    in: "query",
    schema: { type: parameter === "select" || parameter === "order" ? "string" : "integer" },
  }));
  const rows = {
    description: "Rows",
    content: {
      "application/json": {
        schema: { type: "array", items: { $ref: `#/components/schemas/${name}` } },
      },
    },
  };
  const method = (verb: string, operation: Json) =>
    verbs.includes(verb)
      ? {
        tags: ["tables"],
        ...operation,
        responses: { ...operation["responses"] as Json, default: POSTGREST_ERROR },
      }
      : undefined;
  return present({
    description: about,
    get: method("select", {
      operationId: `select_${name}`,
      summary: `Read ${name}`,
      parameters: [...filters, ...paging],
      responses: { "200": rows },
    }),
    post: method("insert", {
      operationId: `insert_${name}`,
      summary: `Add to ${name}`,
      requestBody: body(columns.filter(({ insert }) => insert), true),
      responses: { "201": { description: "Created" } },
    }),
    patch: method("update", {
      operationId: `update_${name}`,
      summary: `Change ${name}`,
      parameters: filters,
      requestBody: body(columns.filter(({ update }) => update), false),
      responses: {
        "204": { description: "Changed, as far as rows matched and are yours to change" },
      },
    }),
    delete: method("delete", {
      operationId: `delete_${name}`,
      summary: `Delete from ${name}`,
      parameters: filters,
      responses: {
        "204": { description: "Deleted, as far as rows matched and are yours to delete" },
      },
    }),
  });
}

function rpcPath({ name, about, arguments: given, roles }: Rpc): Json {
  const needed = given.filter(({ optional }) => !optional).map((one) => one.name);
  return {
    post: {
      tags: ["rpcs"],
      operationId: `rpc_${name}`,
      summary: about,
      security: roles.map((role) =>
        role === "device" ? { deviceCredential: [] } : { accessToken: [] }
      ),
      requestBody: {
        required: given.length > 0,
        content: {
          "application/json": {
            schema: {
              type: "object",
              properties: Object.fromEntries(given.map((one) => [one.name, typeOf(one.type)])),
              ...(needed.length > 0 && { required: needed }),
              additionalProperties: false,
            },
          },
        },
      },
      responses: {
        "200": { description: "The answer", content: { "application/json": { schema: {} } } },
        default: POSTGREST_ERROR,
      },
    },
  };
}

const SECURITY: Record<Route["credential"], Json[]> = {
  none: [],
  person: [{ accessToken: [] }],
  device: [{ deviceCredential: [] }],
  session: [{ session: [] }],
};

function functionPaths(): [string, Json][] {
  const paths = new Map<string, Json>();
  for (const route of ROUTES) {
    const path = `/functions/v1/${route.function}${route.path === "/" ? "" : route.path}`
      .replaceAll(/:(\w+)/g, "{$1}");
    paths.set(path, { ...paths.get(path), [route.method.toLowerCase()]: functionOperation(route) });
  }
  return [...paths];
}

function functionOperation(route: Route): Json {
  const parameters = [
    ...parametersOf("path", route.parameters),
    ...parametersOf("query", route.query),
  ];
  return {
    tags: [route.function],
    operationId: `${route.function}_${route.method.toLowerCase()}${
      route.path.replaceAll(/\W+/g, "_")
    }`,
    summary: route.summary,
    security: SECURITY[route.credential],
    ...(parameters.length > 0 && { parameters }),
    ...(route.body && {
      requestBody: {
        required: !route.bodyOptional,
        content: {
          [route.form ? "application/x-www-form-urlencoded" : "application/json"]: {
            schema: jsonSchema(route.body),
          },
        },
      },
    }),
    responses: {
      [String(route.status)]: {
        description: route.answers,
        ...(route.answer &&
          { content: { "application/json": { schema: jsonSchema(route.answer) } } }),
      },
      default: {
        description: route.form ? "RFC 6749's errors" : "The error envelope",
        content: {
          "application/json": {
            schema: route.form
              ? {
                type: "object",
                required: ["error"],
                properties: { error: { type: "string" }, error_description: { type: "string" } },
              }
              : { $ref: "#/components/schemas/Error" },
          },
        },
      },
    },
  };
}

function parametersOf(place: "path" | "query", shape: z.ZodObject | undefined): Json[] {
  if (!shape) return [];
  const { properties = {}, required = [] } = jsonSchema(shape) as {
    properties?: Record<string, Json>;
    required?: string[];
  };
  return Object.entries(properties).map(([name, schema]) => ({
    name,
    in: place,
    required: place === "path" || required.includes(name),
    schema,
  }));
}

function jsonSchema(schema: z.ZodType): Json {
  const { $schema: _, ...json } = z.toJSONSchema(schema, {
    io: "input",
    unrepresentable: "any",
  }) as Json;
  return json;
}

const present = (object: Json): Json =>
  Object.fromEntries(Object.entries(object).filter(([, value]) => value !== undefined));
