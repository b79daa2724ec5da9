import { AuthError } from "@supabase/supabase-js";
import { el, fill } from "../dom.ts";
import { busy, layOut, messageOf, run } from "../frame.ts";
import { leaveFor, nextPage } from "../navigation.ts";
import { auth, currentSession } from "../session.ts";

interface Mode {
  title: string;
  action: string;
  /** Tells password managers whether to offer the known password or a new one. */
  autocomplete: "current-password" | "new-password";
  hint: string;
  other: { question: string; action: string; mode: "signIn" | "signUp" };
  /** Answers whether there is a session now; without one a mail is on its way. */
  submit(email: string, password: string): Promise<boolean>;
}

const MIN_PASSWORD_LENGTH = 8;

const MODES: Record<"signIn" | "signUp", Mode> = {
  signIn: {
    title: "Sign in",
    action: "Sign in",
    autocomplete: "current-password",
    hint: "",
    other: { question: "New here?", action: "Create an account", mode: "signUp" },
    async submit(email, password) {
      const { error } = await (await auth()).signInWithPassword({ email, password });
      if (error) throw error;
      return true;
    },
  },
  signUp: {
    title: "Create an account",
    action: "Create account",
    autocomplete: "new-password",
    hint: `At least ${MIN_PASSWORD_LENGTH} characters.`,
    other: { question: "Have an account?", action: "Sign in", mode: "signIn" },
    async submit(email, password) {
      const { data, error } = await (await auth()).signUp({
        email,
        password,
        options: { emailRedirectTo: location.href },
      });
      if (error) throw error;
      return data.session !== null;
    },
  },
};

const EXPLAINED: Record<string, string> = {
  invalid_credentials: "E-mail or password is wrong.",
  user_already_exists: "There is an account with this e-mail already. Sign in instead.",
  email_not_confirmed: "Confirm your e-mail first: open the link in the message we sent you.",
  user_banned: "This account is locked.",
  over_request_rate_limit: "Too many tries. Wait a minute and try again.",
};

const next = nextPage(new URLSearchParams(location.search).get("next"));
const frame = layOut(null, "card");
await run(frame, async () => {
  if (await currentSession()) await leaveFor(next);
  show("signIn");
});

function show(name: keyof typeof MODES, typedEmail = ""): void {
  const mode = MODES[name];
  const email = el("input", {
    id: "email",
    type: "email",
    required: true,
    autocomplete: "username",
    value: typedEmail,
  });
  const password = el("input", {
    id: "password",
    type: "password",
    required: true,
    autocomplete: mode.autocomplete,
    ...(name === "signUp" && { minLength: MIN_PASSWORD_LENGTH, "aria-describedby": "hint" }),
  });
  const submit = el("button", { type: "submit", className: "primary stretch" }, mode.action);
  const other = el("button", { type: "button", className: "quiet" }, mode.other.action);
  other.onclick = () => {
    frame.tell("");
    show(mode.other.mode, email.value);
    document.getElementById("email")?.focus();
  };

  const form = el(
    "form",
    {},
    el("div", { className: "field" }, el("label", { htmlFor: "email" }, "E-mail"), email),
    el(
      "div",
      { className: "field" },
      el("label", { htmlFor: "password" }, "Password"),
      password,
      mode.hint !== "" && el("span", { id: "hint", className: "muted small" }, mode.hint),
    ),
    submit,
  );
  form.onsubmit = (event) => {
    event.preventDefault();
    frame.tell("");
    void busy(submit, async () => {
      try {
        if (await mode.submit(email.value.trim(), password.value)) await leaveFor(next);
        frame.tell(`We sent a message to ${email.value}. Open the link in it to go on.`, "good");
      } catch (error) {
        const code = error instanceof AuthError ? error.code : undefined;
        frame.tell(EXPLAINED[code ?? ""] ?? messageOf(error));
        password.select();
      }
    });
  };

  document.title = `${mode.title} · Busymate`;
  fill(
    frame.main,
    el("h1", {}, mode.title),
    el("p", { className: "muted" }, purpose()),
    form,
    el("p", { className: "switch" }, mode.other.question, " ", other),
  );
  (typedEmail === "" ? email : password).focus();
}

/** Why one is asked to sign in. */
function purpose(): string {
  return new URL(next).pathname === "/consent"
    ? "An app asks for access to your account. Sign in to see what it wants."
    : "One account for your devices, captures and connected apps.";
}
