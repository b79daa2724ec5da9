import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { answerUri, matchesRedirectUri, redirectHost, redirectUriFault } from "./redirect-uri.ts";

describe("a redirect URI that may be registered", () => {
  it.each([
    "https://claude.ai/api/mcp/auth_callback",
    "https://example.com:8443/cb?tenant=1",
    "http://127.0.0.1/cb",
    "http://127.0.0.1:33418/",
    "http://localhost:6274/oauth/callback",
    "http://[::1]:9000/cb",
    "http://127.0.0.1",
    "com.example.app:/callback",
    "com.example.app://callback",
    "cursor://anysphere.cursor-mcp/oauth/callback",
    "vscode://github.copilot/auth",
  ])("%s", (uri) => {
    expect(redirectUriFault(uri)).toBeUndefined();
  });

  it.each([
    "",
    "/cb",
    "example.com/cb",
    "http://example.com/cb",
    "http://localhost.evil.example/cb",
    "http://127.0.0.1.evil.example/cb",
    "http://127.0.0.2/cb",
    "http://127.1/cb",
    "http://user@127.0.0.1/cb",
    "https://user:password@example.com/cb",
    "https://example.com@evil.example/cb",
    "https://example.com/cb#fragment",
    "https://example.com/cb#",
    "https://*.example.com/cb",
    "https://example.com/*",
    "https://example.com\\@evil.example/cb",
    "https://example.com/ cb",
    "https://example.com/\ncb",
    "https://example.com/\u202ecb",
    "javascript:alert(1)",
    "JavaScript:alert(1)",
    "data:text/html,x",
    "blob:https://example.com/x",
    "vbscript:x",
    "file:///etc/passwd",
    "about:blank",
    "ftp://example.com/cb",
    "ws://example.com/cb",
    "intent://example.com/cb",
    "myapp:/cb",
    "cursor:alert(1)",
  ])("and one that may not: %j", (uri) => {
    expect(redirectUriFault(uri)).toEqual(expect.any(String));
  });
});

describe("matching", () => {
  const path = fc.stringMatching(/^\/[\w/-]{0,20}(\?[\w=&]{0,20})?$/);
  const port = fc.integer({ min: 1, max: 65_535 });
  const loopback = fc.constantFrom("127.0.0.1", "[::1]", "localhost");

  it("is exact for everything but loopback", () => {
    // fc.webUrl takes seconds for as many.
    const uri = fc.stringMatching(/^https:\/\/[a-z]{1,3}\.example(:[1-9]\d{0,3})?\/[\w./]{0,4}$/);
    fc.assert(fc.property(uri, uri, (registered, requested) => {
      expect(matchesRedirectUri(registered, requested)).toBe(registered === requested);
    }));
  });

  it("lets a port on loopback differ, and nothing else", () => {
    fc.assert(
      fc.property(loopback, loopback, path, path, port, port, (host, other, at, there, a, b) => {
        expect(matchesRedirectUri(`http://${host}:${a}${at}`, `http://${host}:${b}${at}`)).toBe(
          true,
        );
        expect(matchesRedirectUri(`http://${host}${at}`, `http://${host}:${b}${at}`)).toBe(true);
        expect(matchesRedirectUri(`http://${host}:${a}${at}`, `http://${other}:${b}${there}`))
          .toBe(host === other && at === there);
        expect(matchesRedirectUri(`http://${host}${at}`, `https://${host}:${b}${at}`)).toBe(false);
      }),
    );
  });

  it.each([
    "http://127.0.0.1:1@evil.example/cb",
    "http://127.0.0.1:80.evil.example/cb",
    "http://127.0.0.1:99999/cb",
    "http://127.0.0.1:1\\@evil.example/cb",
    "http://127.0.0.1:1/cb#x",
    "http://127.0.0.1:1/cb/",
    "http://127.0.0.1:1/CB",
    "http://127.0.0.1:1/cb?x=1",
    "http://127.0.0.1:1/%63b",
    "http://127.0.0.1:1/x/../cb",
    "http://0x7f.0.0.1:1/cb",
    "http://2130706433:1/cb",
    "HTTP://127.0.0.1:1/cb",
    "http://localhost:1/cb",
    "http://127.0.0.1.:1/cb",
    "http://127.0.0.1:/cb",
    " http://127.0.0.1:1/cb",
  ])("does not take %s for http://127.0.0.1/cb", (requested) => {
    expect(matchesRedirectUri("http://127.0.0.1/cb", requested)).toBe(false);
  });
});

describe("an answer", () => {
  it("leaves the URI as it was registered, and comes after its query", () => {
    const state = "a b&c=d#e";
    expect(answerUri("com.example.app:/cb", { code: "c", state, error: undefined }))
      .toBe("com.example.app:/cb?code=c&state=a+b%26c%3Dd%23e");
    expect(answerUri("https://example.com/cb?x=%41", { code: "c" }))
      .toBe("https://example.com/cb?x=%41&code=c");
  });

  it("names where it goes, for a person to judge", () => {
    expect(redirectHost("https://example.com:8443/cb")).toBe("example.com:8443");
    expect(redirectHost("com.example.app:/cb")).toBe("com.example.app:");
  });
});
