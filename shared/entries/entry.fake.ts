import type { StoredEntry } from "./exchange.ts";

/** An entry as `get_entry` answers it, for unit tests; give what the test is about. */
export function storedEntry(
  overrides: Partial<StoredEntry> = {},
  payload: Record<string, unknown> = {},
): StoredEntry {
  return {
    id: "019abc00-0000-7000-8000-000000000001",
    ts: "2026-11-24T10:00:00+00:00",
    method: "GET",
    url: "https://api.example.com/things?page=1",
    status: 200,
    duration_ms: 12,
    request_size: 0,
    response_size: 20,
    error: null,
    redacted: false,
    ...overrides,
    payload,
  };
}

export const JSON_HEADERS = { "content-type": "application/json" };
