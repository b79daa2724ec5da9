import { el, fill } from "../../dom.ts";
import type { Frame } from "../../frame.ts";
import type { Session } from "../../session.ts";

/** What a link from the Telegram bot would do. This server has no bot yet, and the tab says so. */
export function showTelegram(panel: HTMLElement, _frame: Frame, session: Session): Promise<void> {
  const code = new URLSearchParams(location.search).get("tglink");
  const account = el("strong", {}, session.user.email ?? session.user.id);
  fill(
    panel,
    el("h2", { id: "tab-title" }, "Telegram"),
    el(
      "div",
      { className: "panel" },
      code === null
        ? el(
          "p",
          {},
          "Linking a Telegram account lets you ask about your captures from a chat. It starts in ",
          "Telegram: the bot answers /login with a link to this page.",
        )
        : el(
          "p",
          {},
          "You opened a link from Telegram. It asks to link the Telegram account that requested it to ",
          account,
          ": whoever holds that Telegram account could then read what you can read.",
        ),
      el(
        "p",
        { className: "muted" },
        code === null
          ? "This server does not offer it yet."
          : "This server does not offer it yet. Nothing was linked, and the code was not used.",
      ),
    ),
  );
  return Promise.resolve();
}
