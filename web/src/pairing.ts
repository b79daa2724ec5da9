import { busymate, rest, rows } from "./api.ts";
import { connection } from "./connection.ts";
import { type Device, listDevices } from "./devices.ts";
import { el, fill } from "./dom.ts";
import { type Frame, run } from "./frame.ts";
import { minutesAndSeconds } from "./time.ts";

/** How often it is looked whether the device has turned the code in. */
const LOOK_MS = 3_000;

/** Shows the way to pair a device in `panel`. Calls back with the device, or without when closed. */
export function offerPairing(
  panel: HTMLElement,
  frame: Frame,
  done: (device?: Device) => void,
): void {
  const heading = el("h2", { tabIndex: -1 }, "Add a device");
  const close = el("button", { type: "button", className: "quiet" }, "Close");
  const choice = el("select", { id: "workspace" });
  const field = el(
    "div",
    { className: "field", hidden: true },
    el("label", { htmlFor: "workspace" }, "Its captures go to"),
    choice,
  );
  const place = el("div");
  fill(
    panel,
    el(
      "div",
      { className: "panel" },
      el("div", { className: "title-row" }, heading, close),
      field,
      place,
    ),
  );
  heading.focus();

  let end = () => {};
  const finish = (device?: Device) => {
    end();
    fill(panel);
    done(device);
  };
  const newCode = () =>
    run(frame, async () => {
      end();
      const code = await (await busymate()).call<Code>("device-pair/codes", {
        body: { workspace_id: choice.value },
      });
      end = await showCode(place, code, { again: newCode, paired: finish });
    });
  close.onclick = () => finish();
  choice.onchange = () => void newCode();
  void run(frame, async () => {
    const workspaces = rows(
      await (await rest()).from("workspaces").select("id,name")
        .order("personal", { ascending: false }).order("name"),
    );
    fill(choice, ...workspaces.map(({ id, name }) => el("option", { value: id }, name)));
    field.hidden = workspaces.length < 2;
    await newCode();
  });
}

interface Code {
  code: string;
  expires_at: string;
}

/** Shows one code, counts it down and looks for the device. Answers what ends that. */
async function showCode(
  place: HTMLElement,
  { code, expires_at }: Code,
  then: { again: () => void; paired: (device: Device) => void },
): Promise<() => void> {
  const known = new Set((await pairedDevices()).map(({ uuid }) => uuid));
  const left = el("span", { role: "timer" });
  const renew = el("button", { type: "button" }, "New code");
  renew.onclick = then.again;

  let ended = false;
  const tick = () => {
    const ms = Date.parse(expires_at) - Date.now();
    left.textContent = `Valid for ${minutesAndSeconds(ms)}, for one device.`;
    if (ms > 0) return;
    end();
    fill(place, el("p", { role: "status" }, "The code has expired."), renew);
  };
  const look = async () => {
    if (document.visibilityState !== "visible") return;
    const device = (await pairedDevices()).find(({ uuid }) => !known.has(uuid));
    if (device && !ended) then.paired(device);
  };
  const ticking = setInterval(tick, 1_000);
  // A look that fails is made up for by the next.
  const looking = setInterval(() => void look().catch(() => {}), LOOK_MS);
  const end = () => {
    ended = true;
    clearInterval(ticking);
    clearInterval(looking);
  };

  fill(
    place,
    el("p", {}, "Type this code into the Busymate app on the device:"),
    el("output", { className: "code", "aria-label": "Pairing code" }, inHalves(code)),
    el("p", { className: "muted small" }, left),
    await terminalWay(code),
  );
  tick();
  return end;
}

async function pairedDevices(): Promise<Device[]> {
  return (await listDevices()).filter(({ paired }) => paired);
}

function inHalves(code: string): string {
  const half = code.length / 2;
  return `${code.slice(0, half)}-${code.slice(half)}`;
}

/** The request a capture client makes, for those who write one. */
async function terminalWay(code: string): Promise<HTMLElement> {
  const { url } = await connection();
  const device = { uuid: crypto.randomUUID(), name: "My device" };
  const command = [
    `curl ${url}/functions/v1/device-pair \\`,
    `  -H 'Content-Type: application/json' \\`,
    `  -d '${JSON.stringify({ code, device })}'`,
  ].join("\n");
  const copy = el("button", { type: "button" }, "Copy command");
  copy.onclick = async () => {
    await navigator.clipboard.writeText(command);
    copy.textContent = "Copied";
  };
  return el(
    "details",
    {},
    el("summary", {}, "Pair from a terminal instead"),
    el("code", { className: "command", tabIndex: 0 }, command),
    // Pages that came over plain HTTP from another machine have no clipboard.
    "clipboard" in navigator && el("div", { className: "actions" }, copy),
  );
}
