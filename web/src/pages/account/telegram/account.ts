import { el } from "../../../dom.ts";

/** A Telegram account as the database names it. Names are their owner's own choice; the id is not. */
export interface TelegramAccount {
  telegram_user_id: number;
  username: string | null;
  first_name: string | null;
}

/** Whose Telegram account it is, so that a person can tell it from one that looks like theirs. */
export function accountFacts(account: TelegramAccount): HTMLElement {
  const { telegram_user_id, username, first_name } = account;
  return el(
    "dl",
    { className: "facts" },
    fact("Name", el("bdi", {}, first_name ?? "none")),
    fact("User name", username === null ? "none" : el("bdi", {}, `@${username}`)),
    fact("Telegram id", el("code", {}, String(telegram_user_id))),
  );
}

/** Its name for a sentence. */
export function accountName({ telegram_user_id, username, first_name }: TelegramAccount): string {
  return username === null ? first_name ?? String(telegram_user_id) : `@${username}`;
}

export function fact(term: string, detail: Node | string): HTMLElement {
  return el("div", {}, el("dt", {}, term), el("dd", {}, detail));
}
