import { z } from "zod";
import { found, rowsOf } from "./failure.ts";
import { type Operation, operation } from "./operation.ts";
import { anyTable } from "./rows.ts";

const common = { toolset: "telegram", content: "product", needs: null, peopleOnly: true } as const;

export const TELEGRAM_OPERATIONS: Operation[] = [
  operation({
    ...common,
    name: "get_telegram_link",
    title: "Get my Telegram link",
    summary: "The Telegram account bound to you, if there is one.",
    effect: "read",
    input: z.strictObject({}),
    async run(call) {
      const user = found(call.rights.userId, "person: a service account has no Telegram account");
      const link = rowsOf(
        await anyTable(call, "telegram_links")
          .select("telegram_user_id,username,first_name,linked_at").eq("user_id", user)
          .abortSignal(call.signal).maybeSingle(),
      );
      return { linked: link !== null, link };
    },
  }),
];
