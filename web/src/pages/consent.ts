import { connection } from "../connection.ts";
import { type Consent, decide, EndedSession, ExpiredRequest, readConsent } from "../consent.ts";
import { el, fill } from "../dom.ts";
import { type Frame, layOut, run } from "../frame.ts";
import { leaveFor, signInPage } from "../navigation.ts";
import { currentSession, type Session, signOut } from "../session.ts";

/**
 * A button does nothing this soon after the page came into view: the second click of a double click
 * in another window must not land on it ("double-clickjacking", which no frame policy stops).
 */
const ARMING_MS = 600;

let expiry: number | undefined;

const rid = new URLSearchParams(location.search).get("rid") ?? "";
const frame = layOut(null, "card");
await run(frame, async () => {
  const session = await currentSession();
  const consent = await orElseSay(async () => readConsent(await connection(), rid, session));
  if (!consent) return;
  if (!session) await leaveFor(signInPage());
  else show(consent, session);
});

/** The answer, or what stands in its way shown: an expired request, or an ended session. */
async function orElseSay<T>(ask: () => Promise<T>): Promise<T | undefined> {
  try {
    return await ask();
  } catch (error) {
    if (error instanceof EndedSession) return await signInAnew();
    if (!(error instanceof ExpiredRequest)) throw error;
    showExpired();
    return undefined;
  }
}

/** As somebody else, or once more as oneself; then back to this request. */
async function signInAnew(): Promise<never> {
  const back = signInPage();
  await signOut();
  return await leaveFor(back);
}

function showExpired(): void {
  document.title = "Request expired · Busymate";
  fill(
    frame.main,
    el("h1", {}, "This request has expired"),
    el(
      "p",
      {},
      "It was answered already, is older than 10 minutes, or never was one. Nothing was allowed. ",
      "Go back to the app and start connecting again.",
    ),
    el("p", {}, el("a", { href: "/account#apps" }, "See which apps are connected")),
  );
}

function show(consent: Consent, session: Session): void {
  const { client, scopes } = consent;
  const name = el("bdi", {}, client.name);
  const boxes = scopes.map((scope) =>
    el("input", { type: "checkbox", name: "scope", value: scope.name, checked: scope.requested })
  );
  const deny = el("button", { type: "button" }, "Deny");
  const approve = el(
    "button",
    { type: "submit", className: "primary", hidden: scopes.length === 0 },
    "Approve",
  );
  const other = el("button", { type: "button", className: "quiet" }, "Not you?");
  other.onclick = () => void run(frame, signInAnew);

  const form = el(
    "form",
    {},
    el(
      "fieldset",
      {},
      el("legend", {}, "It asks to"),
      scopes.length === 0 &&
        el("p", {}, "Nothing that your role can use, so it can only be denied."),
      ...scopes.map((scope, index) =>
        el(
          "label",
          { className: "scope" },
          boxes[index],
          el("span", {}, scope.description, el("code", {}, scope.name)),
        )
      ),
    ),
    el(
      "p",
      { className: "muted small" },
      "Untick what you do not want to allow. You can end the access at any time under Account.",
    ),
    el("div", { className: "actions" }, deny, approve),
  );
  const answer = (approved: boolean) =>
    run(frame, async () => {
      frame.tell("");
      const kept = boxes.filter((box) => box.checked).map((box) => box.value);
      if (approved && kept.length === 0) {
        frame.tell("Keep at least one permission, or deny the request.");
        boxes[0]?.focus();
        return;
      }
      form.inert = true;
      try {
        await answerAndReturn(frame, client.name, {
          rid,
          approve: approved,
          ...(approved && { scopes: kept }),
        });
      } finally {
        form.inert = false;
      }
    });
  deny.onclick = () => void answer(false);
  form.onsubmit = (event) => {
    event.preventDefault();
    void answer(true);
  };

  fill(
    frame.main,
    el("h1", {}, "Allow ", name, " to use your account?"),
    el(
      "dl",
      { className: "facts" },
      fact("App", el("bdi", {}, client.name), identity(consent)),
      fact("Returns to", el("code", {}, client.redirect_host)),
      fact("Your account", session.user.email ?? session.user.id, other),
      fact("Gives access to", el("code", {}, consent.resource)),
    ),
    client.loopback && loopbackWarning(client.redirect_host),
    form,
  );
  armWhenSeen([deny, approve]);
  expireAt(consent.expires_at);
}

function fact(term: string, ...details: (Node | string)[]): HTMLElement {
  return el("div", {}, el("dt", {}, term), el("dd", {}, ...details));
}

/** Who vouches for the app's name: a web address at best, otherwise nobody. */
function identity({ client }: Consent): HTMLElement {
  const text = client.host
    ? ["The app is identified by ", el("code", {}, client.host), "; it chose the name itself."]
    : ["The app chose this name itself; Busymate has not verified it."];
  return el("span", { className: "aside" }, ...text);
}

function loopbackWarning(host: string): HTMLElement {
  return el(
    "div",
    { className: "warning" },
    el(
      "p",
      {},
      el("strong", {}, "This app runs on your own computer "),
      `(${host}). Any program there could pose as it. Approve only if you started connecting it yourself, just now.`,
    ),
  );
}

async function answerAndReturn(
  frame: Frame,
  app: string,
  decision: { rid: string; approve: boolean; scopes?: string[] },
): Promise<void> {
  const session = await currentSession();
  if (!session) return await leaveFor(signInPage());
  const redirect = await orElseSay(async () =>
    decide(await connection(), { ...decision, access_token: session.access_token })
  );
  if (redirect === undefined) return;
  clearTimeout(expiry);
  // An app that is not a web page opens beside this one, which stays.
  fill(
    frame.main,
    el("h1", {}, decision.approve ? "Access allowed" : "Access denied"),
    el("p", {}, "Going back to ", el("bdi", {}, app), ". You can close this page afterwards."),
    el("p", {}, el("a", { href: redirect }, "Go back now")),
  );
  location.assign(redirect);
}

function armWhenSeen(buttons: HTMLButtonElement[]): void {
  let timer: number | undefined;
  const arm = () => {
    clearTimeout(timer);
    for (const button of buttons) button.disabled = true;
    timer = setTimeout(() => {
      for (const button of buttons) button.disabled = false;
    }, ARMING_MS);
  };
  arm();
  addEventListener("focus", arm);
}

/** A page left open says so, rather than at the click. */
function expireAt(instant: string): void {
  expiry = setTimeout(showExpired, Math.max(0, Date.parse(instant) - Date.now()));
}
