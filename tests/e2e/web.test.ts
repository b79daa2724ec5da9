import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { beforeAll, describe, expect, it, vi } from "vitest";
import { call, database, newDevice, newPerson, type Person } from "../support/world.ts";
import { focused, horizontalOverflow } from "./support/browser.ts";
import { openAs, signedIn, type Storage, web } from "./support/sign-in.ts";
import { useBrowser } from "./support/visits.ts";

const PAGES = ["/", "/login", "/consent", "/account", "/devices"];
const PHONE = { viewport: { width: 360, height: 740 } };

vi.setConfig({ testTimeout: 60_000 });

const { browser, visit } = useBrowser();
/** A person who is signed in, for tests that change nothing of theirs. */
let member: { person: Person; storageState: Storage };

beforeAll(async () => {
  const person = await newPerson();
  await newDevice(person, { name: "W".repeat(120) });
  member = { person, storageState: await signedIn(browser(), person) };
});

describe("signing in", () => {
  it("takes a new person from sign-up to their devices", async () => {
    const { page } = await visit();
    await page.goto(web("/"));
    await page.getByRole("button", { name: "Create an account" }).click();
    await page.getByLabel("E-mail").fill(`new-${randomUUID()}@example.com`);
    await page.getByLabel("Password").fill("a long enough password");
    await page.getByRole("button", { name: "Create account" }).click();
    await page.waitForURL(web("/devices"));
    await page.getByText("No devices yet").waitFor();
  });

  it("says that e-mail or password is wrong, and not which", async () => {
    const person = await newPerson();
    const { page, expectRefusal } = await visit();
    expectRefusal("/auth/v1/token");
    const messages: string[] = [];
    for (const email of [person.email, `nobody-${randomUUID()}@example.com`]) {
      await page.goto(web("/login"));
      await page.getByLabel("E-mail").fill(email);
      await page.getByLabel("Password").fill("not the password");
      await page.getByRole("button", { name: "Sign in" }).click();
      messages.push(await page.getByRole("alert").filter({ hasText: /./ }).innerText());
    }
    expect(messages).toEqual(Array(2).fill("E-mail or password is wrong."));
  });

  it.each(["/devices", "/account?tglink=abc#profile", "/consent?rid=abc"])(
    "comes back to %s",
    async (path) => {
      const { page, expectRefusal } = await visit();
      expectRefusal("/consent/abc");
      await openAs(page, member.person, path);
    },
  );

  it("goes nowhere else, whatever next says", async () => {
    const { page, context } = await visit({ storageState: member.storageState });
    const elsewhere: string[] = [];
    await context.route((url) => url.origin !== new URL(web("/")).origin, async (route) => {
      elsewhere.push(route.request().url());
      await route.abort();
    });
    const traps = [
      "https://evil.example/",
      "//evil.example/",
      "/\\evil.example/",
      "\\\\evil.example/",
      "/.//evil.example/",
      "/%2e//evil.example/",
      "/devices/..//evil.example/",
      "/\t/evil.example/",
      " //evil.example/",
      "javascript:document.title='owned'",
      "data:text/html,owned",
      "@evil.example/",
      "/login?next=//evil.example/",
      "/login",
    ];
    for (const trap of traps) {
      await page.goto(web(`/login?next=${encodeURIComponent(trap)}`));
      await page.waitForURL((url) => url.pathname !== "/login");
      expect(new URL(page.url()).origin, trap).toBe(new URL(web("/")).origin);
    }
    expect(elsewhere).toEqual([]);
  });

  it("asks those who are not signed in to do so, and then goes on", async () => {
    const { page } = await visit();
    for (const path of ["/devices", "/account#apps", "/account?tglink=abc"]) {
      await page.goto(web(path));
      await page.waitForURL(web(`/login?next=${encodeURIComponent(path)}`));
    }
  });

  it("ends the access token with the session", async () => {
    const { page } = await visit();
    const used = page.waitForRequest("**/rest/v1/devices?**");
    await openAs(page, await newPerson(), "/devices");
    const token = (await (await used).headerValue("authorization"))!.replace("Bearer ", "");
    expect((await call("/rest/v1/profiles", token)).status).toBe(200);
    await page.getByRole("button", { name: "Sign out" }).click();
    await page.waitForURL(web("/login"));
    expect((await call("/rest/v1/profiles", token)).status).toBe(401);
    await page.goto(web("/devices"));
    await page.waitForURL("**/login?next=**");
  });
});

describe("devices", () => {
  it("shows a code, sees the device that turns it in, and unpairs it", async () => {
    const person = await newPerson();
    const { page } = await visit();
    await openAs(page, person, "/devices");
    await page.getByRole("button", { name: "Add device" }).click();
    const code = await page.getByLabel("Pairing code").innerText();
    expect(code).toMatch(/^[0-9A-Z]{4}-[0-9A-Z]{4}$/);
    expect(await page.getByRole("timer").innerText()).toMatch(/^Valid for (10:00|9:5\d)/);

    const paired = await call("/functions/v1/device-pair", null, {
      method: "POST",
      body: JSON.stringify({ code, device: { uuid: randomUUID(), name: "Kitchen tablet" } }),
    });
    const { token } = await paired.json() as { token: string };
    await page.getByRole("status").filter({ hasText: "Kitchen tablet is paired." }).waitFor();
    const row = page.getByRole("listitem").filter({ hasText: "Kitchen tablet" });
    await row.getByText("Online").waitFor();
    const ownEntries = () => call("/rest/v1/entries?select=request_id", token);
    expect((await ownEntries()).status).toBe(200);

    await row.getByRole("button", { name: "Unpair" }).click();
    await page.getByRole("dialog").getByRole("button", { name: "Cancel" }).click();
    expect((await ownEntries()).status).toBe(200);
    await row.getByRole("button", { name: "Unpair" }).click();
    await page.getByRole("dialog").getByRole("button", { name: "Unpair" }).click();
    await page.getByRole("status").filter({ hasText: "Kitchen tablet is unpaired." }).waitFor();
    expect((await ownEntries()).status).toBe(401);
  });

  it("offers a button that works, while the list is still on its way", async () => {
    const { page } = await visit();
    let arrive = () => {};
    const arrival = new Promise<void>((resolve) => arrive = resolve);
    // The list's own request; the next one is about the code.
    await page.route("**/rest/v1/devices?**", async (route) => {
      await arrival;
      await route.continue();
    }, { times: 1 });
    await openAs(page, await newPerson(), "/devices");
    await page.getByRole("button", { name: "Add device" }).click();
    expect(await page.getByLabel("Pairing code").innerText()).toMatch(/^[0-9A-Z]{4}-/);
    arrive();
    await page.getByText("No devices yet").waitFor();
  });

  it("shows a command that pairs", async () => {
    const { page } = await visit();
    await openAs(page, await newPerson(), "/devices");
    await page.getByRole("button", { name: "Add device" }).click();
    await page.getByText("Pair from a terminal instead").click();
    const command = await page.locator("code.command").innerText();
    const [, url, body] = /^curl (\S+) [^]* -d '(.*)'$/.exec(command)!;
    expect(url).toBe(web("/functions/v1/device-pair"));
    const answer = await fetch(url!, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: body!,
    });
    expect(answer.status).toBe(201);
  });

  it("offers nothing to those who may only look", async () => {
    const { page } = await visit();
    await openAs(page, await newPerson("viewer"), "/devices");
    await page.getByText("No devices yet").waitFor();
    expect(await page.getByRole("button", { name: "Add device" }).isVisible()).toBe(false);
  });

  it("shows names as text, whatever is in them", async () => {
    const person = await newPerson();
    const name = `<img src=x onerror="document.title='owned'">`;
    await newDevice(person, { name });
    const { page } = await visit();
    await openAs(page, person, "/devices");
    await page.getByRole("heading", { name }).waitFor();
    expect(await page.locator("main img").count()).toBe(0);
  });
});

describe("account", () => {
  it("keeps a new display name", async () => {
    const person = await newPerson();
    const { page } = await visit();
    await openAs(page, person, "/account");
    await page.getByLabel("Display name").fill("Grace H.");
    await page.getByRole("button", { name: "Save" }).click();
    await page.getByRole("status").filter({ hasText: "Saved." }).waitFor();
    const { data } = await person.client.from("profiles").select("display_name").eq(
      "id",
      person.id,
    );
    expect(data).toEqual([{ display_name: "Grace H." }]);
  });

  it("lists connected apps and browsers, and ends each", async () => {
    const person = await newPerson();
    const { page } = await visit();
    await openAs(page, person, "/account#apps");
    await page.getByText("No app is connected.").waitFor();
    // The other session is the one that newPerson exchanged for person.token.
    const sessions = page.getByRole("listitem");
    await expect.poll(() => sessions.count()).toBe(2);
    await sessions.filter({ hasText: "This browser" }).waitFor();
    expect((await call("/rest/v1/profiles", person.token)).status).toBe(200);
    await page.getByRole("button", { name: "Revoke Busymate dashboard" }).click();
    await page.getByRole("dialog").getByRole("button", { name: "Revoke" }).click();
    await page.getByRole("status").filter({ hasText: "no longer has access" }).waitFor();
    expect(await sessions.count()).toBe(1);
    expect((await call("/rest/v1/profiles", person.token)).status).toBe(401);
  });

  it("exports what is kept, and deletes it for good once the e-mail is typed", async () => {
    const person = await newPerson();
    const { page, expectRefusal } = await visit();
    await openAs(page, person, "/account");
    const download = page.waitForEvent("download");
    await page.getByRole("button", { name: "Export my data" }).click();
    const exported = JSON.parse(await readFile(await (await download).path(), "utf8"));
    expect(exported.profile.email).toBe(person.email);

    await page.getByRole("button", { name: "Delete account" }).click();
    const dialog = page.getByRole("dialog");
    await dialog.getByRole("button", { name: "Delete for good" }).click();
    await dialog.getByLabel("Type ").fill("someone@example.com");
    await dialog.getByRole("button", { name: "Delete for good" }).click();
    expect(await dialog.isVisible()).toBe(true);
    // The browser's session went with the account, so signing out finds none.
    expectRefusal("/auth/v1/logout");
    await dialog.getByLabel("Type ").fill(person.email);
    await dialog.getByRole("button", { name: "Delete for good" }).click();
    await page.waitForURL(web("/login"));
    const [account] = await database()`select from auth.users where id = ${person.id}`;
    expect(account).toBeUndefined();
  });
});

describe("protection", () => {
  it.each(PAGES)("%s comes with its policy and nothing inline", async (path) => {
    const answer = await fetch(web(path));
    expect(answer.status).toBe(200);
    expect(Object.fromEntries(answer.headers)).toMatchObject({
      "x-frame-options": "DENY",
      "x-content-type-options": "nosniff",
      "referrer-policy": "no-referrer",
      "cache-control": "no-store",
    });
    const policy = answer.headers.get("content-security-policy")!.split("; ");
    expect(policy).toEqual(expect.arrayContaining([
      "default-src 'none'",
      "script-src 'self'",
      "style-src 'self'",
      "img-src 'self'",
      "connect-src 'self'",
      "base-uri 'none'",
      "form-action 'self'",
      "frame-ancestors 'none'",
    ]));
    const html = await answer.text();
    expect(html).not.toMatch(/<style|\sstyle=|\son\w+=|javascript:/i);
    expect(html.match(/<script\b[^>]*>[^<]*/g)).toEqual([
      expect.stringMatching(/^<script type="module"[^>]* src="\/assets\/[^"]+">$/),
    ]);
  });

  it("does nothing that the policy refuses: an injected script does not run", async () => {
    const { page, faults } = await visit();
    await page.goto(web("/login"));
    const ran = await page.evaluate(() => {
      const script = document.createElement("script");
      try {
        script.text = "document.title = 'owned'";
      } catch {
        return "refused by Trusted Types";
      }
      document.head.append(script);
      return document.title;
    });
    expect(ran).toBe("refused by Trusted Types");
    expect(faults.splice(0).join()).toMatch(/Trusted/);
  });

  it.each(PAGES)("%s cannot be framed", async (path) => {
    const attacker = createServer((_, response) => {
      response.setHeader("Content-Type", "text/html");
      response.end(`<iframe src="${web(path)}"></iframe>`);
    }).listen(0, "127.0.0.1");
    await once(attacker, "listening");
    try {
      const { page, faults } = await visit();
      await page.goto(`http://127.0.0.1:${(attacker.address() as AddressInfo).port}/`);
      expect(page.frames()[1]?.url()).toBe("chrome-error://chromewebdata/");
      expect(faults.splice(0).join()).toMatch(/frame-ancestors/);
    } finally {
      attacker.close();
    }
  });
});

describe("for everyone", () => {
  it("no page scrolls sideways on a phone", async () => {
    const stranger = await visit(PHONE);
    await stranger.page.goto(web("/login"));
    await stranger.page.getByLabel("E-mail").waitFor();
    expect(await horizontalOverflow(stranger.page), "/login").toBe(0);
    const { page } = await visit({ ...PHONE, storageState: member.storageState });
    await page.goto(web("/devices"));
    await page.getByRole("listitem").waitFor();
    await page.getByRole("button", { name: "Add device" }).click();
    await page.getByLabel("Pairing code").waitFor();
    await page.getByText("Pair from a terminal instead").click();
    expect(await horizontalOverflow(page), "/devices").toBe(0);
    for (const tab of ["profile", "apps", "telegram"]) {
      await page.goto(web(`/account#${tab}`));
      await page.locator("#tab-title").waitFor();
      expect(await horizontalOverflow(page), tab).toBe(0);
    }
  });

  it("signing in needs no mouse, and shows where the keyboard is", async () => {
    const person = await newPerson();
    const { page } = await visit();
    await page.goto(web("/login"));
    await page.getByLabel("E-mail").waitFor();
    // One starts in the first field, and Tab follows the eye.
    expect(await focused(page)).toEqual({ name: "E-mail", visible: true });
    await page.keyboard.type(person.email);
    await page.keyboard.press("Tab");
    expect(await focused(page)).toEqual({ name: "Password", visible: true });
    await page.keyboard.type(person.password);
    await page.keyboard.press("Tab");
    expect(await focused(page)).toEqual({ name: "Sign in", visible: true });
    await page.keyboard.press("Enter");
    await page.waitForURL(web("/devices"));
    await page.getByText("No devices yet").waitFor();
    const order: string[] = [];
    for (let i = 0; i < 6; i++) {
      await page.keyboard.press("Tab");
      const { name, visible } = await focused(page);
      order.push(name);
      expect(visible, name).toBe(true);
    }
    expect(order).toEqual([
      "Skip to content",
      "Busymate",
      "Devices",
      "Account",
      "Sign out",
      "Add device",
    ]);
  });
});
