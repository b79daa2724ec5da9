import { describe, expect, it } from "vitest";
import { namesResource } from "./resource.ts";

const ISSUER = "https://project.example/functions/v1/mcp";

describe("R20 a resource indicator", () => {
  it.each([
    ISSUER,
    `${ISSUER}/`,
    `${ISSUER}?toolsets=all`,
    "HTTPS://PROJECT.example/functions/v1/mcp",
    "https://project.example:443/functions/v1/mcp",
  ])("names this server as %s", (indicator) => {
    expect(namesResource(ISSUER, indicator)).toBe(true);
  });

  it.each([
    "",
    "mcp",
    "https://project.example",
    "https://evil.example/functions/v1/mcp",
    "https://project.example.evil.example/functions/v1/mcp",
    "https://project.example@evil.example/functions/v1/mcp",
    "https://user@project.example/functions/v1/mcp",
    "http://project.example/functions/v1/mcp",
    "https://project.example:8443/functions/v1/mcp",
    `${ISSUER}//`,
    `${ISSUER}/x`,
    `${ISSUER}#`,
    `${ISSUER}#fragment`,
    "https://project.example/functions/v1/MCP",
  ])("names another as %j", (indicator) => {
    expect(namesResource(ISSUER, indicator)).toBe(false);
  });
});
