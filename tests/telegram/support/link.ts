// Linking as the account page and connected apps do it, each call from an address of its own.

import { newAddress } from "../../support/neighbour.ts";
import type { Answer } from "../../support/rest.ts";
import { call, newPerson, type Person } from "../../support/world.ts";
import { type Account, newAccount, newCode, nextText } from "./chat.ts";

export interface Refusal {
  code: string;
  message: string;
}

async function rpcFrom<T>(
  address: string,
  token: string,
  name: string,
  args: Record<string, unknown>,
): Promise<Answer<T>> {
  const response = await call(`/rest/v1/rpc/${name}`, token, {
    method: "POST",
    body: JSON.stringify(args),
    address,
  });
  return { status: response.status, body: await response.json() as T, headers: response.headers };
}

/** Whose account a code would link. */
export const peek = (token: string, code: string, address = newAddress()) =>
  rpcFrom<Account & Refusal>(address, token, "get_telegram_link_request", { code });

export const consume = (
  token: string,
  code: string,
  args: { confirm?: boolean } = {},
  address = newAddress(),
) =>
  rpcFrom<{ linked?: true } & Refusal>(address, token, "consume_telegram_link_code", {
    code,
    ...args,
  });

/** A person with a Telegram account linked to theirs. */
export async function newLinked(role = "member"): Promise<{ person: Person; account: Account }> {
  const [person, account] = [await newPerson(role), newAccount()];
  const { status, body } = await consume(person.token, await newCode(account));
  if (status !== 200) throw new Error(`not linked: ${status} ${body.message}`);
  // What the chat is told of it comes by itself: later it would be taken for another answer.
  await nextText(account.id, 1);
  return { person, account };
}
