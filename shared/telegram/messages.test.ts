import { describe, expect, it } from "vitest";
import { wordingOf } from "./messages.ts";

describe("the words of what the database has told", () => {
  const first = { device: "Phone", phase: "request", method: "GET", host: "api.example.com" };

  it.each<[object, string]>([
    [
      { kind: "device_offline", workspace: "Home", count: 2, devices: ["A", "B"] },
      "📴 Offline in Home: A, B.",
    ],
    [
      { kind: "device_offline", workspace: "Home", count: 7, devices: ["A", "B"] },
      "📴 Offline in Home: A, B and 5 more.",
    ],
    [
      { kind: "error_spike", workspace: "Home", errors: 21, threshold: 20 },
      "🔥 21 errors in the last minute in Home (you are told from 20).",
    ],
    [
      { kind: "breakpoint_held", workspace: "Home", count: 1, first },
      "⏸ Held by a breakpoint in Home: the request of GET api.example.com on Phone. " +
      "Without a decision it goes on unchanged after a minute.",
    ],
    [
      {
        kind: "breakpoint_held",
        workspace: "Home",
        count: 3,
        first: { ...first, method: null, host: null },
      },
      "⏸ Held by a breakpoint in Home: the request of an exchange on Phone, and 2 more. " +
      "Without a decision it goes on unchanged after a minute.",
    ],
  ])("%j", (message, words) => {
    expect(wordingOf(message)).toBe(words);
  });

  it("knows no words for what it does not know", () => {
    expect(wordingOf({ kind: "tea_ready" })).toBeNull();
    expect(wordingOf({ kind: "error_spike", workspace: "Home" })).toBeNull();
  });
});
