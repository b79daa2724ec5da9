// A real Chromium, watched: whatever a page complains about fails the test.

import { existsSync } from "node:fs";
import {
  type Browser,
  type BrowserContext,
  type BrowserContextOptions,
  chromium,
  type Page,
} from "playwright-core";

const CHROMIUM = "/usr/bin/chromium";
const ARGUMENTS = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

export async function launchBrowser(): Promise<Browser> {
  if (!existsSync(CHROMIUM)) {
    throw new Error(
      `The web app is tested in Chromium, and ${CHROMIUM} does not exist. Install it with: ` +
        "apt-get update && apt-get install -y chromium",
    );
  }
  return await chromium.launch({ executablePath: CHROMIUM, args: ARGUMENTS });
}

/** A browser of one person: storage of its own, one page, and everything it complained about. */
export interface Visitor {
  readonly page: Page;
  readonly context: BrowserContext;
  /** Errors of the console, uncaught exceptions and violations of the policy. */
  readonly faults: string[];
  /** Answers of 400 and above from such URLs are part of the test; the console calls them errors. */
  expectRefusal(url: string): void;
}

/** Opens a browser's storage of its own; `storageState` brings a session along. */
export async function newVisitor(
  browser: Browser,
  options: BrowserContextOptions = {},
): Promise<Visitor> {
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 }, ...options });
  const page = await context.newPage();
  const faults: string[] = [];
  const refusals: string[] = [];
  page.on("pageerror", (error) => faults.push(`uncaught ${error.message}`));
  page.on("console", (message) => {
    const { url } = message.location();
    const expected = message.text().startsWith("Failed to load resource") &&
      refusals.some((part) => url.includes(part));
    if (message.type() === "error" && !expected) faults.push(`${message.text()} (${url})`);
  });
  return { page, context, faults, expectRefusal: (url) => void refusals.push(url) };
}

/** Pixels by which the page is wider than its window. */
export function horizontalOverflow(page: Page): Promise<number> {
  return page.evaluate(() =>
    document.documentElement.scrollWidth - document.documentElement.clientWidth
  );
}

/** What has the keyboard, by its role and name, and whether one can see that it has it. */
export function focused(page: Page): Promise<{ name: string; visible: boolean }> {
  return page.evaluate(() => {
    const element = document.activeElement;
    if (!(element instanceof HTMLElement)) return { name: "nothing", visible: false };
    const labels = element instanceof HTMLInputElement ? element.labels : null;
    const name = labels?.[0]?.textContent ?? element.textContent;
    const { outlineStyle, outlineWidth } = getComputedStyle(element);
    const visible = outlineStyle !== "none" && parseFloat(outlineWidth) >= 2;
    return { name: name.trim(), visible };
  });
}
