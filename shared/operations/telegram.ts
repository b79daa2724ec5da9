import { z } from "zod";
import { found, rowsOf } from "./failure.ts";
import { type Operation, operation } from "./operation.ts";

const common = { toolset: "telegram", content: "product", needs: null, peopleOnly: true } as const;
const code = z.string().min(1).max(200).describe("the code of the link that the bot sent");

export const TELEGRAM_OPERATIONS: Operation[] = [
  operation({
    ...common,
    name: "get_telegram_link",
    title: "Get my Telegram link",
    summary: "The Telegram account bound to you, if there is one.",
    effect: "read",
    input: () => z.strictObject({}),
    async run(call) {
      const link = rowsOf(await call.db.rpc("get_telegram_link").abortSignal(call.signal));
      return { linked: link !== null, link };
    },
  }),
  operation({
    ...common,
    name: "get_telegram_link_request",
    title: "See who asks to be linked",
    summary:
      "Whose Telegram account a code of the bot's /login would bind. Look before link_telegram.",
    effect: "read",
    input: () => z.strictObject({ code }),
    async run(call, input) {
      const request = rowsOf(
        await call.db.rpc("get_telegram_link_request", input).abortSignal(call.signal),
      );
      return found(request, "code: it is wrong, used or older than 10 minutes");
    },
  }),
  operation({
    ...common,
    name: "link_telegram",
    title: "Link a Telegram account",
    summary:
      "Binds the Telegram account of a code to you. One account, one person; both sides are told.",
    effect: "destructive",
    input: () => z.strictObject({ code }),
    async run(call, { code }) {
      const linked = rowsOf(
        await call.db.rpc("consume_telegram_link_code", { code, confirm: true })
          .abortSignal(call.signal),
      );
      return found(linked, "code: it is wrong, used or older than 10 minutes");
    },
  }),
  operation({
    ...common,
    name: "unlink_telegram",
    title: "Unlink my Telegram account",
    summary: "Ends the link and whatever the bot could do for you.",
    effect: "destructive",
    input: () => z.strictObject({}),
    async run(call) {
      found(rowsOf(await call.db.rpc("unlink_telegram").abortSignal(call.signal)), "link");
      return { unlinked: true };
    },
  }),
];
