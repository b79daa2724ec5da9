// The consent page, with an app that listens on this machine as desktop apps do.

import { createHash, randomUUID } from "node:crypto";
import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import type { Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { stack } from "../support/stack.ts";
import { newAddress } from "../support/neighbour.ts";
import { answer, call, newPerson, type Person } from "../support/world.ts";
import { focused, horizontalOverflow } from "./support/browser.ts";
import { openAs, signedIn, type Storage, web } from "./support/sign-in.ts";
import { useBrowser } from "./support/visits.ts";

vi.setConfig({ testTimeout: 60_000 });

const { browser, visit } = useBrowser();
let person: Person;
let storageState: Storage;
let app: Server;
let callback: string;

beforeAll(async () => {
  person = await newPerson();
  storageState = await signedIn(browser(), person);
  app = createServer((_, response) => {
    response.setHeader("Content-Type", "text/html");
    response.end("<title>app</title><link rel=icon href=data:,>Connected");
  }).listen(0, "127.0.0.1");
  await once(app, "listening");
  callback = `http://127.0.0.1:${(app.address() as AddressInfo).port}/callback`;
});

afterAll(() => {
  app?.close();
});

const VERIFIER = "v".repeat(43);
const MCP = "/functions/v1/mcp";

/** Registers an app and starts connecting it; answers the address its person opens. */
async function connect(app: { name?: string; scope?: string } = {}) {
  const { client_id } = await answer<{ client_id: string }>(
    await call(`${MCP}/register`, null, {
      method: "POST",
      address: newAddress(),
      body: JSON.stringify({
        client_name: app.name ?? `Desk App ${randomUUID()}`,
        redirect_uris: [callback],
        token_endpoint_auth_method: "none",
      }),
    }),
  );
  const query = new URLSearchParams({
    response_type: "code",
    client_id,
    redirect_uri: callback,
    state: "state-1",
    scope: app.scope ?? "mcp:read mcp:write",
    resource: stack().issuer,
    code_challenge: createHash("sha256").update(VERIFIER).digest("base64url"),
    code_challenge_method: "S256",
  });
  return { client_id, url: `${stack().issuer}/authorize?${query}` };
}

/** What the app is answered, once the browser is back. */
async function answered(page: Page): Promise<Record<string, string>> {
  await page.waitForURL(`${callback}?**`);
  return Object.fromEntries(new URL(page.url()).searchParams);
}

/** The app's own last step: the token for its code. */
async function redeem(client_id: string, code: string) {
  return await answer<{ access_token: string; scope: string }>(
    await call(`${MCP}/token`, null, {
      method: "POST",
      address: newAddress(),
      headers: { "Content-Type": "application/x-www-form-urlencoded" },
      body: new URLSearchParams({
        grant_type: "authorization_code",
        client_id,
        code,
        redirect_uri: callback,
        code_verifier: VERIFIER,
      }).toString(),
    }),
  );
}

describe("connecting an app", () => {
  it("R26 shows the app, where it is answered, the account, the resource and a warning", async () => {
    const { page } = await visit({ storageState });
    await page.goto((await connect({ name: "Desk App" })).url);
    await page.getByRole("heading", { name: "Allow Desk App to use your account?" }).waitFor();
    const main = await page.getByRole("main").innerText();
    for (const fact of [new URL(callback).host, person.email, stack().issuer]) {
      expect(main).toContain(fact);
    }
    expect(main).toContain("This app runs on your own computer");
    expect(main).toContain("Busymate has not verified it");
  });

  it("R28 gives it what was left of its scopes, until it is revoked under Account", async () => {
    const { page } = await visit({ storageState });
    const name = `Desk App ${randomUUID()}`;
    const { client_id, url } = await connect({ name });
    await page.goto(url);
    await page.getByLabel("mcp:write").uncheck();
    await page.getByRole("button", { name: "Approve" }).click();
    const { code, ...rest } = await answered(page);
    expect(rest).toEqual({ state: "state-1", iss: stack().issuer });
    const { access_token, scope } = await redeem(client_id, code!);
    expect(scope).toBe("mcp:read");
    const read = () => call("/rest/v1/profiles?select=id", access_token);
    expect(await answer(await read())).toEqual([{ id: person.id }]);
    const pairing = await call("/functions/v1/device-pair/codes", access_token, { method: "POST" });
    expect(pairing.status).toBe(403);

    await page.goto(web("/account#apps"));
    await page.getByRole("button", { name: `Revoke ${name}` }).click();
    await page.getByRole("dialog").getByRole("button", { name: "Revoke" }).click();
    await page.getByRole("status").filter({ hasText: `${name} no longer has access.` }).waitFor();
    expect((await read()).status).toBe(401);
  });

  it("tells it when it is denied, and decides a request once", async () => {
    const { page, expectRefusal } = await visit({ storageState });
    await page.goto((await connect()).url);
    const decided = page.url();
    await page.getByRole("button", { name: "Deny" }).click();
    expect(await answered(page)).toMatchObject({ error: "access_denied", state: "state-1" });
    expectRefusal("/mcp/consent/");
    await page.goto(decided);
    await page.getByRole("heading", { name: "This request has expired" }).waitFor();
  });

  it("does not approve nothing", async () => {
    const { page } = await visit({ storageState });
    await page.goto((await connect()).url);
    await page.getByLabel("mcp:read").uncheck();
    await page.getByLabel("mcp:write").uncheck();
    await page.getByRole("button", { name: "Approve" }).click();
    await page.getByRole("alert").filter({ hasText: "Keep at least one permission" }).waitFor();
  });

  it("offers only what the person's role can use", async () => {
    const viewer = await newPerson("viewer");
    const { page } = await visit({ storageState: await signedIn(browser(), viewer) });
    await page.goto((await connect({ scope: "mcp:read admin secrets" })).url);
    await page.getByRole("checkbox").waitFor();
    await page.goto((await connect({ scope: "admin secrets" })).url);
    await page.getByText("it can only be denied").waitFor();
    expect(await page.getByRole("button", { name: "Approve" }).isVisible()).toBe(false);
  });

  it("takes no click in its first moment, which may be the second of a double click", async () => {
    const { page } = await visit({ storageState });
    await page.goto((await connect()).url);
    const approve = page.getByRole("button", { name: "Approve" });
    await expect.poll(() => approve.isEnabled()).toBe(true);
    // Again whenever the window comes to the front.
    await page.evaluate(() => dispatchEvent(new Event("focus")));
    expect(await approve.isEnabled()).toBe(false);
    await expect.poll(() => approve.isEnabled()).toBe(true);
  });

  it("asks a stranger to sign in first, and lets another person take over", async () => {
    const { page } = await visit();
    await page.goto((await connect()).url);
    await page.waitForURL("**/login?next=**");
    const back = new URL(page.url()).searchParams.get("next")!;
    await openAs(page, person, back);
    await page.getByText(person.email).waitFor();
    await page.getByRole("button", { name: "Not you?" }).click();
    await page.waitForURL("**/login?next=**");
    const other = await newPerson();
    await openAs(page, other, back);
    await page.getByText(other.email).waitFor();
  });

  it("asks to sign in anew when the session has ended elsewhere", async () => {
    const someone = await newPerson();
    const { page, expectRefusal } = await visit();
    expectRefusal("/mcp/authorize/resume");
    expectRefusal("/auth/v1/logout");
    await openAs(page, someone, "/devices");
    await page.goto((await connect()).url);
    await page.getByRole("button", { name: "Approve" }).waitFor();
    await call("/auth/v1/logout?scope=global", someone.sessionToken, { method: "POST" });
    await page.getByRole("button", { name: "Approve" }).click();
    await page.waitForURL("**/login?next=**");
  });

  it("needs no mouse, and shows where the keyboard is", async () => {
    const { page } = await visit({ storageState });
    const { client_id, url } = await connect();
    await page.goto(url);
    await expect.poll(() => page.getByRole("button", { name: "Approve" }).isEnabled()).toBe(true);
    const order: string[] = [];
    for (let i = 0; i < 7; i++) {
      await page.keyboard.press("Tab");
      const { name, visible } = await focused(page);
      order.push(name);
      expect(visible, name).toBe(true);
      if (name.includes("mcp:write")) await page.keyboard.press("Space");
    }
    expect(order).toEqual([
      "Skip to content",
      "Busymate",
      "Not you?",
      expect.stringContaining("mcp:read"),
      expect.stringContaining("mcp:write"),
      "Deny",
      "Approve",
    ]);
    await page.keyboard.press("Enter");
    const { code } = await answered(page);
    expect((await redeem(client_id, code!)).scope).toBe("mcp:read");
  });
});

const RID = "request-1";
const consent = (rid = RID) => web(`/consent?rid=${rid}`);

function request(client: Record<string, unknown> = {}) {
  return {
    client: {
      id: "5f6a2c1e-0000-4000-8000-000000000001",
      name: "Desk App",
      redirect_host: new URL(callback).host,
      loopback: true,
      verified: false,
      ...client,
    },
    scopes: [
      { name: "mcp:read", description: "See your devices and captures", requested: true },
      { name: "mcp:write", description: "Change devices and settings", requested: true },
    ],
    resource: stack().issuer,
    expires_at: new Date(Date.now() + 600_000).toISOString(),
  };
}

/** Answers in place of the authorization server what it would not say, or not within a test's time. */
async function serve(page: Page, asked: object, redirect = `${callback}?code=1`) {
  await page.route(`**/mcp/consent/${RID}`, (route) => route.fulfill({ json: asked }));
  await page.route("**/mcp/authorize/resume", (route) => route.fulfill({ json: { redirect } }));
}

describe("the consent page", () => {
  it("R26 shows the host of an app that is identified by a document", async () => {
    const { page } = await visit({ storageState });
    const host = "app.example";
    await serve(page, request({ host, id: `https://${host}/client.json`, loopback: false }));
    await page.goto(consent());
    await page.getByText(`identified by ${host}`).waitFor();
    expect(await page.getByText("runs on your own computer").count()).toBe(0);
  });

  it("says that a request is unknown or expired", async () => {
    const { page, expectRefusal } = await visit({ storageState });
    expectRefusal("/mcp/consent/");
    for (const rid of ["unknown", ""]) {
      await page.goto(consent(rid));
      await page.getByRole("heading", { name: "This request has expired" }).waitFor();
    }
  });

  it("says so when a request expires while it is looked at", async () => {
    const { page } = await visit({ storageState });
    await serve(page, { ...request(), expires_at: new Date(Date.now() + 3_000).toISOString() });
    await page.goto(consent());
    await page.getByRole("heading", { name: "This request has expired" }).waitFor();
  });

  it("R29 shows hostile names as text and goes to no script", async () => {
    const { page } = await visit({ storageState });
    const name = `<img src=x onerror="document.title='owned'">\u202E`;
    await serve(page, request({ name }), "javascript:document.title='owned'");
    await page.goto(consent());
    await page.getByRole("heading", { name: "<img src=x" }).waitFor();
    expect(await page.locator("main img").count()).toBe(0);
    await page.getByRole("button", { name: "Approve" }).click();
    await page.getByRole("alert").filter({ hasText: "javascript:, which is not allowed" })
      .waitFor();
    expect(await page.title()).not.toBe("owned");
  });

  it("fits a phone, however long the names are", async () => {
    const { page } = await visit({ storageState, viewport: { width: 360, height: 740 } });
    const host = `${"sub.".repeat(40)}example.com`;
    await serve(page, request({ name: "N".repeat(200), host, redirect_host: host }));
    await page.goto(consent());
    await page.getByRole("button", { name: "Approve" }).waitFor();
    expect(await horizontalOverflow(page)).toBe(0);
  });
});
