// Supabase's management API as far as a deployment asks it, for one made-up project on this machine.
// It keeps what it is sent, so that what the CLI really uploads is known before anything leaves.

import { createHash } from "node:crypto";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { z } from "zod";

/** A project's ref is twenty lower-case letters. */
export const REHEARSAL_REF = "rehearsalrehearsalre";
/** In the shape that the CLI demands of an access token. */
export const REHEARSAL_TOKEN = `sbp_${"0".repeat(40)}`;

const Metadata = z.looseObject({
  entrypoint_path: z.string(),
  import_map_path: z.string().optional(),
  verify_jwt: z.boolean().optional(),
});

export interface Upload {
  readonly slug: string;
  readonly metadata: z.infer<typeof Metadata>;
  /** Each file by its path in the project. */
  readonly files: ReadonlyMap<string, Uint8Array>;
}

export interface ManagementApi {
  readonly url: string;
  readonly uploads: readonly Upload[];
  /** The slugs that were made active. */
  readonly deployed: readonly string[];
  readonly secrets: ReadonlyMap<string, string>;
  /** Every request, as `POST /v1/…`. */
  readonly requests: readonly string[];
  stop(): Promise<void>;
}

/** Starts it on a free port of 127.0.0.1. */
export async function startManagementApi(): Promise<ManagementApi> {
  const uploads: Upload[] = [];
  const deployed: string[] = [];
  const secrets = new Map<string, string>();
  const requests: string[] = [];

  const routes: Record<string, (request: IncomingMessage, url: URL) => Promise<Answer> | Answer> = {
    "GET ": () => [200, PROJECT],
    "GET /api-keys": () => [200, [{ name: "anon", api_key: "sb_publishable_rehearsal" }]],
    "GET /functions": () => [200, []],
    "GET /secrets": () => [200, [...secrets.keys()].map((name) => ({ name, value: "" }))],
    async "POST /functions/deploy"(request, url) {
      const upload = await readUpload(url.searchParams.get("slug")!, request);
      uploads.push(upload);
      return [201, activeFunction(upload)];
    },
    async "PUT /functions"(request) {
      const list = ActiveFunctions.parse(JSON.parse((await bodyOf(request)).toString()));
      deployed.push(...list.map(({ slug }) => slug));
      return [200, { functions: list }];
    },
    async "POST /secrets"(request) {
      for (const { name, value } of Secrets.parse(JSON.parse((await bodyOf(request)).toString()))) {
        secrets.set(name, value);
      }
      return [201, null];
    },
  };

  async function answerTo(request: IncomingMessage): Promise<Answer> {
    const url = new URL(request.url!, "http://127.0.0.1");
    requests.push(`${request.method} ${url.pathname}`);
    if (request.headers.authorization !== `Bearer ${REHEARSAL_TOKEN}`) {
      return [401, { message: "Unauthorized" }];
    }
    const path = url.pathname.replace(`/v1/projects/${REHEARSAL_REF}`, "");
    return await routes[`${request.method} ${path}`]?.(request, url) ??
      [404, { message: "Not Found" }];
  }

  const server = createServer((request, response) => {
    answerTo(request)
      .catch((error: unknown): Answer => [500, { message: String(error) }])
      .then((answer) => send(response, answer));
  });
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    uploads,
    deployed,
    secrets,
    requests,
    async stop() {
      server.closeAllConnections();
      await new Promise((done) => server.close(done));
    },
  };
}

type Answer = [status: number, body: unknown];

const ActiveFunctions = z.array(z.looseObject({ slug: z.string() }));
const Secrets = z.array(z.object({ name: z.string(), value: z.string() }));

const PROJECT = {
  id: REHEARSAL_REF,
  ref: REHEARSAL_REF,
  organization_id: "rehearsal",
  organization_slug: "rehearsal",
  name: "rehearsal",
  region: "local",
  created_at: "2026-01-01T00:00:00Z",
  status: "ACTIVE_HEALTHY",
  database: {
    host: "db.rehearsal.invalid",
    version: "17.4.1.075",
    postgres_engine: "17",
    release_channel: "ga",
  },
};

function activeFunction({ slug, metadata, files }: Upload) {
  const hash = createHash("sha256");
  for (const [path, bytes] of files) hash.update(path).update(bytes);
  return {
    id: slug,
    slug,
    name: slug,
    status: "ACTIVE",
    version: 1,
    created_at: 0,
    updated_at: 0,
    verify_jwt: metadata.verify_jwt,
    import_map: metadata.import_map_path !== undefined,
    entrypoint_path: metadata.entrypoint_path,
    import_map_path: metadata.import_map_path,
    ezbr_sha256: hash.digest("hex"),
  };
}

/** One `file` part for each file, named by its path, and one part `metadata`. */
async function readUpload(slug: string, request: IncomingMessage): Promise<Upload> {
  const form = await new Response(new Uint8Array(await bodyOf(request)), {
    headers: { "Content-Type": request.headers["content-type"]! },
  }).formData();
  const metadata = form.get("metadata");
  const text = metadata instanceof Blob ? await metadata.text() : metadata;
  const files = new Map<string, Uint8Array>();
  for (const part of form.getAll("file")) {
    if (typeof part === "string") throw new Error("a part named file is no file");
    files.set(part.name, new Uint8Array(await part.arrayBuffer()));
  }
  return { slug, metadata: Metadata.parse(JSON.parse(text ?? "null")), files };
}

async function bodyOf(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

function send(response: ServerResponse, [status, body]: Answer): void {
  response.writeHead(status, { "Content-Type": "application/json" });
  response.end(body === null ? "" : JSON.stringify(body));
}
