import { createReadStream } from "node:fs";
import { stat } from "node:fs/promises";
import type { IncomingMessage, ServerResponse } from "node:http";
import { extname, join, normalize } from "node:path";

const TYPES: Record<string, string> = {
  ".css": "text/css; charset=utf-8",
  ".html": "text/html; charset=utf-8",
  ".ico": "image/x-icon",
  ".js": "text/javascript; charset=utf-8",
  ".json": "application/json; charset=utf-8",
  ".png": "image/png",
  ".svg": "image/svg+xml",
  ".woff2": "font/woff2",
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
  res.writeHead(200, {
    "content-type": TYPES[extname(file)] ?? "application/octet-stream",
    "cache-control": "no-cache",
    "x-content-type-options": "nosniff",
  });
  if (req.method === "HEAD") res.end();
  else createReadStream(file).on("error", () => res.destroy()).pipe(res);
  return true;
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
