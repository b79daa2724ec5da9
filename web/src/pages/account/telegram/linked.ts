import { rest, rows } from "../../../api.ts";
import { confirmed } from "../../../confirm.ts";
import { el } from "../../../dom.ts";
import { type Frame, run } from "../../../frame.ts";
import { inFull } from "../../../time.ts";
import { accountFacts, accountName, fact, type TelegramAccount } from "./account.ts";

export type Link = TelegramAccount & { linked_at: string };

/** The Telegram account linked to the person; null without one. */
export async function currentLink(): Promise<Link | null> {
  return rows(await (await rest()).rpc("get_telegram_link")) as unknown as Link | null;
}

/** The linked account, and the way to end it. */
export function linkedAccount(
  link: Link,
  frame: Frame,
  ended: () => Promise<void>,
): HTMLElement {
  const name = accountName(link);
  const unlink = el("button", { type: "button", className: "danger" }, "Unlink");
  unlink.setAttribute("aria-label", `Unlink ${name}`);
  unlink.onclick = () =>
    void run(frame, async () => {
      const sure = await confirmed({
        title: `Unlink ${name}?`,
        body:
          "The bot no longer acts for you, at once, and alerts end. You can link again any time.",
        action: "Unlink",
      });
      if (!sure) return;
      rows(await (await rest()).rpc("unlink_telegram"));
      await ended();
      frame.tell(`${name} is unlinked.`, "good");
      document.getElementById("tab-title")?.focus();
    });
  const facts = accountFacts(link);
  facts.append(fact("Linked since", inFull(link.linked_at)));
  return el(
    "div",
    { className: "panel" },
    el("h2", {}, "Linked account"),
    facts,
    el("div", { className: "actions" }, unlink),
  );
}
