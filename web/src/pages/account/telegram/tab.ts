import { el, fill } from "../../../dom.ts";
import type { Frame } from "../../../frame.ts";
import type { Session } from "../../../session.ts";
import { alertSwitches } from "./alerts.ts";
import { currentLink, linkedAccount } from "./linked.ts";
import { codeInAddress, linkRequest } from "./request.ts";

/** The person's Telegram account: a request to link one, the one that is linked, and its alerts. */
export async function showTelegram(
  panel: HTMLElement,
  frame: Frame,
  session: Session,
): Promise<void> {
  const redraw = () => showTelegram(panel, frame, session);
  const title = el("h2", { id: "tab-title", tabIndex: -1 }, "Telegram");
  fill(panel, title);
  const link = await currentLink();
  const code = codeInAddress();
  if (link) {
    if (code !== null) {
      frame.tell("Your account is linked already. Unlink it first to link another.");
    }
    fill(panel, title, linkedAccount(link, frame, redraw), await alertSwitches(frame));
    return;
  }
  fill(panel, title, code === null ? howTo() : await linkRequest(code, frame, session, redraw));
}

function howTo(): HTMLElement {
  return el(
    "div",
    { className: "panel" },
    el(
      "p",
      {},
      "Linking a Telegram account lets you ask about your captures from a chat, and be told when " +
        "something happens.",
    ),
    el(
      "p",
      { className: "muted" },
      "It starts in Telegram: send the bot of this server ",
      el("code", {}, "/login"),
      ", and it answers with a link to this page.",
    ),
  );
}
