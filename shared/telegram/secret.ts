import { AppError } from "../http/errors.ts";

const HEADER = "X-Telegram-Bot-Api-Secret-Token";

/**
 * A 401 unless the request carries what setWebhook was told. Both sides are hashed first, so that the
 * time it takes tells neither how long the secret is nor how much of it was right.
 */
export async function demandWebhookSecret(headers: Headers, secret: string): Promise<void> {
  const presented = headers.get(HEADER);
  if (presented === null) {
    throw new AppError("missing_token", `The header ${HEADER} is missing.`);
  }
  const [a, b] = await Promise.all([digest(presented), digest(secret)]);
  let difference = 0;
  for (const [at, byte] of a.entries()) difference |= byte ^ b[at]!;
  if (difference !== 0) throw new AppError("invalid_token", `The header ${HEADER} is wrong.`);
}

async function digest(text: string): Promise<Uint8Array> {
  return new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text)));
}
