import { execFile } from "node:child_process";
import { describe, expect, it, vi } from "vitest";
import { telegram } from "./support/chat.ts";

vi.setConfig({ testTimeout: 90_000 });

const token = `${7_000_000_100 + Number(process.pid)}:command`;

/** Runs `npm run telegram-webhook -- …`. */
function command(
  args: string[],
  environment: Record<string, string> = {},
): Promise<{ code: number; stdout: string; stderr: string }> {
  const { PATH = "", HOME = "" } = process.env;
  const env = {
    PATH,
    HOME,
    TELEGRAM_API_ROOT: telegram().apiRoot,
    TELEGRAM_BOT_TOKEN: token,
    TELEGRAM_WEBHOOK_SECRET: "a-secret",
    ...environment,
  };
  return new Promise((resolve) => {
    execFile(
      process.execPath,
      ["--import", "tsx", "scripts/telegram-webhook.ts", ...args],
      { env },
      (error, stdout, stderr) => resolve({ code: error ? Number(error.code) : 0, stdout, stderr }),
    );
  });
}

const atTelegram = async () =>
  await (await fetch(`${telegram().apiRoot}/bots/${token}`)).json() as {
    webhook: Record<string, unknown> | null;
    menu: { command: string }[];
  };

describe("npm run telegram-webhook", () => {
  it("sets the webhook with its secret and the menu, shows it and deletes it", async () => {
    expect(await command(["set", "https://project.example"])).toMatchObject({
      code: 0,
      stdout:
        "Updates of @busymate_test_bot go to https://project.example/functions/v1/telegram-bot.\n",
    });
    const { webhook, menu } = await atTelegram();
    expect(webhook).toEqual({
      url: "https://project.example/functions/v1/telegram-bot",
      secret_token: "a-secret",
      allowed_updates: ["message"],
    });
    expect(menu.map(({ command }) => command)).toEqual(
      ["login", "me", "ask", "stats", "logout", "help"],
    );
    expect((await command(["show"])).stdout).toContain("Waiting: 0");
    expect((await command(["delete"])).code).toBe(0);
    expect((await atTelegram()).webhook).toBeNull();
    expect((await command(["show"])).stdout).toContain("has no webhook");
  });

  it.each<[string, string[], Record<string, string>, RegExp]>([
    ["no command", [], {}, /^Usage/],
    ["an unknown one", ["toggle"], {}, /^Usage/],
    ["no URL", ["set"], {}, /SUPABASE_URL/],
    ["what is no URL", ["set", "project"], {}, /not a URL/],
    ["no token", ["show"], { TELEGRAM_BOT_TOKEN: "" }, /BotFather/],
    ["no secret", ["set", "https://p.example"], { TELEGRAM_WEBHOOK_SECRET: "" }, /openssl/],
    ["a revoked token", ["show"], { TELEGRAM_BOT_TOKEN: "1:revoked" }, /does not know this bot/],
    ["nobody there", ["show"], { TELEGRAM_API_ROOT: "http://127.0.0.1:9" }, /cannot be reached/],
    [
      "an address Telegram does not take",
      ["set", "http://p.example"],
      { TELEGRAM_API_ROOT: "" },
      /https addresses alone/,
    ],
  ])("explains in a sentence: %s", async (_name, args, environment, message) => {
    const { code, stderr } = await command(args, environment);
    expect(code).toBe(1);
    expect(stderr).toMatch(message);
    expect(stderr).not.toContain("    at ");
    expect(stderr).not.toContain(token.split(":")[1]);
  });
});
