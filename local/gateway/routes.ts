import type { FunctionConfig } from "../functions/config.ts";

/** The ports of the parts behind the gateway. */
export interface Upstreams {
  rest: number;
  auth: number;
  realtime: number;
  functions: ReadonlyMap<string, FunctionConfig & { port: number }>;
  /** Whether discovery documents answer at the root too, which a hosted project cannot have. */
  rootWellKnown: boolean;
}

/** Where a path leads and who must show what there. */
export type Route =
  | {
    to: "platform";
    service: "rest" | "auth" | "realtime";
    port: number;
    /** What the part is asked for; PostgREST would take `apikey` for a filter on a column. */
    path: string;
    /** Realtime reads its key itself. */
    pathWithKey: string;
    /** Needs no key: discovery, and what a browser opens by itself. */
    open: boolean;
  }
  | { to: "function"; service: string; port: number; path: string; verifyJwt: boolean }
  | { to: "web"; path: string }
  | { to: "nowhere"; what: string };

const OPEN_AUTH_PATHS = new Set(["/.well-known/jwks.json"]);

/** Finds the way by the prefixes of a hosted project; `url` is a request's path with its query. */
export function findRoute(url: string, upstreams: Upstreams): Route {
  for (const service of ["rest", "auth", "realtime"] as const) {
    const path = stripPrefix(url, `/${service}/v1`);
    if (path === undefined) continue;
    const open = service === "auth" && OPEN_AUTH_PATHS.has(path.split("?")[0]!);
    const port = upstreams[service];
    return { to: "platform", service, port, path: withoutKey(path), pathWithKey: path, open };
  }
  const path = url.split("?")[0] === "/api/version" ? url : stripPrefix(url, "/functions/v1");
  if (path !== undefined) return functionRoute(path, upstreams);
  if (url.startsWith("/.well-known/")) {
    const discovery = upstreams.rootWellKnown ? discoveryPath(url) : undefined;
    return discovery ? functionRoute(discovery, upstreams) : { to: "nowhere", what: url };
  }
  return { to: "web", path: url };
}

/** Discovery documents of the one issuer here: at the plain root, or with its path inserted. */
const DISCOVERY =
  /^\/\.well-known\/(oauth-protected-resource|oauth-authorization-server|openid-configuration)(?:\/functions\/v1\/mcp)?\/?(\?.*)?$/;

/** Where the function serves what RFC 8414 and RFC 9728 have clients look for at the root. */
function discoveryPath(url: string): string | undefined {
  const [, document, query = ""] = DISCOVERY.exec(url) ?? [];
  return document && `/mcp/.well-known/${document}${query}`;
}

function functionRoute(path: string, upstreams: Upstreams): Route {
  const slug = /^\/([^/?]*)/.exec(path)?.[1] ?? "";
  const found = upstreams.functions.get(slug);
  if (!found) return { to: "nowhere", what: `/functions/v1${path}` };
  return { to: "function", service: slug, port: found.port, path, verifyJwt: found.verifyJwt };
}

/** The path after a prefix of whole segments. */
function stripPrefix(url: string, prefix: string): string | undefined {
  if (!url.startsWith(prefix)) return undefined;
  const rest = url.slice(prefix.length);
  if (rest === "") return "/";
  if (rest.startsWith("?")) return `/${rest}`;
  return rest.startsWith("/") ? rest : undefined;
}

function withoutKey(path: string): string {
  const [before, query] = path.split("?", 2);
  if (!query?.includes("apikey=")) return path;
  const kept = query.split("&").filter((pair) => !pair.startsWith("apikey="));
  return kept.length === 0 ? before! : `${before}?${kept.join("&")}`;
}
