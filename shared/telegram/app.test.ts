import { beforeEach, describe, expect, it } from "vitest";
import { fakeProject } from "../token/project.fake.ts";
import type { FakeProject } from "../token/project.fake.ts";
import { telegramApp } from "./app.ts";

let project: FakeProject;

beforeEach(async () => {
  project = await fakeProject();
});

interface Settings {
  TELEGRAM_BOT_TOKEN?: string;
  TELEGRAM_WEBHOOK_SECRET?: string;
  BUSYBRO_PROVIDER?: "anthropic" | "openai-compatible";
  BUSYBRO_BASE_URL?: string;
}

function appWith(settings: Settings) {
  return telegramApp(
    {
      ...project.config,
      BUSYBRO_PROVIDER: "offline",
      BUSYBRO_BASE_URL: undefined,
      BUSYBRO_MODEL: undefined,
      BUSYBRO_API_KEY: undefined,
      BUSYBRO_WEB_SEARCH: undefined,
      TELEGRAM_BOT_TOKEN: undefined,
      TELEGRAM_WEBHOOK_SECRET: undefined,
      TELEGRAM_API_ROOT: "http://telegram.test",
      ...settings,
    },
    { ...project.runtime, background: () => {} },
  );
}

describe("the function telegram-bot", () => {
  it.each([
    [{}, "TELEGRAM_BOT_TOKEN"],
    [{ TELEGRAM_BOT_TOKEN: "1:token" }, "TELEGRAM_WEBHOOK_SECRET"],
  ])("says what is missing when it is not set up: %j", async (settings, missing) => {
    const app = appWith(settings);
    for (const path of ["/telegram-bot", "/telegram-bot/deliver"]) {
      const answer = await app.request(path, { method: "POST" });
      expect(answer.status).toBe(503);
      expect(await answer.json()).toMatchObject({
        error: { code: "unavailable", message: expect.stringContaining(`${missing} is missing`) },
      });
    }
  });

  it.each(
    [
      [{ BUSYBRO_PROVIDER: "anthropic" }, "BUSYBRO_API_KEY is missing"],
      [{ BUSYBRO_PROVIDER: "openai-compatible" }, "BUSYBRO_BASE_URL is missing"],
      [
        { BUSYBRO_PROVIDER: "openai-compatible", BUSYBRO_BASE_URL: "http://model.test/v1" },
        "BUSYBRO_MODEL is missing",
      ],
    ] as const,
  )("does not start with half a model server: %j", (settings, missing) => {
    const bot = { TELEGRAM_BOT_TOKEN: "1:token", TELEGRAM_WEBHOOK_SECRET: "right" };
    expect(() => appWith({ ...bot, ...settings })).toThrow(missing);
  });

  it("refuses a wrong secret without reading the body, asking the database or Telegram", async () => {
    const app = appWith({ TELEGRAM_BOT_TOKEN: "1:token", TELEGRAM_WEBHOOK_SECRET: "right" });
    for (const secret of [undefined, "", "wrong", "righ", "right1", "Right"]) {
      let read = false;
      const body = new ReadableStream({
        pull() {
          read = true;
        },
      }, { highWaterMark: 0 });
      const answer = await app.request("/telegram-bot", {
        method: "POST",
        headers: {
          "Content-Type": "application/json",
          ...(secret !== undefined && { "X-Telegram-Bot-Api-Secret-Token": secret }),
        },
        body,
        duplex: "half",
      } as RequestInit);
      expect(answer.status).toBe(401);
      expect(read).toBe(false);
    }
    expect(project.calls).toEqual([]);
  });
});
