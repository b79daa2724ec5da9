import { el, fill } from "./dom.ts";
import { leaveFor } from "./navigation.ts";
import { type Session, signOut } from "./session.ts";

const PAGES: [path: string, name: string][] = [["/devices", "Devices"], ["/account", "Account"]];

/** What every page is put into. */
export interface Frame {
  main: HTMLElement;
  /** Says something to everyone, read out by screen readers. An empty text takes it away. */
  tell(text: string, kind?: "good" | "bad"): void;
}

/** Lays the page out; with a session it has the ways to the other pages and out. */
export function layOut(session: Session | null, shape: "wide" | "card"): Frame {
  // Two, because a screen reader takes a region's urgency from when it first saw it: an error
  // interrupts, good news waits its turn.
  const messages = {
    bad: el("p", { className: "message bad", role: "alert" }),
    good: el("p", { className: "message good", role: "status" }),
  };
  const main = el("main", { id: "main", className: shape, tabIndex: -1 });
  fill(
    document.body,
    el("a", { className: "skip", href: "#main" }, "Skip to content"),
    el(
      "header",
      {},
      el(
        "a",
        { className: "brand", href: "/" },
        el("img", { src: "/favicon.svg", alt: "", width: 28, height: 28 }),
        "Busymate",
      ),
      session && shape === "wide" && navigation(session),
    ),
    messages.bad,
    messages.good,
    main,
  );
  return {
    main,
    tell(text, kind = "bad") {
      for (const message of Object.values(messages)) message.textContent = "";
      messages[kind].textContent = text;
    },
  };
}

function navigation(session: Session): HTMLElement {
  const leave = el("button", { type: "button", className: "quiet" }, "Sign out");
  leave.onclick = async () => {
    await signOut();
    await leaveFor("/login");
  };
  return el(
    "nav",
    { "aria-label": "Main" },
    ...PAGES.map(([href, name]) =>
      el(
        "a",
        { href, ...(location.pathname === href && { "aria-current": "page" }) },
        name,
      )
    ),
    el("span", { className: "who", title: session.user.email ?? "" }, session.user.email ?? ""),
    leave,
  );
}

/** Runs a page's work; what goes wrong in it is said on the page. */
export async function run(frame: Frame, work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    frame.tell(messageOf(error));
  }
}

/** The button cannot be pressed twice while its work lasts. */
export async function busy(button: HTMLButtonElement, work: () => Promise<void>): Promise<void> {
  button.disabled = true;
  try {
    await work();
  } finally {
    button.disabled = false;
  }
}

export function messageOf(error: unknown): string {
  // fetch says no more than this, in each browser's own words.
  if (error instanceof TypeError) return "Busymate cannot be reached right now. Try again shortly.";
  return error instanceof Error ? error.message : String(error);
}
