// Telegram as the bot's function sees it: accounts that write, and what is to be read in their chats.

import { randomInt } from "node:crypto";
import { expect, inject } from "vitest";
import type { BotCall, Fault } from "../../support/telegram/bot-api.ts";
import type { TelegramTarget } from "../../support/telegram/setup.ts";
import { stack } from "../../support/stack.ts";

export type { BotCall };

export const telegram = (): TelegramTarget => {
  const target = inject("telegram");
  if (!target) throw new Error("These tests start the bot's stack themselves.");
  return target;
};

const newId = () => randomInt(1, 2 ** 40);

export interface Account {
  readonly id: number;
  readonly username: string;
  readonly first_name: string;
}

export function newAccount(): Account {
  const id = newId();
  return { id, username: `user_${id}`, first_name: `Person ${id}` };
}

export interface Chat {
  readonly id: number;
  readonly type: "private" | "group";
}

const alone = ({ id }: Account): Chat => ({ id, type: "private" });
export const newGroup = (): Chat => ({ id: -newId(), type: "group" });

/** An update with a message, as Telegram sends one. */
export function updateOf(from: Account, text: string, chat: Chat = alone(from)) {
  const command = /^\/\w+(@\w+)?/.exec(text)?.[0];
  return {
    update_id: newId(),
    message: {
      message_id: newId(),
      date: Math.floor(Date.now() / 1000),
      chat: chat.type === "private" ? { ...from, ...chat } : { ...chat, title: "A group" },
      from: { ...from, is_bot: false, language_code: "en" },
      text,
      ...(command && { entities: [{ type: "bot_command", offset: 0, length: command.length }] }),
    },
  };
}

/** Posts to the function; the right secret unless told. */
export function post(
  body: BodyInit | object,
  secret: string | null = telegram().webhookSecret,
  path = "",
): Promise<Response> {
  return fetch(`${stack().url}/functions/v1/telegram-bot${path}`, {
    method: "POST",
    headers: {
      "Content-Type": "application/json",
      ...(secret !== null && { "X-Telegram-Bot-Api-Secret-Token": secret }),
    },
    body: typeof body === "string" || body instanceof ReadableStream ? body : JSON.stringify(body),
    ...(body instanceof ReadableStream && { duplex: "half" }),
  });
}

async function chatOf(id: number, path = "", init?: RequestInit) {
  const answer = await fetch(`${telegram().apiRoot}/chats/${id}${path}`, init);
  return await answer.json() as { calls: BotCall[]; texts: string[] };
}

/** What bots did in a chat, failures included. */
export const callsIn = async (id: number): Promise<BotCall[]> => (await chatOf(id)).calls;
/** What is to be read in a chat, in order. */
export const textsIn = async (id: number): Promise<string[]> => (await chatOf(id)).texts;
export const failIn = (id: number, fault: Fault) =>
  chatOf(id, "/faults", { method: "POST", body: JSON.stringify(fault) });

/** Writes to the bot and returns what it answers: the message that came next. */
export async function write(
  from: Account,
  text: string,
  chat: Chat = alone(from),
): Promise<string> {
  const before = (await textsIn(chat.id)).length;
  const answer = await post(updateOf(from, text, chat));
  expect(answer.status, await answer.text()).toBe(200);
  return await nextText(chat.id, before);
}

/** Waits for the message after as many as there were. */
export async function nextText(chatId: number, before: number): Promise<string> {
  await expect.poll(async () => (await textsIn(chatId)).length, { timeout: 15_000 })
    .toBeGreaterThan(before);
  return (await textsIn(chatId))[before]!;
}

/** The code in the bot's answer to /login. */
export async function newCode(from: Account): Promise<string> {
  const answer = await write(from, "/login");
  return /\/account\?tglink=([\w-]+)/.exec(answer)![1]!;
}
