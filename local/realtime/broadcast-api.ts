import { type Context, Hono } from "hono";
import { cors } from "hono/cors";
import type { ApiKeys } from "./admission.ts";
import type { ChannelServices } from "./channel.ts";
import type { Address } from "./fanout.ts";
import { DatabaseFault } from "./refusal.ts";
import { type Credential, TokenRefused } from "./token.ts";

/** What a client sends in a batch. */
interface BatchMessage {
  topic: string;
  event: string;
  payload: Record<string, unknown>;
  private: boolean;
  id?: string;
}

const ENCODINGS = { "application/json": "json", "application/octet-stream": "binary" } as const;
const UNAUTHORIZED = { message: "Unauthorized" };
const TOO_MANY = { message: "Too many requests" };

type Env = { Variables: { credential: Credential } };

/**
 * Broadcasting over HTTP. What the policies deny is skipped without a word in a batch, and is a 403
 * when a message is sent by itself: that is how the two are told apart hosted.
 */
export function broadcastApi(services: ChannelServices, apiKeys: ApiKeys): Hono<Env> {
  const { fanout, limits, rates, report } = services;
  const app = new Hono<Env>();
  app.use("*", cors());

  app.use("/api/*", async (context, next) => {
    const bearer = /^Bearer (.+)$/i.exec(context.req.header("authorization") ?? "")?.[1];
    const key = bearer ?? context.req.header("apikey") ?? "";
    try {
      context.set("credential", await services.verify(apiKeys.get(key) ?? key));
    } catch (error) {
      if (error instanceof TokenRefused) return context.json(UNAUTHORIZED, 401);
      throw error;
    }
    if (rates.events.exceeded) return context.json(TOO_MANY, 429);
    return await next();
  });

  app.post("/api/broadcast", async (context) => {
    const { messages, errors } = parseBatch(await bodyOf(context), limits.payloadBytes);
    if (errors) return context.json({ errors: { messages: errors } }, 422);
    for (const { topic, event, payload, private: isPrivate, id } of messages) {
      const address = { name: topic, private: isPrivate };
      if (!(await maySend(context, address))) continue;
      const meta = id === undefined ? {} : { meta: { id } };
      fanout.publish(address, { payload: { event, payload, type: "broadcast", ...meta } });
    }
    return context.body(null, 202);
  });

  app.post("/api/broadcast/:topic/events/:event", async (context) => {
    const type = context.req.header("content-type")?.split(";")[0]?.trim().toLowerCase() ?? "";
    if (!Object.hasOwn(ENCODINGS, type)) {
      return context.json({ message: "Unsupported Media Type" }, 415);
    }
    const encoding = ENCODINGS[type as keyof typeof ENCODINGS];
    const body = new Uint8Array(await context.req.arrayBuffer());
    if (encoding === "json" && !isJson(body)) {
      return context.json({ errors: { payload: ["is invalid"] } }, 422);
    }
    if (body.length > limits.payloadBytes) {
      return context.json({ errors: { payload: ["Payload size exceeds tenant limit"] } }, 422);
    }
    const { topic, event } = context.req.param();
    const address = { name: topic, private: context.req.query("private") === "true" };
    if (!(await maySend(context, address))) return context.json(UNAUTHORIZED, 403);
    fanout.publish(address, { event, encoding, body });
    return context.body(null, 202);
  });

  app.onError((error, context) => {
    report(`realtime: ${context.req.path}: ${error.stack}`);
    return context.json({ message: "Something went wrong" }, 500);
  });

  async function maySend(
    context: Context<Env>,
    { name, private: isPrivate }: Address,
  ): Promise<boolean> {
    if (!isPrivate) return true;
    const { claims } = context.get("credential");
    const headers = Object.fromEntries(
      Object.entries(context.req.header()).filter(([header]) => header.startsWith("x-")),
    );
    try {
      await services.ready();
      return await services.authorizer.write({ topic: name, claims, headers }, "broadcast");
    } catch (error) {
      if (!(error instanceof DatabaseFault)) throw error;
      report(`realtime: ${JSON.stringify(name)}: sending: ${error.message}`);
      return false;
    }
  }

  return app;
}

async function bodyOf(context: Context<Env>): Promise<unknown> {
  try {
    return await context.req.json();
  } catch {
    return undefined;
  }
}

function isJson(body: Uint8Array): boolean {
  try {
    JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(body));
    return true;
  } catch {
    return false;
  }
}

/** All of a batch, or what is wrong with each of its messages. */
function parseBatch(
  body: unknown,
  payloadBytes: number,
): { messages: BatchMessage[]; errors?: unknown[] } {
  const list = (body as { messages?: unknown } | null | undefined)?.messages;
  if (!Array.isArray(list) || list.length === 0) {
    return { messages: [], errors: ["can't be blank"] };
  }
  const checked = list.map((value) => parseMessage(value, payloadBytes));
  const messages = checked.flatMap(({ message }) => message ?? []);
  if (messages.length === list.length) return { messages };
  return { messages: [], errors: checked.map(({ errors }) => errors) };
}

function parseMessage(
  value: unknown,
  payloadBytes: number,
): { message?: BatchMessage; errors: Record<string, string[]> } {
  const { topic, event, payload, private: isPrivate, id } = (value ?? {}) as Record<
    string,
    unknown
  >;
  const errors: Record<string, string[]> = {};
  const isText = (text: unknown) => typeof text === "string" && text !== "";
  if (!isText(topic)) errors["topic"] = ["can't be blank"];
  if (!isText(event)) errors["event"] = ["can't be blank"];
  if (payload === undefined || payload === null) errors["payload"] = ["can't be blank"];
  else if (typeof payload !== "object" || Array.isArray(payload)) {
    errors["payload"] = ["is invalid"];
  } else if (Buffer.byteLength(JSON.stringify(payload)) > payloadBytes) {
    errors["payload"] = ["Payload size exceeds tenant limit"];
  }
  if (Object.keys(errors).length > 0) return { errors };
  return {
    message: {
      topic: topic as string,
      event: event as string,
      payload: payload as Record<string, unknown>,
      private: isPrivate === true,
      ...(typeof id === "string" ? { id } : {}),
    },
    errors,
  };
}
