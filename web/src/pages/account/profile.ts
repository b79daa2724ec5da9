import { rest, rows } from "../../api.ts";
import { el, fill } from "../../dom.ts";
import { busy, type Frame, run } from "../../frame.ts";
import type { Session } from "../../session.ts";
import { inFull } from "../../time.ts";
import { leaving } from "./leaving.ts";

/** Who one is, and the name others see. */
export async function showProfile(panel: HTMLElement, frame: Frame, session: Session) {
  const profiles = (await rest()).from("profiles");
  const profile = rows(
    await profiles.select("display_name,email,role,created_at").eq("id", session.user.id).single(),
  );
  const name = el("input", {
    id: "display-name",
    maxLength: 120,
    autocomplete: "name",
    value: profile.display_name,
  });
  const save = el("button", { type: "submit", className: "primary" }, "Save");
  const form = el(
    "form",
    { className: "panel" },
    el(
      "div",
      { className: "field" },
      el("label", { htmlFor: "display-name" }, "Display name"),
      name,
    ),
    el(
      "dl",
      { className: "facts" },
      fact("E-mail", profile.email ?? "none"),
      fact("Role", profile.role),
      fact("Member since", inFull(profile.created_at)),
    ),
    el("div", { className: "actions" }, save),
  );
  form.onsubmit = (event) => {
    event.preventDefault();
    frame.tell("");
    void busy(save, () =>
      run(frame, async () => {
        const changed = rows(
          await (await rest()).from("profiles").update({ display_name: name.value.trim() })
            .eq("id", session.user.id).select("display_name").single(),
        );
        name.value = changed.display_name;
        frame.tell("Saved.", "good");
      }));
  };
  fill(panel, el("h2", { id: "tab-title" }, "Profile"), form, leaving(frame, session));
}

function fact(term: string, detail: string): HTMLElement {
  return el("div", {}, el("dt", {}, term), el("dd", {}, detail));
}
