import { exportJWK, generateKeyPair, importJWK, type JWK, SignJWT } from "jose";
import { randomBytes, randomUUID } from "node:crypto";
import { readFile, rename, writeFile } from "node:fs/promises";
import { z } from "zod";
import { Complaint } from "../scripts/complaint.ts";

/** What a hosted project calls its API keys and JWT signing key. */
export interface StackKeys {
  /** Private ES256 key; its `kid` is in the key set. */
  signingKey: JWK;
  /** The public half, as served at /auth/v1/.well-known/jwks.json. */
  jwks: { keys: JWK[] };
  publishableKey: string;
  secretKey: string;
  /** What the publishable key stands for: the database role anon. */
  anonJwt(): string;
  /** What the secret key stands for: the database role service_role. */
  serviceJwt(): string;
}

/** The part of the keys that is kept; the rest is derived from it. */
type StoredKeys = Pick<StackKeys, "signingKey" | "publishableKey" | "secretKey">;

const part = z.string().min(1);
const Stored = z.object({
  signingKey: z.looseObject({ kty: part, crv: part, x: part, y: part, d: part, kid: part }),
  publishableKey: part,
  secretKey: part,
});

/** Reads the keys from a file, or makes them and keeps them there (readable by the owner alone). */
export async function loadKeys(file: string): Promise<StackKeys> {
  const stored = await readKeys(file) ?? await createKeys(file);
  const { kty, crv, x, y, kid } = stored.signingKey;
  // Both roles are signed once: every part that is handed the keys then sees the same two tokens.
  const [anon, service] = await Promise.all([
    signRole(stored.signingKey, "anon"),
    signRole(stored.signingKey, "service_role"),
  ]);
  return {
    ...stored,
    jwks: { keys: [{ kty, crv, x, y, kid, alg: "ES256", use: "sig", key_ops: ["verify"] } as JWK] },
    anonJwt: () => anon,
    serviceJwt: () => service,
  };
}

async function readKeys(file: string): Promise<StoredKeys | undefined> {
  let text: string;
  try {
    text = await readFile(file, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
  try {
    return Stored.parse(JSON.parse(text));
  } catch {
    throw new Complaint(
      `${file} holds no keys of a stack. Put it back from a backup; without it, delete the file: ` +
        "everybody signs in and every device is paired again.",
    );
  }
}

async function createKeys(file: string): Promise<StoredKeys> {
  const { privateKey } = await generateKeyPair("ES256", { extractable: true });
  const keys: StoredKeys = {
    signingKey: {
      ...await exportJWK(privateKey),
      kid: randomUUID(),
      alg: "ES256",
      use: "sig",
    },
    publishableKey: `sb_publishable_${randomBytes(24).toString("base64url")}`,
    secretKey: `sb_secret_${randomBytes(24).toString("base64url")}`,
  };
  await writeFile(`${file}.new`, JSON.stringify(keys, null, 2), { mode: 0o600 });
  await rename(`${file}.new`, file);
  return keys;
}

/** Hosted projects sign their API keys' tokens for ten years. */
async function signRole(signingKey: JWK, role: string): Promise<string> {
  return await new SignJWT({ role })
    .setProtectedHeader({ alg: "ES256", kid: signingKey.kid!, typ: "JWT" })
    .setIssuer("supabase")
    .setIssuedAt()
    .setExpirationTime("10y")
    .sign(await importJWK(signingKey, "ES256"));
}
