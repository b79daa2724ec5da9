import type { Config } from "../config/config.ts";

/** What a client with an access token needs to reach every surface. Nothing in it is secret. */
export function connectionOf(
  config: Config<"SUPABASE_URL" | "SUPABASE_PUBLISHABLE_KEYS" | "BUSYMATE_ISSUER">,
) {
  const url = config.SUPABASE_URL;
  return {
    url,
    publishable_key: config.SUPABASE_PUBLISHABLE_KEYS,
    issuer: config.BUSYMATE_ISSUER,
    realtime_url: `${url.replace(/^http/, "ws")}/realtime/v1`,
    rest_url: `${url}/rest/v1`,
    mcp_url: config.BUSYMATE_ISSUER,
  };
}
