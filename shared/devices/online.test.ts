import { describe, expect, it } from "vitest";
import { isOnline } from "./online.ts";

const NOW = Date.parse("2026-11-24T12:00:00Z");
const ago = (seconds: number) => new Date(NOW - seconds * 1_000).toISOString();
const status = (online: boolean, seconds: number) => ({ online, last_heartbeat_at: ago(seconds) });

describe("a device is online", () => {
  it.each([
    ["sent something a minute ago", { last_seen_at: ago(60), device_status: null }, true],
    ["was silent for 90 seconds", { last_seen_at: ago(90), device_status: null }, false],
    ["was never heard", { last_seen_at: null, device_status: null }, false],
    ["said so a minute ago", { last_seen_at: null, device_status: status(true, 60) }, true],
    [
      "said so two minutes ago",
      { last_seen_at: ago(600), device_status: status(true, 120) },
      false,
    ],
    ["said goodbye a minute ago", { last_seen_at: null, device_status: status(false, 60) }, false],
    [
      "sends though its tunnel is down",
      { last_seen_at: ago(5), device_status: status(false, 5) },
      true,
    ],
  ])("or not: it %s", (_, heard, expected) => {
    expect(isOnline(heard, NOW)).toBe(expected);
  });
});
