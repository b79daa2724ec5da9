import { exportJWK, generateKeyPair, importJWK, type JWK, SignJWT } from "jose";
import { randomBytes, randomUUID } from "node:crypto";
import { readFile, rename } from "node:fs/promises";
import { z } from "zod";
import { Complaint } from "../scripts/complaint.ts";
import { writeSynced } from "./exchange.ts";

/** What a hosted project calls its API keys and JWT signing key. */
export interface StackKeys {
  /** Private ES256 key; its `kid` is in the key set. */
  signingKey: JWK;
  /** Public halves as served at /auth/v1/.well-known/jwks.json: what signs now, then what signed before. */
  jwks: { keys: JWK[] };
  publishableKey: string;
  secretKey: string;
  /** What the publishable key stands for: the database role anon. */
  anonJwt(): string;
  /** What the secret key stands for: the database role service_role. */
  serviceJwt(): string;
}

const part = z.string().min(1);
const PublicKey = z.object({ kty: part, crv: part, x: part, y: part, kid: part });
const Stored = z.object({
  signingKey: PublicKey.extend({ d: part }).loose(),
  /** Keys that sign no more, the newest first: what they signed stays valid until they are revoked. */
  retired: z.array(PublicKey).default([]),
  publishableKey: part,
  secretKey: part,
});

/** The part of the keys that is kept; the rest is derived from it. */
type StoredKeys = z.infer<typeof Stored>;

/** Reads the keys from a file, or makes them and keeps them there (readable by the owner alone). */
export async function loadKeys(file: string): Promise<StackKeys> {
  const stored = await readKeys(file) ?? await createKeys(file);
  // Both roles are signed once: every part that is handed the keys then sees the same two tokens.
  const [anon, service] = await Promise.all([
    signRole(stored.signingKey, "anon"),
    signRole(stored.signingKey, "service_role"),
  ]);
  return {
    ...stored,
    jwks: { keys: [stored.signingKey, ...stored.retired].map(publicJwk) },
    anonJwt: () => anon,
    serviceJwt: () => service,
  };
}

/** Only the public members, whatever else a key holds. */
const publicJwk = (key: z.infer<typeof PublicKey>): JWK => ({
  ...PublicKey.parse(key),
  alg: "ES256",
  use: "sig",
  key_ops: ["verify"],
});

/** From the next start a new key signs; what the keys before it signed is still accepted. */
export async function rotateSigningKey(file: string): Promise<{ kid: string; accepted: number }> {
  const stored = await existingKeys(file);
  const signingKey = await newSigningKey();
  const retired = [PublicKey.parse(stored.signingKey), ...stored.retired];
  await writeKeys(file, { ...stored, signingKey, retired });
  return { kid: signingKey.kid, accepted: retired.length };
}

/** From the next start nothing is accepted but what the present key signs. Tells how many keys went. */
export async function revokeRetiredKeys(file: string): Promise<number> {
  const stored = await existingKeys(file);
  await writeKeys(file, { ...stored, retired: [] });
  return stored.retired.length;
}

async function existingKeys(file: string): Promise<StoredKeys> {
  const stored = await readKeys(file);
  if (stored) return stored;
  throw new Complaint(`${file} is not there yet: npm start makes it.`);
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
  const keys: StoredKeys = {
    signingKey: await newSigningKey(),
    retired: [],
    publishableKey: `sb_publishable_${randomBytes(24).toString("base64url")}`,
    secretKey: `sb_secret_${randomBytes(24).toString("base64url")}`,
  };
  await writeKeys(file, keys);
  return keys;
}

async function newSigningKey(): Promise<StoredKeys["signingKey"]> {
  const { privateKey } = await generateKeyPair("ES256", { extractable: true });
  const jwk = { ...await exportJWK(privateKey), kid: randomUUID(), alg: "ES256", use: "sig" };
  return Stored.shape.signingKey.parse(jwk);
}

/** Whole or not at all: without its keys a stack's tokens are worth nothing. */
async function writeKeys(file: string, keys: StoredKeys): Promise<void> {
  await writeSynced(`${file}.new`, JSON.stringify(keys, null, 2));
  await rename(`${file}.new`, file);
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
