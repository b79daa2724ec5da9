import { el } from "./dom.ts";

export interface Question {
  title: string;
  body: string;
  action: string;
  /** Has to be typed first: for what destroys. */
  repeat?: string;
}

/** Asks before something that cannot be undone. Escape and the first button mean no. */
export function confirmed({ title, body, action, repeat }: Question): Promise<boolean> {
  const cancel = el("button", { type: "button" }, "Cancel");
  const typed = el("input", { id: "confirm-text", required: true, autocomplete: "off" });
  const dialog = el(
    "dialog",
    { "aria-labelledby": "confirm-title", "aria-describedby": "confirm-body" },
    el(
      "form",
      { method: "dialog" },
      el("h2", { id: "confirm-title" }, title),
      el("p", { id: "confirm-body" }, body),
      repeat !== undefined && el(
        "div",
        { className: "field" },
        el("label", { htmlFor: typed.id }, `Type ${repeat} to confirm`),
        typed,
      ),
      el(
        "div",
        { className: "actions" },
        cancel,
        el("button", { type: "submit", value: "yes", className: "danger" }, action),
      ),
    ),
  );
  const check = () =>
    typed.setCustomValidity(
      repeat === undefined || typed.value === repeat ? "" : `Type ${repeat} exactly.`,
    );
  typed.oninput = check;
  check();
  cancel.onclick = () => dialog.close("no");
  document.body.append(dialog);
  return new Promise((resolve) => {
    dialog.onclose = () => {
      dialog.remove();
      resolve(dialog.returnValue === "yes");
    };
    dialog.showModal();
  });
}
