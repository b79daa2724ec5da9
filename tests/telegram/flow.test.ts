import { randomUUID } from "node:crypto";
import { describe, expect, it, vi } from "vitest";
import { focused, horizontalOverflow } from "../e2e/support/browser.ts";
import { openAs, signedIn, web } from "../e2e/support/sign-in.ts";
import { useBrowser } from "../e2e/support/visits.ts";
import { rest, rowsOf, rpc } from "../support/rest.ts";
import { exchangeOf, ingest, newDevice, newPerson } from "../support/world.ts";
import { callsIn, newAccount, newCode, nextText, textsIn, write } from "./support/chat.ts";
import { newLinked } from "./support/link.ts";

vi.setConfig({ testTimeout: 120_000 });
const { browser, visit } = useBrowser();

describe("from /login to /logout", () => {
  it("links by the page, answers as the person, and ends", async () => {
    const [person, account] = [await newPerson(), newAccount()];
    const device = await newDevice(person, { name: "Kitchen tablet" });
    await ingest(device, [exchangeOf()]);
    const code = await newCode(account);

    const { page } = await visit();
    // Not signed in yet: the sign-in page comes first and leads back here.
    await page.goto(web(`/account?tglink=${code}`));
    await page.waitForURL("**/login?next=**");
    await page.getByLabel("E-mail").fill(person.email);
    await page.getByLabel("Password").fill(person.password);
    await page.keyboard.press("Enter");
    await page.getByRole("heading", { name: "Link this Telegram account?" }).waitFor();
    const panel = page.getByRole("main");
    for (const fact of [account.first_name, `@${account.username}`, String(account.id)]) {
      await panel.getByText(fact, { exact: true }).waitFor();
    }
    await panel.getByText(person.email).waitFor();
    expect((await rpc(person.token, "get_telegram_link")).body).toBeNull();

    const said = (await textsIn(account.id)).length;
    await page.getByRole("button", { name: "Link this account" }).click();
    await page.getByRole("status").filter({ hasText: `@${account.username} is linked` }).waitFor();
    expect(new URL(page.url()).search).toBe("");
    expect(await nextText(account.id, said)).toContain(person.email);

    const me = await write(account, "/me");
    expect(me).toContain(person.email);
    expect(me).toContain("member");
    expect(await write(account, "/stats")).toMatch(/1 of 1 online[\s\S]*1 in all/);

    await write(account, "/ask which devices do I have?");
    await expect.poll(async () => (await textsIn(account.id)).join("\n"), { timeout: 20_000 })
      .toContain("Kitchen tablet");
    expect((await callsIn(account.id)).map(({ method }) => method)).toContain("sendChatAction");

    expect(await write(account, "/logout")).toContain("Unlinked");
    expect(await write(account, "/me")).toContain("not linked");
    await page.reload();
    await page.getByText("It starts in Telegram").waitFor();
  });

  it("keeps secrets of captured traffic out of every message", async () => {
    const { person, account } = await newLinked();
    const device = await newDevice(person);
    const canary = `sk_live_${randomUUID().replaceAll("-", "")}`;
    const host = `${randomUUID().slice(0, 8)}.example.com`;
    await ingest(device, [exchangeOf({}, {
      url: `https://${host}/pay?api_key=${canary}`,
      requestHeaders: { authorization: `Bearer ${canary}`, cookie: `session=${canary}` },
      responseBody: JSON.stringify({ access_token: canary }),
      statusCode: 500,
    })]);
    for (
      const question of [
        "show the last request with its headers",
        "what errors were there?",
        "which hosts were called?",
        `did anything contain ${canary}?`,
      ]
    ) await write(account, `/ask ${question}`);
    await write(account, "/stats");
    const calls = JSON.stringify(await callsIn(account.id));
    // That it was looked at is seen by the host.
    expect(calls).toContain(host);
    expect(calls).not.toContain(canary);
  });
});

describe("the Telegram tab", () => {
  it("shows whose account somebody else's link is about, and refusing links nothing", async () => {
    const [victim, attacker] = [await newPerson(), newAccount()];
    const code = await newCode(attacker);
    const { page } = await visit({ storageState: await signedIn(browser(), victim) });
    await page.goto(web(`/account?tglink=${code}`));
    await page.getByText(`@${attacker.username}`, { exact: true }).waitFor();
    await page.getByText("If somebody gave you this link, it is theirs.").waitFor();
    await page.getByRole("button", { name: "Not mine" }).click();
    await page.getByText("It starts in Telegram").waitFor();
    expect((await rpc(victim.token, "get_telegram_link")).body).toBeNull();
    expect(await textsIn(attacker.id)).toHaveLength(1);
  });

  it("says that a code is no good, once", async () => {
    const person = await newPerson();
    const { page, expectRefusal } = await visit();
    expectRefusal("/rpc/get_telegram_link_request");
    await openAs(page, person, "/devices");
    await page.goto(web("/account?tglink=bml_AAAAAAAAAAAAAAAAAAAAAA"));
    await page.getByRole("alert").filter({ hasText: "ask the bot for a new one" }).waitFor();
    expect(new URL(page.url()).search).toBe("");
  });

  it("switches alerts on and off and unlinks, by keyboard, on a phone", async () => {
    const { person, account } = await newLinked();
    const { page } = await visit({
      viewport: { width: 360, height: 740 },
      storageState: await signedIn(browser(), person),
    });
    await page.goto(web("/account#telegram"));
    await page.getByRole("heading", { name: "Linked account" }).waitFor();
    expect(await horizontalOverflow(page)).toBe(0);

    const box = page.getByRole("checkbox", { name: "A device goes offline" });
    const rules = async () =>
      rowsOf<{ kind: string; enabled: boolean }>(
        await rest(person.token, "GET", "alert_rules?select=kind,enabled"),
      );
    await box.focus();
    for (const enabled of [true, false]) {
      await page.keyboard.press("Space");
      await expect.poll(rules).toEqual([{ kind: "device_offline", enabled }]);
      await expect.poll(() => box.isChecked()).toBe(enabled);
      await expect.poll(() => box.evaluate((element) => element === document.activeElement))
        .toBe(true);
    }
    await page.getByRole("button", { name: `Unlink @${account.username}` }).focus();
    expect((await focused(page)).visible).toBe(true);
    await page.keyboard.press("Enter");
    await page.getByRole("dialog").getByRole("button", { name: "Unlink" }).focus();
    await page.keyboard.press("Enter");
    await page.getByRole("status").filter({ hasText: "is unlinked" }).waitFor();
    expect((await rpc(person.token, "get_telegram_link")).body).toBeNull();
    await expect.poll(() => textsIn(account.id))
      .toContainEqual(expect.stringContaining("no longer linked"));
  });
});
