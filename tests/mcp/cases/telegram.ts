import { randomInt } from "node:crypto";
import { database } from "../../support/world.ts";
import { answers, type Cases } from "../support/case.ts";

export const TELEGRAM_CASES: Cases = {
  get_telegram_link: {
    async args(_scene, { id }) {
      const number = randomInt(1, 2 ** 31 - 1);
      await database()`
        insert into public.telegram_links (user_id, telegram_user_id, chat_id, username)
        values (${id}, ${number}, ${number}, 'ada') on conflict do nothing`;
      return {};
    },
    check: answers({ linked: true, link: { username: "ada" } }),
    everyone: true,
  },
};
