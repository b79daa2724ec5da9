import { decodeJwt } from "jose";
import { createCaller } from "../db/caller.ts";
import type { Service } from "../db/service.ts";
import { personClaims } from "../token/claims.ts";
import type { PersonClaims } from "../token/claims.ts";
import type { Signer } from "../token/sign.ts";

/** A person for the length of one update: everything the bot does for them it does as them. */
export interface Turn {
  claims: PersonClaims;
  caller: ReturnType<typeof createCaller>;
}

export interface TurnParts {
  service: Service;
  signer: Signer;
  url: string;
  publishableKey: string;
  fetch: typeof fetch;
}

/** The person a Telegram account is linked to, on a token of five minutes; null when to nobody. */
export async function beginTurn(
  { service, signer, url, publishableKey, fetch }: TurnParts,
  telegramUserId: number,
  signal: AbortSignal,
): Promise<Turn | null> {
  const issued = await service.telegram.turn(telegramUserId, signal);
  if (issued === null) return null;
  const { sub, ...grant } = issued;
  const token = await signer.person({ ...grant, user_id: sub, act: "telegram" });
  return {
    claims: personClaims.parse(decodeJwt(token)),
    caller: createCaller({ url, publishableKey, token, fetch }),
  };
}
