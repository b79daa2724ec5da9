import { randomInt, randomUUID } from "node:crypto";
import { connect } from "node:net";
import { describe, expect, it } from "vitest";
import { stack } from "../support/stack.ts";
import { database } from "../support/world.ts";
import {
  callsIn,
  failIn,
  newAccount,
  newGroup,
  nextText,
  post,
  textsIn,
  updateOf,
  write,
} from "./support/chat.ts";
import { newLinked } from "./support/link.ts";

describe("the webhook", () => {
  it.each([
    ["none", null, "missing_token"],
    ["an empty one", "", "invalid_token"],
    ["a wrong one", "not-the-secret", "invalid_token"],
    ["the beginning of it", "a-secret-of-the", "invalid_token"],
  ])("refuses an update with no right secret: %s", async (_name, secret, code) => {
    const account = newAccount();
    const answer = await post(updateOf(account, "/help"), secret);
    expect(answer.status).toBe(401);
    expect((await answer.json()).error.code).toBe(code);
    expect(await callsIn(account.id)).toEqual([]);
  });

  it("answers that before the body has come", async () => {
    const { hostname, port } = new URL(stack().url);
    const socket = connect(Number(port), hostname);
    const answered = new Promise<string>((resolve, reject) => {
      socket.once("data", (chunk) => resolve(String(chunk)));
      socket.once("error", reject);
    });
    // Of the body that is announced the beginning alone is ever sent.
    socket.write(
      "POST /functions/v1/telegram-bot HTTP/1.1\r\nHost: test\r\nContent-Type: application/json\r\n" +
        "X-Telegram-Bot-Api-Secret-Token: wrong\r\nContent-Length: 1000\r\n\r\n{",
    );
    expect(await answered).toMatch(/^HTTP\/1\.1 401 /);
    socket.destroy();
  });

  it("names what is wrong with a body that is no update", async () => {
    for (const [body, code] of [["{", "invalid_json"], ["{}", "invalid_request"]] as const) {
      const answer = await post(body);
      expect(answer.status).toBe(400);
      expect((await answer.json()).error.code).toBe(code);
    }
  });

  it("acts once on an update that comes a hundred times at once, and acknowledges all of them", async () => {
    const account = newAccount();
    const update = updateOf(account, "/login");
    const answers = await Promise.all(Array.from({ length: 100 }, () => post(update)));
    expect(answers.map(({ status }) => status)).toEqual(Array(100).fill(200));
    await write(account, "/help");
    expect((await textsIn(account.id)).filter((text) => text.includes("tglink="))).toHaveLength(1);
    expect((await post(update)).status).toBe(200);
    await write(account, "/help");
    expect(await textsIn(account.id)).toHaveLength(3);
  });

  it("is told again that an update is its own, when the answer was lost on the way", async () => {
    const [update, chat] = [randomInt(2 ** 40), randomInt(2 ** 40)];
    const [first, second] = [randomUUID(), randomUUID()];
    const begin = async (attempt: string) => {
      const [row] = await database()`
        select internal.telegram_begin(${update}, ${attempt}, ${chat},
          ${`${stack().url}/functions/v1/telegram-bot`}) as answer`;
      return row!["answer"].fresh as boolean;
    };
    expect([await begin(first), await begin(second), await begin(first), await begin(second)])
      .toEqual([true, false, true, false]);
  });

  it("acknowledges what it has nothing to do with", async () => {
    const bot = { ...updateOf(newAccount(), "/help") };
    bot.message.from.is_bot = true;
    for (const update of [{ update_id: 1, edited_message: {} }, bot]) {
      expect((await post(update)).status).toBe(200);
    }
    expect(await callsIn(bot.message.chat.id)).toEqual([]);
  });

  it("takes thirty messages a minute and chat, and says once that it is too many", async () => {
    const account = newAccount();
    const started = performance.now();
    await Promise.all(Array.from({ length: 60 }, () => post(updateOf(account, "/help"))));
    const seconds = (performance.now() - started) / 1000;
    const refused = (texts: string[]) => texts.filter((text) => text.startsWith("Too many"));
    // Two seconds give back one: as many as that took are answered besides the thirty.
    await expect.poll(() => textsIn(account.id).then((texts) => texts.length), { timeout: 30_000 })
      .toBeGreaterThan(30);
    const texts = await textsIn(account.id);
    expect(texts.length).toBeLessThanOrEqual(32 + seconds / 2);
    await expect.poll(async () => refused(await textsIn(account.id))).toHaveLength(1);
    expect(await write(newAccount(), "/help")).toContain("/login");
  });

  it("waits when Telegram says so, and then answers", async () => {
    const account = newAccount();
    await failIn(account.id, {
      method: "sendMessage",
      times: 1,
      error_code: 429,
      description: "Too Many Requests: retry after 1",
      retry_after: 1,
    });
    expect(await write(account, "/help")).toContain("/login");
    const [refused, sent] = await callsIn(account.id);
    expect([refused!.ok, sent!.ok]).toEqual([false, true]);
    expect(sent!.at - refused!.at).toBeGreaterThanOrEqual(990);
  });
});

describe("the bot", () => {
  it("says what it can do, and what it does not know", async () => {
    const account = newAccount();
    for (const text of ["/start", "/help"]) {
      expect(await write(account, text)).toMatch(/\/login.*\/me.*\/ask.*\/stats.*\/logout/s);
    }
    expect(await write(account, "/teapot")).toContain("do not know");
    expect(await write(account, "/me")).toContain("not linked");
    expect(await write(account, "/stats")).toContain("not linked");
    expect(await write(account, "/ask who am I?")).toContain("not linked");
  });

  it("sends text without markup and without previews, of what it is at too", async () => {
    const { account } = await newLinked();
    await write(account, "/me");
    await write(account, "/ask which devices do I have?");
    await expect.poll(async () => (await textsIn(account.id)).join("\n"), { timeout: 20_000 })
      .toContain("no devices");
    const messages = (await callsIn(account.id)).filter(({ method }) =>
      method === "sendMessage" || method === "editMessageText"
    );
    expect(messages.some(({ payload }) => String(payload["text"]).startsWith("🔍"))).toBe(true);
    for (const { payload } of messages) {
      expect(payload).not.toHaveProperty("parse_mode");
      expect(payload["link_preview_options"]).toEqual({ is_disabled: true });
    }
  });

  it("answers although what it showed meanwhile could not be shown, or is gone", async () => {
    const { account } = await newLinked();
    const asked = async () => {
      const before = (await textsIn(account.id)).length;
      await post(updateOf(account, "/ask which devices do I have?"));
      await expect.poll(
        async () => (await textsIn(account.id)).slice(before).join("\n"),
        { timeout: 20_000 },
      ).toContain("no devices");
    };
    for (const method of ["sendMessage", "editMessageText"]) {
      await failIn(account.id, {
        method,
        times: 1,
        error_code: 400,
        description: "Bad Request: message to edit not found",
      });
      await asked();
    }
    const refused = (await callsIn(account.id)).filter(({ ok }) => !ok);
    expect(refused.map(({ method }) => method)).toEqual(["sendMessage", "editMessageText"]);
  });

  it("says that it reads text alone, and takes no notice of what was edited", async () => {
    const { account } = await newLinked();
    const { update_id, message: { text: _, ...message } } = updateOf(account, "");
    const before = (await textsIn(account.id)).length;
    const voice = { file_id: "f", file_unique_id: "u", duration: 1 };
    await post({ update_id, message: { ...message, voice } });
    expect(await nextText(account.id, before)).toContain("text alone");
    const edited = updateOf(account, "/logout");
    await post({ update_id: edited.update_id, edited_message: edited.message });
    expect(await write(account, "/me")).toContain("Role");
  });

  it("takes what is forwarded for a stranger's words", async () => {
    const { person, account } = await newLinked();
    const threads = async () => {
      const { data } = await person.client.from("busybro_threads").select("tainted").order("id");
      return data!.map(({ tainted }) => tainted);
    };
    await write(account, "who am I?");
    await expect.poll(threads, { timeout: 20_000 }).toEqual([false]);
    const update = updateOf(account, "who am I?");
    const forward_origin = { type: "hidden_user", sender_user_name: "Eve", date: 1 };
    await post({ ...update, message: { ...update.message, forward_origin } });
    await expect.poll(threads, { timeout: 20_000 }).toEqual([true]);
  });

  it("shows nothing in a group, to whoever is linked either, and gives out no code there", async () => {
    const { person, account } = await newLinked();
    const group = newGroup();
    for (const command of ["/me", "/stats", "/ask which devices?", "/login", "/logout", "/start"]) {
      const answer = await write(account, command, group);
      expect(answer).toContain("https://t.me/busymate_test_bot");
      expect(answer).not.toContain(person.email);
      expect(answer).not.toContain("tglink");
    }
    expect(await write(account, "/me@busymate_test_bot", group)).toContain("https://t.me/");
    const said = (await callsIn(group.id)).length;
    for (const text of ["/me@another_bot", "what about my devices?", "/teapot"]) {
      await post(updateOf(account, text, group));
    }
    expect(await write(account, "/me")).toContain(person.email);
    expect(await callsIn(group.id)).toHaveLength(said);
  });

  it("shows the numbers of the person's own workspace", async () => {
    const { account } = await newLinked();
    expect(await write(account, "/stats")).toMatch(/Devices: 0 of 0 online/);
  });

  it("acts for nobody on a ticket it was not given", async () => {
    for (const headers of [{}, { "X-Busymate-Ticket": "bmw_guessed" }]) {
      const answer = await fetch(`${stack().url}/functions/v1/telegram-bot/deliver`, {
        method: "POST",
        headers,
      });
      expect(answer.status).toBe(401);
    }
  });
});
