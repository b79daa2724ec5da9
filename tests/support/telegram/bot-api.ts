// A Bot API server for tests: speaks Telegram's protocol, remembers what bots did in each chat, and
// fails on request. Tests run in other processes, so they ask it over HTTP too (see chat.ts).

import { once } from "node:events";
import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";

type Payload = Record<string, unknown>;

/** A call a bot made about a chat. */
export interface BotCall {
  method: string;
  payload: Payload;
  /** What was answered. */
  ok: boolean;
  at: number;
}

/** An answer to give instead of doing what is asked; `times` in a row, and only for that method. */
export interface Fault {
  method?: string;
  times: number;
  error_code: number;
  description: string;
  retry_after?: number;
}

interface Chat {
  calls: BotCall[];
  texts: Map<number, string>;
  faults: Fault[];
}

class Refused extends Error {
  readonly code: number;
  readonly retryAfter: number | undefined;

  constructor(code: number, description: string, retryAfter?: number) {
    super(description);
    this.code = code;
    this.retryAfter = retryAfter;
  }
}

const TEXT_LIMIT = 4_096;

export async function startBotApi() {
  const chats = new Map<string, Chat>();
  const webhooks = new Map<string, Payload>();
  const menus = new Map<string, unknown>();
  let lastMessageId = 0;

  const chatOf = (id: string): Chat => {
    const chat = chats.get(id) ?? { calls: [], texts: new Map(), faults: [] };
    chats.set(id, chat);
    return chat;
  };

  function failIfTold({ faults }: Chat, method: string): void {
    const fault = faults.find((one) => one.times > 0 && (one.method ?? method) === method);
    if (!fault) return;
    fault.times--;
    throw new Refused(fault.error_code, fault.description, fault.retry_after);
  }

  function textOf({ text }: Payload): string {
    if (typeof text !== "string" || text.trim() === "") {
      throw new Refused(400, "Bad Request: message text is empty");
    }
    if (text.length > TEXT_LIMIT) throw new Refused(400, "Bad Request: message is too long");
    return text;
  }

  /** The methods about a chat. */
  const inChat: Record<string, (chat: Chat, payload: Payload) => unknown> = {
    sendMessage(chat, payload) {
      const text = textOf(payload);
      const message_id = ++lastMessageId;
      chat.texts.set(message_id, text);
      return message(payload, message_id, text);
    },
    editMessageText(chat, payload) {
      const text = textOf(payload);
      const id = Number(payload["message_id"]);
      if (!chat.texts.has(id)) throw new Refused(400, "Bad Request: message to edit not found");
      if (chat.texts.get(id) === text) {
        throw new Refused(400, "Bad Request: message is not modified");
      }
      chat.texts.set(id, text);
      return message(payload, id, text);
    },
    sendChatAction: () => true,
  };

  /** The methods about a bot. */
  const ofBot: Record<string, (token: string, payload: Payload) => unknown> = {
    getMe: (token) => ({
      id: Number(token.split(":")[0]),
      is_bot: true,
      first_name: "Busymate",
      username: "busymate_test_bot",
      can_join_groups: true,
      can_read_all_group_messages: false,
      supports_inline_queries: false,
    }),
    setWebhook(token, payload) {
      webhooks.set(token, payload);
      return true;
    },
    getWebhookInfo: (token) => ({
      url: webhooks.get(token)?.["url"] ?? "",
      has_custom_certificate: false,
      pending_update_count: 0,
    }),
    deleteWebhook(token) {
      webhooks.delete(token);
      return true;
    },
    setMyCommands(token, payload) {
      menus.set(token, payload["commands"]);
      return true;
    },
  };

  function perform(token: string, method: string, payload: Payload): unknown {
    if (!/^\d+:[\w-]+$/.test(token) || token.endsWith(":revoked")) {
      throw new Refused(401, "Unauthorized");
    }
    const about = ofBot[method];
    if (about) return about(token, payload);
    const act = inChat[method];
    if (!act) throw new Refused(404, "Not Found");
    const id = payload["chat_id"];
    if (typeof id !== "number") throw new Refused(400, "Bad Request: chat_id is empty");
    const chat = chatOf(String(id));
    const call: BotCall = { method, payload, ok: false, at: Date.now() };
    chat.calls.push(call);
    failIfTold(chat, method);
    const result = act(chat, payload);
    call.ok = true;
    return result;
  }

  const server = createServer((request, response) => {
    const answer = (status: number, body: unknown) => {
      response.writeHead(status, { "content-type": "application/json" });
      response.end(JSON.stringify(body));
    };
    bodyOf(request).then((body) => {
      const [, first = "", second = "", third = ""] = new URL(request.url!, "http://x").pathname
        .split("/");
      if (first === "chats") {
        const chat = chatOf(second);
        if (third === "faults") chat.faults.push(body as unknown as Fault);
        return answer(200, { calls: chat.calls, texts: [...chat.texts.values()] });
      }
      if (first === "bots") {
        return answer(200, { webhook: webhooks.get(second) ?? null, menu: menus.get(second) });
      }
      const result = perform(first.replace(/^bot/, ""), second, body);
      answer(200, { ok: true, result });
    }).catch((error: Error) => {
      if (!(error instanceof Refused)) return answer(500, { ok: false, description: `${error}` });
      const { code, message: description, retryAfter } = error;
      answer(code, {
        ok: false,
        error_code: code,
        description,
        ...(retryAfter !== undefined && { parameters: { retry_after: retryAfter } }),
      });
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async stop() {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}

function message({ chat_id }: Payload, message_id: number, text: string) {
  return {
    message_id,
    date: Math.floor(Date.now() / 1000),
    chat: { id: chat_id, type: "private", first_name: "Somebody" },
    text,
  };
}

async function bodyOf(request: IncomingMessage): Promise<Payload> {
  let text = "";
  for await (const chunk of request.setEncoding("utf8")) text += chunk;
  return text === "" ? {} : JSON.parse(text) as Payload;
}
