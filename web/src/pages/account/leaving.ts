import { rest, rows } from "../../api.ts";
import { confirmed } from "../../confirm.ts";
import { el } from "../../dom.ts";
import { busy, type Frame, run } from "../../frame.ts";
import { leaveFor } from "../../navigation.ts";
import { type Session, signOut } from "../../session.ts";

/** Taking one's data along, and going. */
export function leaving(frame: Frame, session: Session): HTMLElement {
  const take = el("button", { type: "button" }, "Export my data");
  take.onclick = () => void busy(take, () => run(frame, exportAccount));
  const go = el("button", { type: "button", className: "danger" }, "Delete account");
  go.onclick = () => void run(frame, () => askAndDelete(session.user.email ?? ""));
  return el(
    "div",
    { className: "panel" },
    el("h2", {}, "Your data"),
    el(
      "p",
      { className: "muted" },
      "The export holds what is kept about you; captures are exported as HAR. Deleting your account " +
        "deletes your workspaces, devices and captures with it.",
    ),
    el("div", { className: "actions" }, take, go),
  );
}

async function exportAccount(): Promise<void> {
  const data = rows(await (await rest()).rpc("export_account"));
  const file = new Blob([JSON.stringify(data, null, 2)], { type: "application/json" });
  const link = el("a", { href: URL.createObjectURL(file), download: "busymate-account.json" });
  link.click();
  URL.revokeObjectURL(link.href);
}

async function askAndDelete(email: string): Promise<void> {
  const sure = await confirmed({
    title: "Delete your account?",
    body: "Your workspaces, devices and captures go with it, for good. Connected apps lose access.",
    action: "Delete for good",
    repeat: email,
  });
  if (!sure) return;
  const deleted = rows(await (await rest()).rpc("delete_account", { confirm: email }));
  if (!deleted) throw new Error("The account was not deleted. Sign out and in, and try again.");
  await signOut();
  await leaveFor("/login");
}
