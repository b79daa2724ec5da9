/** Nothing heard for so long is offline. The statistics and the alerts say the same in SQL. */
const SILENT_AFTER_MS = 90_000;

/** What tells whether a device is there: its last request, and the last that it said of itself. */
export interface Heard {
  last_seen_at: string | null;
  device_status: { online: boolean; last_heartbeat_at: string | null } | null;
}

/** Whether a device was heard of late. A status that says "online" counts only while it is fresh. */
export function isOnline({ last_seen_at, device_status }: Heard, now = Date.now()): boolean {
  const fresh = (at: string | null) => at !== null && now - Date.parse(at) < SILENT_AFTER_MS;
  return fresh(last_seen_at) ||
    device_status !== null && device_status.online && fresh(device_status.last_heartbeat_at);
}
