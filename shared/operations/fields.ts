import { z } from "zod";

// Fields that many operations take, so that the same thing is described in the same words everywhere.

// guid, not uuid: Postgres takes any 128 bits, and devices make their own.
export const id = (what: string) => z.guid(`give the uuid of ${what}`).describe(`uuid of ${what}`);
export const entryId = id("an entry");
export const deviceUuid = id("a device");
export const workspaceId = id("a workspace");
export const name = (limit: number) => z.string().min(1).max(limit);
export const instant = z.iso.datetime({
  offset: true,
  error: "give an ISO 8601 time with its offset",
})
  .describe("ISO 8601 time with offset");
export const object = z.record(z.string(), z.unknown());
export const domain = z.string().max(253).regex(
  /^(\*\.)?[a-z0-9_-]+(\.[a-z0-9_-]+)*$/,
  "give a host in lower case, or *.host for its subdomains",
).describe("host in lower case, or *.host for its subdomains");
export const urlPattern = z.string().min(1).max(500).describe(
  'URL wildcard: "*", host, *.host, host/path* or /path*',
);
