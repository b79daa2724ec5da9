// What the bot says of itself. Plain text throughout: nothing that was captured can become markup.

/** The commands as Telegram's menu shows them; `npm run telegram-webhook -- set` registers them. */
export const COMMANDS = [
  { command: "login", description: "Link this chat to your Busymate account" },
  { command: "me", description: "Whom this chat acts for" },
  { command: "ask", description: "Ask BusyBro about your devices and traffic" },
  { command: "stats", description: "Numbers of your workspace" },
  { command: "logout", description: "End the link" },
  { command: "help", description: "What I can do" },
] as const;

/** Everything the bot answers to. */
export const COMMAND_NAMES = ["start", ...COMMANDS.map(({ command }) => command)] as const;

export const NOT_LINKED = "This chat is not linked to a Busymate account. Send /login to link it.";

export const ALREADY_LINKED =
  "This Telegram account is linked already: /me says to whom. Send /logout first to link it anew.";

export const LOGGED_OUT = "🔌 Unlinked. I can no longer act for you; alerts to this chat end too.";

export const NO_QUESTION = "Ask something after it, for example:\n/ask which devices are offline?";

export const UNKNOWN_COMMAND = "I do not know that command. /help shows what I can do.";

export const TEXT_ALONE = "I can read text alone: write what you want to know.";

export const WENT_WRONG = "Something went wrong on our side. Try again in a moment.";

export const UNAVAILABLE = "Busymate cannot be reached right now. Try again shortly.";

/** For a chat that others read too. */
export function privateOnly(username: string): string {
  return `I show nothing of anybody's account where others can read it. Write to me alone: https://t.me/${username}`;
}

export function help(linked: boolean): string {
  const commands = COMMANDS.map(({ command, description }) => `/${command}: ${description}`);
  return [
    "I am Busymate's bot.",
    linked
      ? "This chat is linked to your account."
      : "Send /login to link this chat to your account.",
    "",
    ...commands,
    "",
    "Text without a command is a question to BusyBro. Alerts are switched on in your account, under Telegram.",
  ].join("\n");
}

export function loginLink(webUrl: string, code: string): string {
  return "Open this link and confirm there that this chat may act for you:\n" +
    `${webUrl}/account?tglink=${code}\n\n` +
    "It works once, for 10 minutes. Give it to nobody: whoever confirms it decides what this chat shows.";
}

export function tooMany(seconds: number): string {
  return `Too many messages: I take 30 a minute. Try again in ${Math.max(1, seconds)} s.`;
}
