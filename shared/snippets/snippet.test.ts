import { spawnSync } from "node:child_process";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { storedEntry } from "../entries/entry.fake.ts";
import { curlArguments, curlSnippet } from "./curl.ts";
import { fetchSnippet } from "./fetch.ts";
import { snippetRequest, UnsendableRequest } from "./request.ts";
import type { SnippetRequest } from "./request.ts";
import { snippetOf } from "./snippet.ts";

/** Any code point but NUL, which no argument of a program can hold. */
const anyText = fc.string({ unit: "binary", maxLength: 40 })
  .map((text) => text.replaceAll("\0", ""));
const hardText = fc.oneof(
  anyText,
  fc.array(
    fc.constantFrom("'", '"', "\\", "$(id)", "`id`", "\n", "\r", "!", "</script>", "😀", " ", "@"),
  )
    .map((pieces) => pieces.join("")),
);
const token = fc.stringMatching(/^[A-Za-z][A-Za-z-]{0,10}$/);
const headerValue = fc.stringMatching(/^[ -~\xa0-\xff]{0,30}$/).map((value) => value.trim());

const request: fc.Arbitrary<SnippetRequest> = fc.record({
  method: fc.constantFrom("GET", "POST", "PUT", "DELETE", "HEAD", "OPTIONS", "PATCH"),
  url: fc.oneof(
    fc.webUrl({ withQueryParameters: true }),
    fc.constantFrom("https://h/a/../b?x[]={1..3}", "https://h/it's?a=$(id)&b=`id`"),
  ),
  headers: fc.array(fc.record({ name: token, value: headerValue }), { maxLength: 5 }),
  body: fc.oneof(
    fc.constant(null),
    hardText.filter((text) => text !== ""),
    fc.uint8Array({ minLength: 1, maxLength: 60 }),
  ),
  notes: fc.constant([]),
});

/** Runs a command with a curl that prints what it was given: arguments, then its standard input. */
function runInShell(code: string): { args: string[]; stdin: string } {
  const standIn = `curl() { printf '%s\\0' "$@"; case "$*" in *@-*) base64 -w0;; esac; }`;
  // By standard input: one argument would be too small for the long ones.
  const { stdout, stderr } = spawnSync("sh", { input: `${standIn}\n${code}\n`, encoding: "utf8" });
  expect(stderr).toBe("");
  const printed = stdout.split("\0");
  return { stdin: printed.pop()!, args: printed };
}

interface Recorded {
  url: string;
  init: { method: string; headers?: HeadersInit; body?: string | Uint8Array };
}

/** Evaluates a snippet with a fetch that only remembers. */
async function runWithFetch(code: string): Promise<Recorded> {
  let recorded: Recorded | undefined;
  const record = (url: string, init: Recorded["init"]) => {
    recorded = { url, init };
    return Promise.resolve();
  };
  await new Function("fetch", `return (async () => { ${code} })()`)(record);
  return recorded!;
}

describe("the curl snippet", () => {
  // Every run starts a shell, which takes its time on a busy machine.
  it(
    "gives a shell exactly the arguments and the bytes of the request",
    { timeout: 30_000 },
    () => {
      fc.assert(
        fc.property(request, (request) => {
          const { args, stdin } = curlArguments(request);
          const ran = runInShell(curlSnippet(request).code);
          expect(ran.args).toEqual(args);
          const readsStdin = args.includes("@-");
          expect(ran.stdin).toBe(readsStdin ? stdin : "");
        }),
        { numRuns: 40 },
      );
    },
  );

  it("says all of the request in its arguments", () => {
    fc.assert(fc.property(request, (request) => {
      const { args, stdin } = curlArguments(request);
      const after = (option: string) =>
        args.flatMap((arg, at) => args[at - 1] === option && at > 0 ? [arg] : []);
      expect(args[args.indexOf("--url") + 1]).toBe(request.url);
      const { method, body } = request;
      const implied = args.includes("--head") ? "HEAD" : body === null ? "GET" : "POST";
      expect(args.includes("--request") ? args[args.indexOf("--request") + 1] : implied)
        .toBe(method);
      const headers = request.headers.map(({ name, value }) =>
        value ? `${name}: ${value}` : `${name};`
      );
      expect(after("--header").slice(0, headers.length)).toEqual(headers);
      if (typeof body === "string") expect(args).toContain(body);
      else if (body !== null) expect(stdin).toBe(Buffer.from(body).toString("base64"));
    }));
  });

  it("sends a long text through a pipe and a huge body from a file, and says so", () => {
    const of = (body: string) => ({
      method: "POST",
      url: "http://h/",
      headers: [],
      body,
      notes: [],
    });
    const long = runInShell(curlSnippet(of("ü".repeat(60_000))).code);
    expect(Buffer.from(long.stdin, "base64").toString()).toBe("ü".repeat(60_000));
    const huge = curlSnippet(of("x".repeat(1_048_577)));
    expect(huge.code).toContain("--data-binary @body.bin");
    expect(huge.notes).toEqual(["The body has 1048577 bytes: put it into the file body.bin."]);
  });
});

describe("the fetch snippet", () => {
  it("asks fetch for exactly the request", async () => {
    await fc.assert(fc.asyncProperty(request, async (request) => {
      const { url, init } = await runWithFetch(fetchSnippet(request).code);
      expect(url).toBe(request.url);
      expect(init.method).toBe(request.method);
      const sent = Array.isArray(init.headers) ? init.headers : Object.entries(init.headers ?? {});
      expect(sent).toEqual(request.headers.map(({ name, value }) => [name, value]));
      const bodiless = request.body === null || ["GET", "HEAD"].includes(request.method);
      expect(init.body).toEqual(bodiless ? undefined : request.body);
      // The standard's own checks: names, values, body and method.
      if (!bodiless) new Request("http://h/", { ...init, duplex: "half" } as RequestInit);
    }));
  });

  it("says what fetch will not do", () => {
    const { notes } = fetchSnippet({
      method: "GET",
      url: "http://h/",
      headers: [{ name: "X-A", value: "→" }, { name: "Cookie", value: "<cookie>" }],
      body: "x",
      notes: [],
    });
    expect(notes).toEqual([
      "A header that fetch refuses is left out: X-A.",
      "In a browser, fetch sets these headers itself: Cookie.",
      "The captured GET had a body; fetch sends none with it.",
    ]);
  });
});

describe("a snippet's request", () => {
  const jwt = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.c2lnbmF0dXJl";
  const login = storedEntry({
    method: "POST",
    url:
      `https://ada:hunter2@api.example.com/reset/${jwt}?access_token=hunter2&page=1#id_token=hunter2`,
  }, {
    requestHeaders: [
      [":authority", "api.example.com"],
      ["Host", "api.example.com"],
      ["content-length", "5"],
      ["Authorization", "Bearer hunter2"],
      ["Cookie", "sid=hunter21; theme=dark"],
      ["X-Api-Key", "hunter22"],
      ["Referer", "https://app.example/?token=hunter2"],
      ["X-Bad\nName", "x"],
      ["Content-Type", "application/json"],
    ],
    requestBody:
      `{"user":"ada","password":"hunter23","deep":{"tokens":["hunter2",1234]},"note":"${jwt}"}`,
  });

  it.each(["curl", "fetch"] as const)("keeps secrets out of %s unless told", (target) => {
    const { code, notes } = snippetOf(login, target, { secrets: false });
    expect(code).not.toMatch(/hunter2|eyJ|1234/);
    for (
      const shown of [
        "Bearer <access_token>",
        "sid=<sid>; theme=<theme>",
        "<api_key>",
        "<password>",
        "page=1",
        "ada",
      ]
    ) {
      expect(code).toContain(shown);
    }
    expect(notes.join()).toContain("placeholders");
    expect(snippetOf(login, target, { secrets: true }).code).toContain("Bearer hunter2");
  });

  it("leaves out what a connection sets itself, and says which headers cannot be sent", () => {
    const { headers, notes } = snippetRequest(login, true);
    expect(headers.map(({ name }) => name))
      .toEqual(["Authorization", "Cookie", "X-Api-Key", "Referer", "Content-Type"]);
    expect(notes).toEqual(['A header that cannot be sent is left out: "X-Bad\\nName".']);
  });

  it("makes a name and password in a URL Basic authentication", () => {
    const entry = storedEntry({ url: "https://ada:s%C3%A4sam@h.example/a?b#c" });
    expect(snippetRequest(entry, true)).toMatchObject({
      url: "https://h.example/a?b",
      headers: [{
        name: "Authorization",
        value: `Basic ${Buffer.from("ada:säsam").toString("base64")}`,
      }],
    });
    expect(snippetRequest(entry, false).headers[0]!.value).toBe("Basic <credentials>");
  });

  it("replaces secrets in forms of both kinds and keeps their spelling otherwise", () => {
    const form = storedEntry({ method: "POST" }, {
      requestHeaders: { "content-type": "application/x-www-form-urlencoded" },
      requestBody: "user=a%20b&password=hunter2&x=+",
    });
    expect(snippetRequest(form, false).body).toBe("user=a%20b&password=<password>&x=+");
    const part = (name: string, value: string) =>
      `--b1\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`;
    const multipart = storedEntry({ method: "POST" }, {
      requestHeaders: { "content-type": "multipart/form-data; boundary=b1" },
      requestBody: `${part("user", "ada")}${part("password", "hunter2")}--b1--\r\n`,
    });
    expect(snippetRequest(multipart, false).body)
      .toBe(`${part("user", "ada")}${part("password", "<password>")}--b1--\r\n`);
    expect(snippetRequest(multipart, true).body).toBe(multipart.payload["requestBody"]);
  });

  it("keeps JSON without secrets as it was spelled", () => {
    const entry = storedEntry({ method: "PUT" }, {
      requestHeaders: { "content-type": "application/json" },
      requestBody: '{ "a": 1.0 }',
    });
    expect(snippetRequest(entry, false).body).toBe('{ "a": 1.0 }');
  });

  it("says when the body was cut or may not be seen", () => {
    const cut = storedEntry({}, { requestBody: { text: "a", truncated: true, size: 9 } });
    expect(snippetRequest(cut, false).notes[0]).toMatch(/cut when it was captured/);
    const hidden = storedEntry({}, {
      requestBody: { text: "", encoding: "base64", omitted: true },
    });
    expect(snippetRequest(hidden, false)).toMatchObject({
      body: null,
      notes: [expect.stringMatching(/left out/)],
    });
  });

  it("hides the path segment that a secret's name stands before, and no other", () => {
    const url = "https://token.example.com/v1/reset-password/a1b2?x=1";
    expect(snippetRequest(storedEntry({ url }), false).url)
      .toBe("https://token.example.com/v1/reset-password/<reset_password>?x=1");
  });

  it("refuses what no client can be told to send", () => {
    for (
      const entry of [{ method: "CONNECT" }, { url: "data:text/plain,x" }, { url: null }, {
        method: "A B",
      }]
    ) {
      expect(() => snippetRequest(storedEntry(entry), false)).toThrow(UnsendableRequest);
    }
  });
});
