import type { Browser, BrowserContext, Page } from "playwright-core";
import { stack } from "../../support/stack.ts";
import type { Person } from "../../support/world.ts";
import { newVisitor } from "./browser.ts";

/** The address of a page of the web app. */
export const web = (path: string) => stack().web_url + path;

/** Opens a page as a person, through the form. */
export async function openAs(page: Page, person: Person, path: string): Promise<void> {
  await page.goto(web(`/login?next=${encodeURIComponent(path)}`));
  await page.getByLabel("E-mail").fill(person.email);
  await page.getByLabel("Password").fill(person.password);
  await page.keyboard.press("Enter");
  await page.waitForURL(web(path));
}

export type Storage = Awaited<ReturnType<BrowserContext["storageState"]>>;

/** What a browser keeps once the person is signed in: for tests that are about something else. */
export async function signedIn(browser: Browser, person: Person): Promise<Storage> {
  const { page, context } = await newVisitor(browser);
  await openAs(page, person, "/devices");
  const storage = await context.storageState();
  await context.close();
  return storage;
}
