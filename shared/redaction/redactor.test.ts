import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { storedEntry } from "../entries/entry.fake.ts";
import { KINDS, Maker } from "./corpus.fake.ts";
import { cpuMs } from "./cpu.fake.ts";
import { EVERYTHING } from "./policy.ts";
import { createRedactor } from "./redactor.ts";

const on = () => createRedactor(EVERYTHING);
const TOKEN = "aZ3".repeat(9);

describe("placeholders", () => {
  it("are the same for the same secret wherever it is, and others for others", () => {
    const redactor = on();
    expect(redactor.header("Authorization", `Bearer ${TOKEN}`)).toBe("Bearer <access_token>");
    expect(redactor.url(`https://a.example/?token=${TOKEN}&x=1`))
      .toBe("https://a.example/?token=<access_token>&x=1");
    expect(redactor.body(`{"access_token":"other","refresh_token":"${TOKEN}"}`))
      .toBe('{"access_token":"<access_token#2>","refresh_token":"<access_token>"}');
    expect(redactor.replaced).toBe(4);
  });

  it("leave nothing in mode strip", () => {
    const redactor = createRedactor({ ...EVERYTHING, mode: "strip" });
    expect(redactor.body('{"a":1,"pin":1234}')).toBe('{"a":1,"pin":""}');
  });

  it("keep names, schemes and attributes readable", () => {
    expect(on().header("Cookie", "sid=abc; theme=dark")).toBe("sid=<sid>; theme=<theme>");
    expect(on().header("Set-Cookie", "sid=abc; Path=/; HttpOnly")).toBe(
      "sid=<sid>; Path=/; HttpOnly",
    );
    expect(on().header("Proxy-Authorization", "Basic YTpi")).toBe("Basic <credentials>");
  });
});

describe("a redactor", () => {
  it("hides everything within what a secret's name has, and keeps JSON valid", () => {
    const shown = on().body(
      '{"credentials": {"user": "ada", "keys": [1, "b"], "on": true}, "z": 2}',
    );
    expect(JSON.parse(String(shown))).toEqual({
      credentials: {
        user: "<credentials>",
        keys: ["<credentials#2>", "<credentials#3>"],
        on: true,
      },
      z: 2,
    });
  });

  it("works on JSON that was cut off, and on names spelled with escapes", () => {
    expect(on().body('{"a":"b","password":"hunter')).toBe('{"a":"b","password":"<password>');
    expect(on().body('{"p\\u0061ssword":"hunter2"}', "application/json"))
      .toBe('{"password":"<password>"}');
  });

  it("hides in HAR's lists of names and values", () => {
    const har = { headers: [{ name: "X-Api-Key", value: "k1" }, { name: "Accept", value: "a/b" }] };
    const shown = { headers: [{ name: "X-Api-Key", value: "<api_key>" }, har.headers[1]] };
    expect(on().json(har)).toEqual(shown);
    expect(JSON.parse(on().text(JSON.stringify(har)))).toEqual(shown);
  });

  it("follows the names and patterns of the policy", () => {
    const redactor = createRedactor({
      ...EVERYTHING,
      extraNames: ["X-Tenant"],
      extraPatterns: ["ACME-[A-Z0-9]{6}|emp\\d+"],
    });
    expect(redactor.header("x-tenant", "t1")).toBe("<tenant>");
    expect(redactor.text('{"x-tenant":"t2"} ACME-AB12CD by emp42'))
      .toBe('{"x-tenant":"<tenant#2>"} <secret> by <secret#2>');
    expect(() => createRedactor({ ...EVERYTHING, extraPatterns: ["(a+)+b"] })).toThrow(/no groups/);
  });

  it("leaves out bytes, which cannot be searched, and searches texts that are stored encoded", () => {
    expect(on().body({ text: "AAECAw==", encoding: "base64" }))
      .toEqual({ text: "", encoding: "base64", omitted: true });
    const body = { text: btoa("\0password=abc"), encoding: "base64", charset: "utf-8" } as const;
    const shown = on().body(body);
    expect(shown).toEqual({ ...body, text: btoa("\0password=<password>") });
  });

  it("takes a whole entry", () => {
    const entry = storedEntry({ url: `https://a.example/?sid=${TOKEN}` }, {
      url: `https://a.example/?sid=${TOKEN}`,
      requestHeaders: [["Authorization", `Bearer ${TOKEN}`]],
      requestBody: "password=hunter2&a=1",
      responseBody: { text: `{"token":"${TOKEN}"}`, truncated: true, size: 2_000_000 },
      error: `refused ${KINDS[0]!.name}=${TOKEN}`,
    });
    const shown = on().entry(entry);
    expect(JSON.stringify(shown)).not.toMatch(/aZ3|hunter2/);
    expect(shown.payload["responseBody"])
      .toEqual({ text: '{"token":"<sid>"}', truncated: true, size: 2_000_000 });
    expect(shown.redacted).toBe(true);
  });

  it("changes nothing when it is off", () => {
    const off = createRedactor({ ...EVERYTHING, enabled: false });
    const entry = storedEntry({ url: `https://a.example/?sid=${TOKEN}` }, { password: TOKEN });
    expect(off.entry(entry)).toBe(entry);
    expect(off.text(`password=${TOKEN}`)).toBe(`password=${TOKEN}`);
  });

  const secretText = fc.integer({ min: 0, max: 1e6 }).map((seed) => {
    const maker = new Maker(seed);
    const { name, make } = maker.pick(KINDS);
    return maker.pick([
      JSON.stringify({ [name]: make(maker) }),
      `${name}=${make(maker)}&a=b`,
      `${name}: ${make(maker)}\n`,
      JSON.stringify(JSON.stringify({ [name]: make(maker) })),
      `https://x.example/?a=${encodeURIComponent(JSON.stringify({ [name]: make(maker) }))}`,
    ]);
  });
  const anyText = fc.array(fc.oneof(secretText, fc.string({ unit: "grapheme" })), { maxLength: 6 })
    .map((pieces) => pieces.join(" "));

  it("changes nothing a second time", () => {
    fc.assert(fc.property(anyText, (text) => {
      const once = on().text(text);
      expect(on().text(once)).toBe(once);
      const url = on().url(text);
      expect(on().url(url)).toBe(url);
    }));
  });

  it("keeps JSON valid, with the names it had", () => {
    fc.assert(fc.property(fc.jsonValue(), secretText, (value, secret) => {
      const body = JSON.stringify({ token: value, a: [value, secret] });
      const shown = JSON.parse(String(on().body(body)));
      expect(Object.keys(shown)).toEqual(["token", "a"]);
    }));
  });

  const PIECES = [
    ...'eyJ eyJaaaaaaaaa. sk- :AA123 4111-1111 -----BEGIN :// ://a: token token= "token": {"token":{'
      .split(" "),
    ...'token%3D %22token%22%3A%22 <token <token> name="token"\r\n /token/ bearer Basic W3siaaaaaaaaaaaaa'
      .split(" "),
    '"token" ',
    '\\"',
    '"token":"\\',
    'name="token"\r\n\r\n',
    "token: ",
    "bearer  ",
    "\\u0074",
    "[",
    "a".repeat(63),
    '{"name":"token",',
    '<a name="token" ',
    '["token",',
    "&lt;token&gt;",
    "&quot;token&quot;:",
    "<token></",
    "</key><token>",
    ">token</key> <",
    "<token><![CDATA[",
    "form-data; name=token\r\n\r\n",
    "Cookie: ",
    "Authorization: a b=",
    "curl -u a:",
    "password: $p ",
    '"p":',
    "?code=",
    "https://a?u=",
    "/reset/",
    'kty"d":"',
    "eyAi",
    ",a=",
    "://a@",
  ];

  const TEXTS = [
    ...PIECES.map((piece) => ["", piece] as const),
    ['{"token":{', "\\"],
    ['{"token":[', "{"],
    ['{"token":"', '\\"'],
    ["token=", "token"],
  ] as const;

  it.each(TEXTS)("takes time that grows with the text: %j, then %j", (begin, piece) => {
    const text = begin + piece.repeat(Math.ceil(1_048_576 / piece.length));
    // Quadratic, it would be minutes.
    expect(cpuMs(() => {
      on().body(text);
      on().url(text);
      on().header("Cookie", text);
      on().header("Set-Cookie", text);
    })).toBeLessThan(10_000);
  }, 60_000);
});
