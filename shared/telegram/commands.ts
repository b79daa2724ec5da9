import type { Api } from "grammy/web";
import { z } from "zod";
import { dataOf } from "../db/answer.ts";
import { Refusal } from "../db/errors.ts";
import { id } from "../db/shapes.ts";
import { hashSecret } from "../oauth/secrets.ts";
import { QUESTION_LIMIT } from "../busybro/turn.ts";
import { answerQuestion, type Asking } from "./asking.ts";
import { readPolicy } from "../redaction/policy.ts";
import { quoting } from "./captured.ts";
import { newLinkCode } from "./link-code.ts";
import { say, sayCaptured } from "./say.ts";
import { statsSnapshot, statsText } from "./stats.ts";
import { ALREADY_LINKED, help, LOGGED_OUT, loginLink, NO_QUESTION, NOT_LINKED } from "./texts.ts";
import { beginTurn } from "./turn.ts";
import type { Turn, TurnParts } from "./turn.ts";

export interface CommandParts extends TurnParts {
  webUrl: string;
  asking: Asking;
}

/** Who sent a message in a private chat, where that is, and how to answer. */
export interface Sender {
  api: Api;
  chatId: number;
  userId: number;
  username: string | null;
  firstName: string;
  /** Whether the person wrote the message, rather than passed on somebody else's. */
  ownWords: boolean;
  signal: AbortSignal;
}

const profile = z.object({
  display_name: z.string().nullable(),
  email: z.string().nullable(),
  role: z.string(),
});
const workspace = z.object({ id, name: z.string() });
const thread = z.object({ id });

/** A question within this time goes on with the conversation before it. */
const CONVERSATION_MS = 30 * 60_000;

/** What the bot does in a private chat, by command. */
export function commands(parts: CommandParts) {
  /** Does something for the person the chat is linked to, as them. */
  const asPerson =
    (act: (turn: Turn, from: Sender, argument: string) => Promise<void>) =>
    async (from: Sender, argument: string): Promise<void> => {
      const turn = await beginTurn(parts, from.userId, from.signal);
      await (turn ? act(turn, from, argument) : say(from.api, from.chatId, NOT_LINKED));
    };

  async function start(from: Sender): Promise<void> {
    const turn = await beginTurn(parts, from.userId, from.signal);
    await say(from.api, from.chatId, help(turn !== null));
  }

  async function login({ api, chatId, userId, username, firstName, signal }: Sender) {
    const code = newLinkCode();
    const account = { user_id: userId, chat_id: chatId, username, first_name: firstName };
    try {
      await parts.service.telegram.issueCode(account, await hashSecret(code), signal);
    } catch (error) {
      if (!(error instanceof Refusal && error.reason === "already_linked")) throw error;
      await say(api, chatId, ALREADY_LINKED);
      return;
    }
    await say(api, chatId, loginLink(parts.webUrl, code));
  }

  async function me({ claims, caller }: Turn, { api, chatId, signal }: Sender) {
    const answer = await caller.from("profiles").select("display_name,email,role")
      .eq("id", claims.sub).abortSignal(signal).single();
    const { display_name, email, role } = dataOf(answer, profile, signal);
    const name = [display_name, email && `(${email})`].filter(Boolean).join(" ");
    await say(api, chatId, `👤 ${name}\nRole: ${role}`);
  }

  async function logout({ caller }: Turn, { api, chatId, signal }: Sender) {
    const ended = dataOf(
      await caller.rpc("unlink_telegram").abortSignal(signal),
      z.boolean(),
      signal,
    );
    await say(api, chatId, ended ? LOGGED_OUT : NOT_LINKED);
  }

  async function stats({ claims, caller }: Turn, { api, chatId, signal }: Sender) {
    const own = dataOf(
      await caller.from("workspaces").select("id,name").eq("owner_user_id", claims.sub)
        .eq("personal", true).abortSignal(signal).single(),
      workspace,
      signal,
    );
    const snapshot = dataOf(
      await caller.rpc("get_stats", { workspace_id: own.id }).abortSignal(signal),
      statsSnapshot.nullable(),
      signal,
    );
    await sayCaptured(
      api,
      chatId,
      snapshot ? statsText(own.name, snapshot) : "Your role does not let you see statistics.",
      quoting(await readPolicy(caller, "telegram", signal)),
    );
  }

  async function ask({ claims, caller }: Turn, from: Sender, text: string) {
    const { api, chatId, signal } = from;
    const question = text.trim().slice(0, QUESTION_LIMIT);
    if (question === "") {
      await say(api, chatId, NO_QUESTION);
      return;
    }
    const since = new Date(Date.now() - CONVERSATION_MS).toISOString();
    const recent = dataOf(
      await caller.from("busybro_threads").select("id").eq("surface", "telegram")
        .gt("updated_at", since).order("updated_at", { ascending: false }).limit(1)
        .abortSignal(signal),
      z.array(thread),
      signal,
    );
    const turn = {
      question,
      history: [],
      context: "",
      priorAnswer: "",
      threadId: recent[0]?.id ?? null,
      surface: "telegram" as const,
      ownWords: from.ownWords,
    };
    const quote = quoting(await readPolicy(caller, "telegram", signal));
    await answerQuestion(api, chatId, parts.asking(turn, claims, signal), quote);
  }

  return {
    start,
    help: start,
    login,
    me: asPerson(me),
    logout: asPerson(logout),
    stats: asPerson(stats),
    ask: asPerson(ask),
  };
}
