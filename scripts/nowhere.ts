import { exportJWK, generateKeyPair } from "jose";

/** An environment in which every function starts and none reaches anything: to look at what they are. */
export async function nowhereEnvironment(): Promise<Record<string, string>> {
  const { privateKey } = await generateKeyPair("ES256", { extractable: true });
  const nowhere = "http://127.0.0.1:1";
  return {
    SUPABASE_URL: nowhere,
    SUPABASE_PUBLISHABLE_KEYS: '{"default":"sb_publishable_nowhere"}',
    SUPABASE_SECRET_KEYS: '{"default":"sb_secret_nowhere"}',
    BUSYMATE_ISSUER: `${nowhere}/functions/v1/mcp`,
    BUSYMATE_WEB_URL: nowhere,
    BUSYMATE_SIGNING_KEY: JSON.stringify({ ...await exportJWK(privateKey), kid: "nowhere" }),
  };
}
