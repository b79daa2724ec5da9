import { defineConfig, loadEnv, type Plugin } from "vite";
import { fileURLToPath } from "node:url";
import { ASSET_HEADERS, ASSETS, metaPolicy, pageHeaders } from "./headers.ts";

const PAGES = ["index", "login", "consent", "account", "devices"];
const file = (name: string) => fileURLToPath(new URL(name, import.meta.url));

/** Puts the policy into every page, and writes `_headers` as Netlify, Cloudflare and others read it. */
function securityHeaders(apiUrl: string | undefined): Plugin {
  const lines = (headers: Record<string, string>) =>
    Object.entries(headers).map(([name, value]) => `  ${name}: ${value}\n`).join("");
  return {
    name: "security-headers",
    transformIndexHtml: () => [{
      tag: "meta",
      attrs: { "http-equiv": "Content-Security-Policy", content: metaPolicy(apiUrl) },
      injectTo: "head-prepend",
    }],
    generateBundle() {
      const pages = ["/", ...PAGES.flatMap((page) => [`/${page}`, `/${page}.html`])]
        .map((path) => `${path}\n${lines(pageHeaders(apiUrl))}`);
      const assets = `${ASSETS}*\n${lines(ASSET_HEADERS)}`;
      this.emitFile({ type: "asset", fileName: "_headers", source: [...pages, assets].join("\n") });
    },
  };
}

export default defineConfig(({ mode }) => {
  const { VITE_SUPABASE_URL } = loadEnv(mode, file("."), "VITE_");
  return {
    root: file("."),
    // busymate-client by its name, from its sources.
    resolve: { tsconfigPaths: true },
    plugins: [securityHeaders(VITE_SUPABASE_URL)],
    build: {
      target: "es2022",
      emptyOutDir: true,
      // Nothing inline: the policy allows no data: and no inline script.
      assetsInlineLimit: 0,
      modulePreload: { polyfill: false },
      rolldownOptions: {
        input: Object.fromEntries(PAGES.map((page) => [page, file(`${page}.html`)])),
      },
    },
  };
});
