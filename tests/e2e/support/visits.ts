import type { Browser, BrowserContextOptions } from "playwright-core";
import { afterAll, afterEach, beforeAll, expect } from "vitest";
import { launchBrowser, newVisitor, type Visitor } from "./browser.ts";

export interface Visits {
  browser(): Browser;
  visit(options?: BrowserContextOptions): Promise<Visitor>;
}

/** One browser for a file's tests; a test fails when a page it opened complained about anything. */
export function useBrowser(): Visits {
  let browser: Browser | undefined;
  let visitors: Visitor[] = [];

  beforeAll(async () => {
    browser = await launchBrowser();
  });
  afterAll(async () => {
    await browser?.close();
  });
  afterEach(async () => {
    const faults = visitors.flatMap((visitor) => visitor.faults);
    await Promise.all(visitors.map(({ context }) => context.close()));
    visitors = [];
    expect(faults).toEqual([]);
  });

  return {
    browser: () => browser!,
    async visit(options = {}) {
      const visitor = await newVisitor(browser!, options);
      visitors.push(visitor);
      return visitor;
    },
  };
}
