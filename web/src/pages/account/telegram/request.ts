import { rest, rows } from "../../../api.ts";
import { el } from "../../../dom.ts";
import { busy, type Frame, run } from "../../../frame.ts";
import type { Session } from "../../../session.ts";
import { accountFacts, accountName, type TelegramAccount } from "./account.ts";

/** The code that the bot put into the address, if it did. */
export function codeInAddress(): string | null {
  return new URLSearchParams(location.search).get("tglink");
}

/** Takes the code out of the address: it is used, or of no use, and belongs into no history. */
function forgetCode(): void {
  history.replaceState(null, "", `${location.pathname}#telegram`);
}

/** Asks whether the Telegram account that requested the code may act for the person; nothing is linked before the click. */
export async function linkRequest(
  code: string,
  frame: Frame,
  session: Session,
  decided: () => Promise<void>,
): Promise<HTMLElement | null> {
  let account: TelegramAccount;
  try {
    account = rows(
      await (await rest()).rpc("get_telegram_link_request", { code }),
    ) as unknown as TelegramAccount;
  } catch (error) {
    forgetCode();
    throw error;
  }
  const name = accountName(account);
  const link = el("button", { type: "button", className: "primary" }, "Link this account");
  const refuse = el("button", { type: "button" }, "Not mine");
  const settle = async (text: string, kind: "good" | "bad") => {
    forgetCode();
    await decided();
    frame.tell(text, kind);
    document.getElementById("tab-title")?.focus();
  };
  link.onclick = () =>
    void busy(link, () =>
      run(frame, async () => {
        rows(await (await rest()).rpc("consume_telegram_link_code", { code }));
        await settle(`${name} is linked. The bot has sent it a message.`, "good");
      }));
  refuse.onclick = () => void run(frame, () => settle("Nothing was linked.", "good"));
  return el(
    "div",
    { className: "panel" },
    el("h2", { id: "link-title" }, "Link this Telegram account?"),
    accountFacts(account),
    el(
      "div",
      { className: "warning" },
      el(
        "p",
        {},
        "It asks to act for ",
        el("strong", {}, session.user.email ?? session.user.id),
        ". Whoever holds it will read what you can read, and be told of what you can see.",
      ),
      el(
        "p",
        {},
        "Link it only if it is yours and you have just sent the bot ",
        el("code", {}, "/login"),
        ". If somebody gave you this link, it is theirs.",
      ),
    ),
    el("div", { className: "actions" }, link, refuse),
  );
}
