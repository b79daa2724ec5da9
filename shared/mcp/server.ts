import { ProtocolError, ProtocolErrorCode, Server } from "@modelcontextprotocol/server";
import version from "../../version.json" with { type: "json" };
import { AppError } from "../http/errors.ts";
import { type Call, holds } from "../operations/call.ts";
import { dispatch } from "../operations/dispatch.ts";
import { OPERATIONS } from "../operations/registry.ts";
import { workspacesOf } from "../operations/workspaces.ts";
import { type Surface, toolsFor } from "./surface.ts";
import { DOCS, instructionsFor, PROMPTS } from "./texts.ts";
import { callTool, shortened } from "./tools.ts";

/** Lists vary with the caller's rights: a client may keep them, a shared cache may not. */
const CACHE = { ttlMs: 300_000, cacheScope: "private" } as const;
const SCHEME = "busymate://";
const TEMPLATES = [
  {
    uriTemplate: `${SCHEME}entries/{id}`,
    name: "entry",
    title: "A captured exchange",
    description: "Headers and the beginning of the bodies, secrets as placeholders.",
    mimeType: "text/plain",
  },
  {
    uriTemplate: `${SCHEME}captures/{workspace_id}`,
    name: "capture",
    title: "A workspace's newest exchanges",
    description: "The newest 50, one line each.",
    mimeType: "text/plain",
  },
];

/** The server of one request: what it lists and runs is the caller's. */
export function mcpServer(call: Call, surface: Surface): Server {
  const server = new Server(
    { name: "busymate", title: version.name, version: version.version },
    {
      instructions: instructionsFor(call.rights, surface),
      capabilities: {
        tools: { listChanged: false },
        resources: { listChanged: false },
        prompts: { listChanged: false },
      },
    },
  );
  server.setRequestHandler(
    "tools/list",
    () => ({ tools: toolsFor(call.rights, surface), ...CACHE }),
  );
  server.setRequestHandler(
    "tools/call",
    ({ params }) => callTool(call, surface, params.name, params.arguments ?? {}),
  );
  server.setRequestHandler("resources/list", async () => ({
    resources: [...documents(), ...await captures(call)],
    ...CACHE,
  }));
  server.setRequestHandler(
    "resources/templates/list",
    () => ({ resourceTemplates: TEMPLATES, ...CACHE }),
  );
  server.setRequestHandler("resources/read", async ({ params: { uri } }) => ({
    contents: [{ uri, ...await read(call, uri) }],
    ...CACHE,
    ttlMs: 0,
  }));
  server.setRequestHandler("prompts/list", () => ({
    prompts: Object.entries(PROMPTS).map(([name, prompt]) => ({
      name,
      title: prompt.title,
      description: prompt.description,
      arguments: prompt.arguments,
    })),
    ...CACHE,
  }));
  server.setRequestHandler("prompts/get", ({ params }) => {
    const prompt = Object.hasOwn(PROMPTS, params.name) ? PROMPTS[params.name] : undefined;
    if (!prompt) throw invalid(`There is no prompt ${shortened(params.name)}.`);
    const given = params.arguments ?? {};
    const missing = prompt.arguments.find(({ name, required }) => required && !given[name]);
    if (missing) throw invalid(`${missing.name}: give ${missing.description}.`);
    return {
      description: prompt.description,
      messages: [{ role: "user", content: { type: "text", text: prompt.text(given) } }],
    };
  });
  return server;
}

function documents() {
  return Object.entries(DOCS).map(([name, { title, description }]) => ({
    uri: `${SCHEME}docs/${name}`,
    name,
    title,
    description,
    mimeType: "text/markdown",
  }));
}

/** A capture for each workspace of the caller, so that a person can pick one from their client's menu. */
async function captures(call: Call) {
  if (!holds(call.rights, "entries", "view")) return [];
  return (await workspacesOf(call)).map(({ id, name }) => ({
    uri: `${SCHEME}captures/${id}`,
    name: `capture-${id}`,
    title: name,
    description: "The newest 50 exchanges of this workspace, one line each.",
    mimeType: "text/plain",
  }));
}

const invalid = (message: string) => new ProtocolError(ProtocolErrorCode.InvalidParams, message);

const noResource = (uri: string, why = "") =>
  new ProtocolError(
    ProtocolErrorCode.InvalidParams,
    `There is no resource ${shortened(uri)} for you. ${why}`.trim(),
    { uri: shortened(uri) },
  );

/** A resource's text. What one may not see is answered as what there is not. */
async function read(call: Call, uri: string): Promise<{ mimeType: string; text: string }> {
  const [kind, key = ""] = uri.startsWith(SCHEME) ? uri.slice(SCHEME.length).split("/") : [];
  if (kind === "docs" && Object.hasOwn(DOCS, key)) {
    return { mimeType: "text/markdown", text: DOCS[key]!.text() };
  }
  const operation = kind === "entries"
    ? { name: "get_entry", args: { id: key } }
    : kind === "captures"
    ? { name: "search_entries", args: { workspace_id: key, limit: 50 } }
    : undefined;
  if (!operation) throw noResource(uri);
  try {
    const { text } = await dispatch(call, OPERATIONS.get(operation.name)!, operation.args);
    return { mimeType: "text/plain", text };
  } catch (error) {
    if (error instanceof AppError && error.status < 500 && error.status !== 401) {
      throw noResource(uri, error.message);
    }
    throw error;
  }
}
