import { busymate, rest, rows } from "../api.ts";
import { confirmed } from "../confirm.ts";
import { isOnline } from "../../../shared/devices/online.ts";
import { type Device, listDevices } from "../devices.ts";
import { el, fill } from "../dom.ts";
import { layOut, run } from "../frame.ts";
import { leaveFor } from "../navigation.ts";
import { offerPairing } from "../pairing.ts";
import { onSignedOut, requireSession } from "../session.ts";
import { fromNow, inFull } from "../time.ts";

/** How often the list is read again while someone looks at it. */
const REFRESH_MS = 15_000;

const session = await requireSession();
const frame = layOut(session, "wide");
const add = el("button", { type: "button", className: "primary", hidden: true }, "Add device");
const pairing = el("section", { "aria-label": "Pairing" });
const list = el("section", { "aria-label": "Devices", "aria-busy": "true" });
fill(
  frame.main,
  el("div", { className: "title-row" }, el("h1", {}, "Devices"), add),
  pairing,
  list,
);

let mayEdit = false;

// Before the button is there to be pressed.
add.onclick = () => {
  frame.tell("");
  add.hidden = true;
  offerPairing(pairing, frame, (device) => {
    add.hidden = false;
    add.focus();
    if (!device) return;
    frame.tell(`${device.name} is paired.`, "good");
    void run(frame, refresh);
  });
};

await onSignedOut(() => void leaveFor("/login"));
await run(frame, async () => {
  mayEdit = rows(
    await (await rest()).rpc("has_capability", { section: "devices", action: "edit" }),
  );
  add.hidden = !mayEdit;
  await refresh();
});
setInterval(() => {
  if (document.visibilityState === "visible") void run(frame, refresh);
}, REFRESH_MS);

async function refresh(): Promise<void> {
  const devices = await listDevices();
  list.setAttribute("aria-busy", "false");
  // A button that has the focus is not taken away from under it.
  if (list.contains(document.activeElement)) return;
  fill(
    list,
    devices.length === 0 ? nothingYet() : el("ul", { className: "list" }, ...devices.map(item)),
  );
}

function nothingYet(): HTMLElement {
  return el(
    "div",
    { className: "empty" },
    el("h2", {}, "No devices yet"),
    el(
      "p",
      { className: "muted" },
      mayEdit
        ? "Add one to start capturing its traffic."
        : "Devices of your workspaces appear here once someone adds them.",
    ),
  );
}

function item(device: Device): HTMLElement {
  const facts = [device.os, device.model, device.app_version, device.connection_type?.toUpperCase()]
    .filter(Boolean).join(" · ");
  const online = isOnline(device);
  const state = online ? "Online" : mayEdit && !device.paired ? "Not paired" : "Offline";
  const unpair = el("button", { type: "button", className: "quiet" }, "Unpair");
  unpair.setAttribute("aria-label", `Unpair ${device.name}`);
  unpair.onclick = () => void run(frame, () => askAndUnpair(device));
  return el(
    "li",
    {},
    el(
      "div",
      { className: "about" },
      el(
        "h2",
        {},
        el("bdi", {}, device.name),
        el("span", { className: online ? "state online" : "state" }, state),
      ),
      el("p", { className: "muted small" }, [facts, device.workspace].filter(Boolean).join(" · ")),
      el(
        "p",
        { className: "muted small" },
        device.last_seen_at
          ? el(
            "time",
            { dateTime: device.last_seen_at, title: inFull(device.last_seen_at) },
            seen(device),
          )
          : "Never heard of",
      ),
    ),
    mayEdit && device.paired && unpair,
  );
}

function seen({ last_seen_at }: Device): string {
  return `Last heard ${fromNow(last_seen_at!)}`;
}

async function askAndUnpair(device: Device): Promise<void> {
  const sure = await confirmed({
    title: `Unpair ${device.name}?`,
    body: "It can no longer send captures until it is paired again. What it sent so far stays.",
    action: "Unpair",
  });
  if (!sure) return;
  await (await busymate()).call(`device-pair/${device.uuid}`, { method: "DELETE" });
  add.focus();
  frame.tell(`${device.name} is unpaired.`, "good");
  await refresh();
}
