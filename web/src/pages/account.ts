import { el, fill } from "../dom.ts";
import { type Frame, layOut, run } from "../frame.ts";
import { onSignedOut, requireSession, type Session } from "../session.ts";
import { leaveFor } from "../navigation.ts";
import { showConnections } from "./account/connections.ts";
import { showProfile } from "./account/profile.ts";
import { showTelegram } from "./account/telegram/tab.ts";

interface Tab {
  name: string;
  show(panel: HTMLElement, frame: Frame, session: Session): Promise<void>;
}

/** By the address's hash, so that each can be linked to and the back button works. */
const TABS: Record<string, Tab> = {
  profile: { name: "Profile", show: showProfile },
  apps: { name: "Apps", show: showConnections },
  telegram: { name: "Telegram", show: showTelegram },
};

const session = await requireSession();
const frame = layOut(session, "wide");
const panel = el("section", { "aria-labelledby": "tab-title" });
const links = Object.entries(TABS).map(([id, { name }]) => el("a", { href: `#${id}` }, name));
fill(
  frame.main,
  el("div", { className: "title-row" }, el("h1", {}, "Account")),
  el("nav", { className: "tabs", "aria-label": "Account" }, ...links),
  panel,
);
addEventListener("hashchange", () => void showTab());
await onSignedOut(() => void leaveFor("/login"));
await showTab();

async function showTab(): Promise<void> {
  // A link from the Telegram bot names no tab.
  const linked = new URLSearchParams(location.search).has("tglink");
  const wanted = location.hash.slice(1);
  const id = wanted in TABS ? wanted : linked ? "telegram" : "profile";
  for (const link of links) {
    if (link.hash === `#${id}`) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
  const { name, show } = TABS[id]!;
  document.title = `${name} · Busymate`;
  frame.tell("");
  fill(panel);
  await run(frame, () => show(panel, frame, session));
}
