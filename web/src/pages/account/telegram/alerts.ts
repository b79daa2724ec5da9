import { rest, rows } from "../../../api.ts";
import { el } from "../../../dom.ts";
import { type Frame, run } from "../../../frame.ts";

interface Rule {
  id: string;
  workspace_id: string;
  kind: string;
  enabled: boolean;
}

/** What one can be told of, in the words of the page. */
const KINDS: [kind: string, name: string][] = [
  ["device_offline", "A device goes offline"],
  ["error_spike", "Errors pile up (20 in a minute)"],
  ["breakpoint_held", "A breakpoint holds an exchange"],
];

/** A switch for each alert, by workspace. */
export async function alertSwitches(frame: Frame): Promise<HTMLElement> {
  const api = await rest();
  const [workspaces, rules] = await Promise.all([
    api.from("workspaces").select("id,name").order("name").limit(50),
    api.from("alert_rules").select("id,workspace_id,kind,enabled"),
  ]);
  const known = new Map<string, Rule>(
    rows(rules).map((rule) => [`${rule.workspace_id} ${rule.kind}`, rule]),
  );
  return el(
    "div",
    { className: "panel" },
    el("h2", {}, "Alerts"),
    el("p", { className: "muted" }, "The bot tells you in Telegram while your account is linked."),
    ...rows(workspaces).map(({ id, name }) =>
      el(
        "fieldset",
        {},
        el("legend", {}, el("bdi", {}, name)),
        ...KINDS.map(([kind, label]) =>
          alertSwitch(known, { workspace_id: id, kind }, label, frame)
        ),
      )
    ),
  );
}

function alertSwitch(
  known: Map<string, Rule>,
  what: { workspace_id: string; kind: string },
  label: string,
  frame: Frame,
): HTMLElement {
  const key = `${what.workspace_id} ${what.kind}`;
  const box = el("input", { type: "checkbox", checked: known.get(key)?.enabled ?? false });
  box.onchange = async () => {
    const enabled = box.checked;
    box.disabled = true;
    try {
      await run(frame, async () => {
        // The box says what is stored, whatever became of the request.
        box.checked = !enabled;
        known.set(key, await store(known.get(key), what, enabled));
        box.checked = enabled;
      });
    } finally {
      box.disabled = false;
      box.focus();
    }
  };
  return el("label", { className: "scope" }, box, el("span", {}, label));
}

async function store(
  rule: Rule | undefined,
  what: { workspace_id: string; kind: string },
  enabled: boolean,
): Promise<Rule> {
  const rules = (await rest()).from("alert_rules");
  const columns = "id,workspace_id,kind,enabled";
  return rows(
    rule
      ? await rules.update({ enabled }).eq("id", rule.id).select(columns).single()
      : await rules.insert({ ...what, enabled }).select(columns).single(),
  );
}
