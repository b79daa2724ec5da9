import { rest, rows } from "../../api.ts";
import { confirmed } from "../../confirm.ts";
import { el, fill } from "../../dom.ts";
import { type Frame, run } from "../../frame.ts";
import { currentGrant } from "../../session.ts";
import { fromNow, inFull } from "../../time.ts";

/** What list_connections says of a live grant. */
interface Connection {
  grant_id: string;
  client_id: string;
  client_name: string;
  redirect_hosts: string[];
  label: string | null;
  scope: string;
  created_at: string;
  last_token_at: string | null;
}

/** Every app and browser that may act for the person, each of which can be ended. */
export async function showConnections(panel: HTMLElement, frame: Frame): Promise<void> {
  const all: Connection[] = rows(await (await rest()).rpc("list_connections"));
  const here = await currentGrant();
  const redraw = () => showConnections(panel, frame);
  const list = (connections: Connection[], none: string) =>
    connections.length === 0
      ? el("div", { className: "empty" }, el("p", { className: "muted" }, none))
      : el(
        "ul",
        { className: "list" },
        ...connections.map((one) => item(one, one.grant_id === here, frame, redraw)),
      );
  const isBrowser = ({ label }: Connection) => label === "dashboard";
  fill(
    panel,
    el("h2", { id: "tab-title", tabIndex: -1 }, "Connected apps"),
    list(
      all.filter((one) => !isBrowser(one)),
      "No app is connected. One appears here when you allow it to use your account.",
    ),
    el("h2", { className: "next" }, "Signed-in browsers"),
    list(all.filter(isBrowser), "No browser is signed in."),
  );
}

function item(
  connection: Connection,
  isHere: boolean,
  frame: Frame,
  redraw: () => Promise<void>,
): HTMLElement {
  const { client_name: name, client_id, redirect_hosts, scope, last_token_at } = connection;
  const revoke = el("button", { type: "button", className: "quiet" }, "Revoke");
  revoke.setAttribute("aria-label", `Revoke ${name}`);
  revoke.onclick = () =>
    void run(frame, async () => {
      if (!await askAndRevoke(connection)) return;
      await redraw();
      frame.tell(`${name} no longer has access.`, "good");
      document.getElementById("tab-title")?.focus();
    });
  // The name is the app's own choice; where it is answered, and the address of one identified by a
  // document, are not.
  const identity = [client_id.startsWith("https://") ? client_id : "", ...redirect_hosts]
    .filter(Boolean).join(", ");
  return el(
    "li",
    {},
    el(
      "div",
      { className: "about" },
      el("h2", {}, el("bdi", {}, name)),
      identity !== "" && el("p", { className: "muted small" }, el("code", {}, identity)),
      el("p", { className: "small" }, "May use ", el("code", {}, scope.replaceAll(" ", ", "))),
      el(
        "p",
        { className: "muted small" },
        `Since ${inFull(connection.created_at)}`,
        last_token_at !== null && ` · last token ${fromNow(last_token_at)}`,
      ),
    ),
    isHere ? el("span", { className: "muted small" }, "This browser") : revoke,
  );
}

async function askAndRevoke({ grant_id, client_name }: Connection): Promise<boolean> {
  const sure = await confirmed({
    title: `Revoke ${client_name}?`,
    body: "It loses access at once. To use it again, connect it anew.",
    action: "Revoke",
  });
  if (sure) rows(await (await rest()).rpc("revoke_connection", { grant_id }));
  return sure;
}
