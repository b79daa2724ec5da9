import { el } from "./dom.ts";

/** Asks before something that cannot be undone. Escape and the first button mean no. */
export function confirmed(
  question: { title: string; body: string; action: string },
): Promise<boolean> {
  const yes = el("button", { value: "yes", className: "danger" }, question.action);
  const dialog = el(
    "dialog",
    { "aria-labelledby": "confirm-title", "aria-describedby": "confirm-body" },
    el(
      "form",
      { method: "dialog" },
      el("h2", { id: "confirm-title" }, question.title),
      el("p", { id: "confirm-body" }, question.body),
      el(
        "div",
        { className: "actions" },
        el("button", { value: "no", autofocus: true }, "Cancel"),
        yes,
      ),
    ),
  );
  document.body.append(dialog);
  return new Promise((resolve) => {
    dialog.onclose = () => {
      dialog.remove();
      resolve(dialog.returnValue === "yes");
    };
    dialog.showModal();
  });
}
