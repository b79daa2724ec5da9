import { createReadStream } from "node:fs";
import { stat } from "node:fs/promises";
import type { IncomingMessage, ServerResponse } from "node:http";
import { extname, join, normalize } from "node:path";
import { ASSET_HEADERS, ASSETS, pageHeaders } from "../../web/headers.ts";

const TYPES: Record<string, string> = {
  ".css": "text/css; charset=utf-8",
  ".html": "text/html; charset=utf-8",
  ".ico": "image/x-icon",
  ".js": "text/javascript; charset=utf-8",
  ".json": "application/json; charset=utf-8",
  ".png": "image/png",
  ".svg": "image/svg+xml",
};

/** Serves the built web app, where /login is login.html. False when there is no such page. */
export async function serveWeb(
  dist: string,
  path: string,
  req: IncomingMessage,
  res: ServerResponse,
): Promise<boolean> {
  const file = await findFile(dist, path);
  if (!file) return false;
  const type = TYPES[extname(file)] ?? "application/octet-stream";
  res.writeHead(200, { ...headersFor(path, type), "Content-Type": type });
  if (req.method === "HEAD") res.end();
  else createReadStream(file).on("error", () => res.destroy()).pipe(res);
  return true;
}

function headersFor(path: string, type: string): Record<string, string> {
  if (path.startsWith(ASSETS)) return ASSET_HEADERS;
  if (type === TYPES[".html"]) return pageHeaders();
  return { "X-Content-Type-Options": "nosniff", "Cache-Control": "no-cache" };
}

async function findFile(dist: string, path: string): Promise<string | undefined> {
  const name = decodedPath(path);
  if (name === undefined) return undefined;
  for (const candidate of [name, `${name}.html`, join(name, "index.html")]) {
    const file = join(dist, candidate);
    if (await stat(file).then((found) => found.isFile(), () => false)) return file;
  }
  return undefined;
}

/** A path that starts at the root and cannot climb above it; undefined when it is not text. */
function decodedPath(path: string): string | undefined {
  try {
    const name = decodeURIComponent(path.split("?")[0]!);
    return name.includes("\0") ? undefined : normalize(`/${name}`);
  } catch {
    return undefined;
  }
}
