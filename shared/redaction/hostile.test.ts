// Secrets where and as they are found in traffic that nobody made for a redactor, and what only looks
// like one. Each line is something that was missed, or struck without reason, or easily could be.

import { describe, expect, it } from "vitest";
import { EVERYTHING } from "./policy.ts";
import { createRedactor } from "./redactor.ts";

const on = () => createRedactor(EVERYTHING);

/** Put together here, so that no scanner takes them for real. */
const S = "hunter2-Zq8Lm3Xv";
const T = "aZ3kQ9wLpX7vBn2RtY5uHs8d";
const JW = `eyJhbGciOiJIUzI1NiJ9.${btoa('{"sub":"1","name":"ada"}')}.c2lnbmF0dXJlX2hlcmVfMTIz`;
const GH = `gh${"p_"}aB3dE6gH9jK2mN5pQ8sT1vW4yZ7aB3dE6gH9`;
const AKIA = `AK${"IA"}ABCDEFGHIJKLMNOP`;
const GOOGLE = `AI${"za"}SyA1b2C3d4E5f6G7h8I9j0K1l2M3n4O5p6Q`;
const b64 = (text: string) => btoa(text);
const pct = (text: string) =>
  [...new TextEncoder().encode(text)]
    .map((byte) => `%${byte.toString(16).toUpperCase().padStart(2, "0")}`).join("");

const SECRETS: [what: string, shown: () => unknown, secrets: string[]][] = [
  ["pct name in query", () => on().url(`https://a.example/x?%70%61%73%73word=${S}&a=1`), [S]],
  ["pct all value", () => on().url(`https://a.example/x?password=${pct(S)}`), [S, pct(S)]],
  [
    "double-encoded redirect",
    () =>
      on().url(
        `https://a.example/x?next=${
          encodeURIComponent("https://b.example/cb?access_token=" + T + "&x=1")
        }`,
      ),
    [T],
  ],
  [
    "triple-encoded redirect",
    () =>
      on().url(
        `https://a.example/x?next=${
          encodeURIComponent(encodeURIComponent("https://b.example/cb?access_token=" + T + "&x=1"))
        }`,
      ),
    [T],
  ],
  [
    "relative redirect",
    () =>
      on().url(`https://a.example/x?next=${encodeURIComponent("/cb?access_token=" + T + "&x=1")}`),
    [T],
  ],
  ["fragment jwt", () => on().url(`https://a.example/#id_token=${JW}&state=x`), [JW]],
  ["fragment route token", () => on().url(`https://a.example/#/reset?token=${T}`), [T]],
  ["fragment jwt bare", () => on().url(`https://a.example/#${JW}`), [JW]],
  ["userinfo user only token", () => on().url(`https://${T}@a.example/x`), [T]],
  ["userinfo token:x-oauth-basic", () => on().url(`https://${GH}:x-oauth-basic@github.com/x`), [
    GH,
  ]],
  ["userinfo empty user", () => on().url(`redis://:${S}@cache:6379/0`), [S]],
  [
    "userinfo with slash pct",
    () => on().url(`postgres://u:${encodeURIComponent("p/@ss" + S)}@db/x`),
    [S],
  ],
  ["userinfo ipv6", () => on().url(`postgres://u:${S}@[::1]:5432/x`), [S]],
  ["matrix params", () => on().url(`https://a.example/x;jsessionid=${T}?a=1`), [T]],
  ["jsessionid", () => on().url(`https://a.example/x;JSESSIONID=${T}`), [T]],
  ["semicolon query", () => on().url(`https://a.example/x?a=1;token=${T};b=2`), [T]],
  ["array query", () => on().url(`https://a.example/x?user[password]=${S}&tokens[]=${T}`), [S, T]],
  ["pct brackets", () => on().url(`https://a.example/x?user%5Bpassword%5D=${S}`), [S]],
  [
    "aws presigned",
    () =>
      on().url(
        `https://b.s3.amazonaws.com/k?X-Amz-Credential=${AKIA}%2F20260101&X-Amz-Signature=${
          "ab12".repeat(16)
        }&X-Amz-Expires=60`,
      ),
    [AKIA, "ab12".repeat(16)],
  ],
  [
    "azure sas",
    () =>
      on().url(
        `https://x.blob.core.windows.net/c/b?sv=2022&sig=${
          encodeURIComponent("aB3dE6gH9jK2mN5pQ8sT1vW4yZ7aB3dE6gH9aB3dE6g=")
        }`,
      ),
    ["aB3dE6gH9jK2mN5pQ8sT1vW4yZ7aB3dE6gH9"],
  ],
  [
    "gcs sig",
    () => on().url(`https://storage.googleapis.com/b/o?GoogleAccessId=x&Signature=${T}`),
    [T],
  ],
  ["google key", () => on().url(`https://maps.googleapis.com/m?key=${GOOGLE}`), [GOOGLE]],
  ["oauth code", () => on().url(`https://a.example/cb?code=${T}&state=abc`), [T]],
  [
    "oauth code slash",
    () => on().url(`https://a.example/cb?code=4%2F0AfJohXk9sT1vW4yZ7aB3dE6gH9&scope=x`),
    ["0AfJohXk9sT1vW4yZ7aB3dE6gH9"],
  ],
  ["basic header", () => on().header("Authorization", `Basic ${b64("ada:" + S)}`), [
    b64("ada:" + S),
  ]],
  ["basic lower", () => on().header("authorization", `basic ${b64("ada:" + S)}`), [
    b64("ada:" + S),
  ]],
  [
    "digest",
    () =>
      on().header(
        "Authorization",
        `Digest username="ada", realm="x", nonce="abc", uri="/", response="6629fae49393a05397450978507c4ef1"`,
      ),
    ["6629fae49393a05397450978507c4ef1"],
  ],
  [
    "sigv4",
    () =>
      on().header(
        "Authorization",
        `AWS4-HMAC-SHA256 Credential=${AKIA}/20260101/us, SignedHeaders=host, Signature=${
          "ab12".repeat(16)
        }`,
      ),
    [AKIA, "ab12".repeat(16)],
  ],
  ["custom auth X-Auth", () => on().header("X-Auth", T), [T]],
  ["X-Auth-Token", () => on().header("X-Auth-Token", T), [T]],
  ["X-Amz-Security-Token", () => on().header("X-Amz-Security-Token", T), [T]],
  ["X-Goog-Api-Key", () => on().header("X-Goog-Api-Key", T), [T]],
  ["X-Vault-Token", () => on().header("X-Vault-Token", T), [T]],
  ["Ocp-Apim-Subscription-Key", () => on().header("Ocp-Apim-Subscription-Key", T), [T]],
  ["X-Functions-Key", () => on().header("x-functions-key", T), [T]],
  ["X-Shopify-Hmac", () => on().header("X-Shopify-Hmac-SHA256", T), [T]],
  ["X-Hub-Signature-256", () => on().header("X-Hub-Signature-256", "sha256=" + "ab12".repeat(16)), [
    "ab12".repeat(16),
  ]],
  ["Stripe-Signature", () => on().header("Stripe-Signature", "t=1,v1=" + "ab12".repeat(16)), [
    "ab12".repeat(16),
  ]],
  [
    "Sec-WebSocket-Protocol bearer",
    () => on().header("Sec-WebSocket-Protocol", `graphql-ws, bearer, ${T}`),
    [T],
  ],
  [
    "Sec-WebSocket-Protocol k8s",
    () =>
      on().header(
        "Sec-WebSocket-Protocol",
        `base64url.bearer.authorization.k8s.io.${b64(T).replace(/=/g, "")}`,
      ),
    [b64(T).replace(/=/g, "")],
  ],
  ["Sec-WebSocket-Protocol jwt", () => on().header("Sec-WebSocket-Protocol", `realtime, ${JW}`), [
    JW,
  ]],
  ["Location w/ token", () => on().header("Location", `/cb?access_token=${T}`), [T]],
  ["Location rel frag", () => on().header("Location", `/cb#access_token=${T}`), [T]],
  ["Location code rel", () => on().header("Location", `/cb?code=${T}&state=x`), [T]],
  ["Referer", () => on().header("Referer", `https://a.example/reset?token=${T}`), [T]],
  ["Referer code", () => on().header("Referer", `https://a.example/cb?code=${T}`), [T]],
  [
    "Link header",
    () => on().header("Link", `<https://a.example/x?access_token=${T}&page=2>; rel="next"`),
    [T],
  ],
  ["Refresh header", () => on().header("Refresh", `0; url=https://a.example/x?token=${T}`), [T]],
  [
    "set-cookie attrs",
    () =>
      on().header(
        "Set-Cookie",
        `sid=${T}; Domain=.example.com; Path=/; Expires=Wed, 21 Oct 2026 07:28:00 GMT; Secure`,
      ),
    [T],
  ],
  ["set-cookie folded", () => on().header("Set-Cookie", `a=1${S}; Path=/, sid=${T}; Path=/`), [T]],
  ["set-cookie newline", () => on().header("Set-Cookie", `a=1${S}; Path=/\nsid=${T}; Path=/`), [T]],
  ["cookie quoted semis", () => on().header("Cookie", `a="x;y ${S}"; b=${T}`), [S, T]],
  ["cookie valueless token", () => on().header("Cookie", `${T}`), [T]],
  ["cookie comma", () => on().header("Cookie", `a=b, sid=${T}`), [T]],
  ["X-Forwarded-Cookie", () => on().header("X-Original-Cookie", `sid=${T}`), [T]],
  [
    "header b64 json",
    () => on().header("X-User", b64(JSON.stringify({ sub: 1, access_token: T }))),
    [b64(JSON.stringify({ sub: 1, access_token: T }))],
  ],
  ["Cloudflare assertion", () => on().header("Cf-Access-Jwt-Assertion", T), [T]],
  ["Proxy-Auth", () => on().header("Proxy-Authorization", T), [T]],
  [
    "json in json x3",
    () =>
      on().body(
        JSON.stringify({
          a: JSON.stringify({ b: JSON.stringify({ c: JSON.stringify({ password: S }) }) }),
        }),
        "application/json",
      ),
    [S],
  ],
  [
    "json escaped slashes",
    () => on().body(`{"url":"https:\\/\\/a.example\\/x?access_token=${T}"}`, "application/json"),
    [T],
  ],
  [
    "json unicode escaped value",
    () => on().body(`{"password":"\\u0068unter2${S}"}`, "application/json"),
    [S],
  ],
  ["json amp escape", () => on().body(`{"u":"https://a/x?a=1\\u0026token=${T}"}`), [T]],
  ["json array creds", () => on().body(`{"passwords":["${S}","${T}"]}`), [S, T]],
  [
    "json name/value",
    () =>
      on().body(
        JSON.stringify({
          fields: [{ name: "password", value: S }, { key: "token", value: T }, {
            id: "pwd",
            val: S,
          }],
        }),
      ),
    [S, T],
  ],
  [
    "json value before name",
    () => on().body(JSON.stringify({ fields: [{ value: S, name: "password" }] })),
    [S],
  ],
  ["json k/v", () => on().body(JSON.stringify([{ k: "password", v: S }])), [S]],
  ["json pairs array", () => on().body(JSON.stringify([["Authorization", T], ["password", S]])), [
    S,
    T,
  ]],
  [
    "json camel",
    () =>
      on().body(
        JSON.stringify({
          userPassword: S,
          passwordConfirmation: S,
          currentPass: S,
          oldPwd: S,
          accessTokenSecret: T,
          clientSecretValue: T,
          sessionKey: T,
          privateKeyPem: T,
        }),
      ),
    [S, T],
  ],
  ["json bearer field", () => on().body(JSON.stringify({ bearer: T })), [T]],
  ["json auth field", () => on().body(JSON.stringify({ auth: T })), [T]],
  ["json key field", () => on().body(JSON.stringify({ headers: { "x-goog-api-key": T } })), [T]],
  [
    "json accessCode",
    () =>
      on().body(
        JSON.stringify({
          verificationCode: "482913",
          access_code: "A8B7C6",
          recovery_codes: ["aaaa-1111"],
          security_code: "123",
        }),
      ),
    ["482913", "A8B7C6", "aaaa-1111", '"123"'],
  ],
  [
    "json cvc",
    () =>
      on().body(
        JSON.stringify({ card: { number: "4242424242424242", cvc: "314", cvv2: "999", exp: 1 } }),
      ),
    ["4242424242424242", "314", "999"],
  ],
  [
    "json secretAnswer",
    () =>
      on().body(
        JSON.stringify({
          secret_answer: "Rex the dog",
          mnemonic: "apple bear cat dog",
          seed_phrase: "apple bear cat",
        }),
      ),
    ["Rex", "apple bear"],
  ],
  ["ndjson", () => on().body(`{"a":1}\n{"password":"${S}"}\n`, "application/x-ndjson"), [S]],
  ["jsonp", () => on().body(`cb({"password":"${S}"});`, "text/javascript"), [S]],
  ["xssi json", () => on().body(`)]}',\n{"p\\u0061ssword":"${S}"}`, "application/json"), [S]],
  [
    "multipart",
    () =>
      on().body(
        `--b\r\nContent-Disposition: form-data; name="password"\r\nContent-Type: text/plain\r\n\r\n${S}\r\n--b--`,
        "multipart/form-data; boundary=b",
      ),
    [S],
  ],
  [
    "multipart lf",
    () =>
      on().body(
        `--b\nContent-Disposition: form-data; name="password"\n\n${S}\n--b--`,
        "multipart/form-data; boundary=b",
      ),
    [S],
  ],
  [
    "multipart unquoted",
    () =>
      on().body(
        `--b\r\nContent-Disposition: form-data; name=password\r\n\r\n${S}\r\n--b--`,
        "multipart/form-data; boundary=b",
      ),
    [S],
  ],
  [
    "multipart filename after",
    () =>
      on().body(
        `--b\r\nContent-Disposition: form-data; name="token"; filename="t.txt"\r\nContent-Type: text/plain\r\n\r\n${T}\r\n--b--`,
        "multipart/form-data; boundary=b",
      ),
    [T],
  ],
  [
    "multipart nested name",
    () =>
      on().body(
        `--b\r\nContent-Disposition: form-data; name="user[password]"\r\n\r\n${S}\r\n--b--`,
        "multipart/form-data; boundary=b",
      ),
    [S],
  ],
  [
    "multipart json part",
    () =>
      on().body(
        `--b\r\nContent-Disposition: form-data; name="operations"\r\n\r\n{"variables":{"password":"${S}"}}\r\n--b--`,
        "multipart/form-data; boundary=b",
      ),
    [S],
  ],
  [
    "multipart http batch",
    () =>
      on().body(
        `--b\r\nContent-Type: application/http\r\n\r\nGET /x?access_token=${T} HTTP/1.1\r\nAuthorization: Bearer ${JW}\r\n\r\n--b--`,
        "multipart/mixed; boundary=b",
      ),
    [T, JW],
  ],
  [
    "graphql inline",
    () =>
      on().body(
        JSON.stringify({ query: `mutation { login(email: "a@b", password: "${S}") { token } }` }),
      ),
    [S],
  ],
  [
    "graphql vars input",
    () =>
      on().body(
        JSON.stringify({
          query: "mutation L($i: I!) { login(input: $i) { t } }",
          variables: { input: { email: "a", password: S } },
        }),
      ),
    [S],
  ],
  [
    "graphql get",
    () =>
      on().url(
        `https://a/graphql?query=x&variables=${
          encodeURIComponent(JSON.stringify({ password: S }))
        }`,
      ),
    [S],
  ],
  [
    "graphql vars strange name",
    () =>
      on().body(
        JSON.stringify({
          query: "mutation L($pw: String!) { login(password: $pw) { t } }",
          variables: { pw: S },
        }),
      ),
    [S],
  ],
  ["xml attr", () => on().body(`<user name="a" password="${S}"/>`, "application/xml"), [S]],
  ["xml attr single", () => on().body(`<user password='${S}'/>`, "application/xml"), [S]],
  [
    "xml ns",
    () => on().body(`<wsse:Password Type="http://x#PasswordText">${S}</wsse:Password>`, "text/xml"),
    [S],
  ],
  [
    "soap nonce/digest",
    () =>
      on().body(
        `<wsse:UsernameToken><wsse:Username>a</wsse:Username><wsse:Password>${S}</wsse:Password></wsse:UsernameToken>`,
        "text/xml",
      ),
    [S],
  ],
  ["xml cdata", () => on().body(`<password><![CDATA[${S}]]></password>`, "text/xml"), [S]],
  ["xml newline", () => on().body(`<password>\n   ${S}\n</password>`, "text/xml"), [S]],
  [
    "xml nested in secret",
    () => on().body(`<credentials><user>ada</user><pw>${S}</pw></credentials>`, "text/xml"),
    [S],
  ],
  ["xml add key", () => on().body(`<add key="ApiKey" value="${T}"/>`, "text/xml"), [T]],
  [
    "xml plist",
    () => on().body(`<dict><key>password</key><string>${S}</string></dict>`, "text/xml"),
    [S],
  ],
  [
    "xmlrpc",
    () =>
      on().body(
        `<member><name>password</name><value><string>${S}</string></value></member>`,
        "text/xml",
      ),
    [S],
  ],
  [
    "xml entity",
    () => on().body(`<root>&lt;password&gt;${S}&lt;/password&gt;</root>`, "text/xml"),
    [S],
  ],
  [
    "saml",
    () =>
      on().pairs(`SAMLResponse=${encodeURIComponent(b64("<saml>" + S + "</saml>"))}&RelayState=x`),
    [b64("<saml>" + S + "</saml>").slice(0, 20)],
  ],
  [
    "html input",
    () => on().body(`<input type="hidden" name="csrf_token" value="${T}">`, "text/html"),
    [T],
  ],
  [
    "html input rev",
    () => on().body(`<input value="${T}" type="hidden" name="csrf_token">`, "text/html"),
    [T],
  ],
  ["html meta", () => on().body(`<meta name="csrf-token" content="${T}">`, "text/html"), [T]],
  ["html meta rev", () => on().body(`<meta content="${T}" name="csrf-token">`, "text/html"), [T]],
  ["html password input", () => on().body(`<input type="password" value="${S}">`, "text/html"), [
    S,
  ]],
  [
    "js const",
    () => on().body(`const API_KEY = "${T}"; window.__token='${T}'`, "text/javascript"),
    [T],
  ],
  ["js template", () => on().body("const password = `" + S + "`;", "text/javascript"), [S]],
  ["js obj unquoted", () => on().body(`{apiKey: "${T}", password: '${S}'}`, "text/javascript"), [
    T,
    S,
  ]],
  ["curl", () => on().text(`curl -u ada:${S} -H 'X-Api-Key: ${T}' https://x`), [T, S]],
  ["curl --user", () => on().text(`curl --user ada:${S} https://x`), [S]],
  ["env file", () => on().text(`DB_PASSWORD=${S}\nexport TOKEN='${T}'\n`), [S, T]],
  ["yaml", () => on().text(`db:\n  password: ${S}\n  token: "${T}"\n`), [S, T]],
  ["ini spaced", () => on().text(`password = ${S}`), [S]],
  ["password with special", () => on().body(JSON.stringify({ password: `p,;&"'<>\\ ${S}` })), [S]],
  [
    "form password w/ plus",
    () => on().body(`user=a&password=my+pass+${S}&x=1`, "application/x-www-form-urlencoded"),
    [S],
  ],
  [
    "form w/o content type",
    () => on().body(`user=a&password=${encodeURIComponent("my pass " + S)}&x=1`),
    [S],
  ],
  [
    "form w/ json",
    () => on().body(`payload=${encodeURIComponent(JSON.stringify({ a: { password: S } }))}`),
    [S],
  ],
  [
    "form dup encoded name",
    () => on().body(`%70assword=${S}`, "application/x-www-form-urlencoded"),
    [S],
  ],
  ["form text/plain type", () => on().body(`%70assword=${S}&a=1`, "text/plain"), [S]],
  [
    "ws json message",
    () =>
      on().json({
        webSocketMessages: [{
          type: "send",
          data: JSON.stringify({ topic: "x", payload: { access_token: T } }),
        }],
      }),
    [T],
  ],
  ["ws socket.io", () => on().text(`42["auth",{"token":"${T}"}]`), [T]],
  ["ws stomp", () => on().text(`CONNECT\nlogin:ada\npasscode:${S}\n\n\0`), [S]],
  [
    "ws mqtt ish",
    () => on().text(`{"type":"connection_init","payload":{"Authorization":"Bearer ${T}"}}`),
    [T],
  ],
  ["sse", () => on().body(`event: x\ndata: {"token":"${T}"}\n\n`, "text/event-stream"), [T]],
  [
    "chunked",
    () => on().body(`1f\r\n{"password":"${S.slice(0, 9)}\r\n10\r\n${S.slice(9)}"}\r\n0\r\n\r\n`),
    [S.slice(0, 9), S.slice(9)],
  ],
  [
    "b64 text body",
    () => on().body({ text: b64(`{"password":"${S}"}`), encoding: "base64" }, "application/json"),
    [b64(`{"password":"${S}"}`)],
  ],
  [
    "b64 of password in json value",
    () => on().body(JSON.stringify({ data: b64(JSON.stringify({ password: S })) })),
    [b64(JSON.stringify({ password: S }))],
  ],
  ["b64 of form", () => on().body(JSON.stringify({ data: b64(`user=ada&password=${S}`) })), [
    b64(`user=ada&password=${S}`),
  ]],
  [
    "b64 of json w space",
    () => on().body(JSON.stringify({ data: b64(`{ "password": "${S}" }`) })),
    [b64(`{ "password": "${S}" }`)],
  ],
  [
    "b64url of json newline",
    () => on().body(JSON.stringify({ data: b64(`{\n  "password": "${S}"\n}`) })),
    [b64(`{\n  "password": "${S}"\n}`)],
  ],
  [
    "b64 of xml",
    () =>
      on().body(JSON.stringify({ data: b64(`<?xml version="1.0"?><password>${S}</password>`) })),
    [b64(`<?xml version="1.0"?><password>${S}</password>`)],
  ],
  [
    "data url json",
    () =>
      on().body(`{"src":"data:application/json;base64,${b64(JSON.stringify({ password: S }))}"}`),
    [b64(JSON.stringify({ password: S }))],
  ],
  ["basic in text nested b64", () => on().text(`{"Authorization":"Basic ${b64("a:" + S)}"}`), [
    b64("a:" + S),
  ]],
  [
    "html-escaped json",
    () => on().body(`<div data-props="{&quot;token&quot;:&quot;${T}&quot;}">`, "text/html"),
    [T],
  ],
  ["html amp url", () => on().body(`<a href="/x?a=1&amp;token=${T}">`, "text/html"), [T]],
  [
    "pct JSON url path",
    () => on().url(`https://a/x/${encodeURIComponent(JSON.stringify({ token: T }))}`),
    [T],
  ],
  ["path token", () => on().url(`https://a/api/token/${T}/x`), [T]],
  [
    "path telegram",
    () => on().url(`https://api.telegram.org/bot123456789:AA${"b".repeat(33)}/getMe`),
    ["b".repeat(33)],
  ],
  ["path slack hook", () => on().url(`https://hooks.slack.com/services/T000/B000/${T}`), [T]],
  ["discord hook", () => on().url(`https://discord.com/api/webhooks/123456/${T}${T}`), [T]],
  ["path reset", () => on().url(`https://a/password/reset/${T}`), [T]],
  ["path magic", () => on().url(`https://a/magic-link/${T}`), [T]],
  ["path invite jwt", () => on().url(`https://a/invite/${JW}`), [JW]],
  ["uppercase scheme", () => on().header("authorization", `BEARER ${T}`), [T]],
  ["bearer in json text lower", () => on().text(`error: invalid bearer ${T}`), [T]],
  ["token scheme", () => on().header("Authorization", `Token token=${T}`), [T]],
  ["token scheme text", () => on().text(`Authorization: Token ${T}`), [T]],
  ["apikey scheme text", () => on().text(`Authorization: ApiKey ${T}`), [T]],
  ["custom scheme text", () => on().text(`Authorization: MAC id="x", mac="${T}"`), [T]],
  ["json Authorization custom", () => on().text(`{"Authorization":"Custom ${T}"}`), [T]],
  [
    "pem",
    () =>
      on().body(
        JSON.stringify({
          k: "-----BEGIN RSA " + "PRIVATE KEY-----\nMIIEabc" + T +
            "\n-----END RSA PRIVATE KEY-----",
        }),
      ),
    [T],
  ],
  [
    "pgp",
    () =>
      on().text(
        "-----BEGIN PGP " + "PRIVATE KEY BLOCK-----\n\n" + T +
          "\n-----END PGP PRIVATE KEY BLOCK-----",
      ),
    [T],
  ],
  [
    "jwk d",
    () => on().body(JSON.stringify({ kty: "EC", crv: "P-256", x: "abc", y: "def", d: T })),
    [T],
  ],
  ["jwk k", () => on().body(JSON.stringify({ kty: "oct", k: T })), [T]],
  ["conn string", () => on().text(`Server=tcp:x;User ID=sa;Password=${S};Encrypt=true`), [S]],
  ["conn string json", () => on().body(JSON.stringify({ ConnectionString: `Server=x;Pwd=${S}` })), [
    S,
  ]],
  [
    "account key",
    () =>
      on().text(
        `DefaultEndpointsProtocol=https;AccountName=x;AccountKey=${T}==;EndpointSuffix=core`,
      ),
    [T],
  ],
  ["2fa", () => on().url(`otpauth://totp/X:ada?secret=JBSWY3DPEHPK3PXP&issuer=X`), [
    "JBSWY3DPEHPK3PXP",
  ]],
  [
    "url code verifier",
    () => on().pairs(`grant_type=authorization_code&code=abc123&code_verifier=${T}&client_id=x`),
    ["abc123", T],
  ],
  ["grant refresh", () => on().pairs(`grant_type=refresh_token&refresh_token=${T}`), [T]],
  ["device_code", () => on().pairs(`device_code=${T}&grant_type=x`), [T]],
  ["user_code", () => on().pairs(`user_code=WDJB-MJHT`), ["WDJB-MJHT"]],
  [
    "query with token in middle of name",
    () => on().url(`https://x/?fbAccessToken=${T}&tokenValue=${T}&mytok=1`),
    [T],
  ],
  ["Cookie in json", () => on().body(JSON.stringify({ headers: { cookie: `a=${S}; b=${T}` } })), [
    S,
    T,
  ]],
  [
    "Cookie as text lines",
    () => on().text(`GET / HTTP/1.1\r\nHost: x\r\nCookie: theme=dark; _ga=${S}; sid=${T}\r\n\r\n`),
    [S, T],
  ],
  [
    "Set-Cookie text",
    () => on().text(`HTTP/1.1 200 OK\r\nSet-Cookie: sid=${T}; Path=/; HttpOnly\r\n`),
    [T],
  ],
  [
    "Authorization Digest text",
    () =>
      on().text(
        `Authorization: Digest username="ada", nonce="x", response="6629fae49393a05397450978507c4ef1"\r\n`,
      ),
    ["6629fae49393a05397450978507c4ef1"],
  ],
  [
    "multi-line header in text basic",
    () => on().text(`Proxy-Authorization: Basic ${b64("a:b")}\r\n`),
    [b64("a:b")],
  ],
  ["numeric password", () => on().body(`{"password":12345678}`), ["12345678"]],
  [
    "Apple identityToken",
    () => on().body(JSON.stringify({ identityToken: T, authorizationCode: T })),
    [T],
  ],
  [
    "firebase",
    () => on().body(JSON.stringify({ idToken: T, refreshToken: T, localId: "x", oobCode: T })),
    [T],
  ],
  [
    "passkey",
    () =>
      on().body(
        JSON.stringify({ response: { clientDataJSON: "x", authenticatorData: "y", signature: T } }),
      ),
    [T],
  ],
];

describe("a secret", () => {
  it.each(SECRETS)("is hidden: %s", (_what, shown, secrets) => {
    const value = shown();
    const text = typeof value === "string" ? value : JSON.stringify(value);
    for (const secret of secrets) expect(text).not.toContain(secret);
  });
});

const UUID = "550e8400-e29b-41d4-a716-446655440000";
const H = "a1b2c3d4e5f60718293a4b5c6d7e8f90";
const SHA = "oqVuAfXRKap7fdgcCY5uykM6+R9GqQ8K/uxy9rx7HNQlGYl1kPzQho1wx4JwY8wC";

const ORDINARY: [what: string, shown: () => unknown, original: string][] = [];
const ordinaryHeader = (name: string, value: string) =>
  ORDINARY.push([`header ${name}`, () => on().header(name, value), value]);
const ordinaryUrl = (url: string) => ORDINARY.push([url, () => on().url(url), url]);
const ordinaryBody = (body: string, type?: string) =>
  ORDINARY.push([body.slice(0, 60), () => on().body(body, type), body]);

ordinaryHeader("ETag", `"${H}"`);
ordinaryHeader("ETag", `W/"${SHA.slice(0, 27)}"`);
ordinaryHeader("If-None-Match", `"${H}"`);
ordinaryHeader("X-Request-Id", UUID);
ordinaryHeader("Content-MD5", "Q2hlY2sgSW50ZWdyaXR5IQ==");
ordinaryHeader("Digest", `SHA-256=X48E9qOokqqrvdts8nOJRJN3OWDUoyWxBf7kbu9DBPE=`);
ordinaryHeader("Content-Digest", `sha-256=:X48E9qOokqqrvdts8nOJRJN3OWDUoyWxBf7kbu9DBPE=:`);
ordinaryHeader("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ==");
ordinaryHeader("Sec-WebSocket-Accept", "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
ordinaryHeader("Sec-WebSocket-Protocol", "graphql-transport-ws, graphql-ws");
ordinaryHeader("Sec-WebSocket-Protocol", "v12.stomp, v11.stomp, v10.stomp");
ordinaryHeader("X-Amz-Cf-Id", "Zx1Y2w3V4u5T6s7R8q9P0o1N2m3L4k5J6h7G8f9E0d==");
ordinaryHeader("X-Amz-Request-Id", "4442587FB7D0A2F9");
ordinaryHeader("CF-Ray", "7d9f8e7c6b5a4321-FRA");
ordinaryHeader("traceparent", `00-${H}-a1b2c3d4e5f60718-01`);
ordinaryHeader("Content-Security-Policy", `script-src 'sha256-${SHA}' 'self'`);
ordinaryHeader("Alt-Svc", `h3=":443"; ma=86400`);
ordinaryHeader("Location", `/items/${UUID}?page=2`);
ordinaryHeader("Location", "/login?next=/account/password");
ordinaryHeader("Link", `<https://a/x?page=2>; rel="next"`);
ordinaryHeader("Server-Timing", 'cfL4;desc="?proto=TCP&rtt=1"');
ordinaryHeader("X-RateLimit-Limit-Tokens", "40000");
ordinaryHeader("X-Ratelimit-Remaining-Tokens", "39999");
ordinaryHeader("anthropic-ratelimit-tokens-limit", "40000");
ordinaryHeader("X-Content-Type-Options", "nosniff");
ordinaryHeader("Access-Control-Expose-Headers", "X-Auth-Token, Set-Cookie");
ordinaryHeader("Permissions-Policy", "publickey-credentials-get=(self)");
ordinaryHeader("Vary", "Cookie");
ordinaryHeader("WWW-Authenticate", 'Basic realm="Access to the staging site", charset="UTF-8"');
ordinaryHeader("Sec-Fetch-Dest", "empty");
ordinaryHeader("Cookie-Policy", "none");
ordinaryHeader("X-Session-Expired", "true");
ordinaryHeader("Keep-Alive", "timeout=5");
ordinaryHeader(
  "User-Agent",
  "Mozilla/5.0 (iPhone; CPU iPhone OS 17_0 like Mac OS X) Version/17.0 Mobile/15E148",
);
ordinaryHeader(
  "Report-To",
  `{"endpoints":[{"url":"https:\\/\\/a.nel.cloudflare.com\\/report\\/v4?s=abc"}],"group":"cf-nel","max_age":604800}`,
);
ordinaryUrl(`https://cdn.example.com/assets/app.${H}.js`);
ordinaryUrl(`https://cdn.example.com/${UUID}/image.png?w=100&h=200`);
ordinaryUrl(`https://a.example/x?v=${H}`);
ordinaryUrl(`https://a.example/users/${UUID}/sessions`);
ordinaryUrl(`https://a.example/search?q=password+reset+how`);
ordinaryUrl(`https://a.example/api/tokens/count`);
ordinaryUrl(`https://a.example/auth/login`);
ordinaryUrl(`https://a.example/password/reset`);
ordinaryUrl(`https://a.example/verify/email`);
ordinaryUrl(`https://a.example/x?code=US&state=CA`);
ordinaryUrl(`https://a.example/x?key=name&t=10`);
ordinaryUrl(`https://a.example/#/settings/password`);
ordinaryUrl(`https://a.example/x?sort=token&order=asc`);
ordinaryUrl(`https://a.example/x?utm_source=a&utm_campaign=b&gclid=Cj0KCQ`);
ordinaryUrl(
  `https://a.example/oauth/authorize?response_type=code&client_id=abc&redirect_uri=https%3A%2F%2Fb%2Fcb&scope=openid`,
);
ordinaryUrl(`https://a.example/s/1700000000000/x`);
ordinaryUrl("https://docs.example.com/guides/secrets/rotation");
ordinaryUrl("https://a.example/invite/friends");
ordinaryUrl(
  "https://fonts.gstatic.com/s/inter/v12/UcCO3FwrK3iLTeHuS_fvQtMwCp50KnMw2boKoduKmMEVuLyfAZ9hiA.woff2",
);
ordinaryUrl("https://user@a.example/x");
ordinaryUrl("mailto:ada@example.com?subject=token");
ordinaryUrl("https://a.example/@scope/pkg@1.2.3/dist/index.js");
ordinaryUrl("https://a.example:8443/path");
ordinaryUrl("git+ssh://git@github.com/a/b.git");
ordinaryUrl("https://medium.com/@ada/how-i-built-a-thing-4f3a2b1c9d8e");
ordinaryBody(
  JSON.stringify({
    id: UUID,
    hash: H,
    sha256: H + H,
    etag: `"${H}"`,
    commit: H.slice(0, 32) + "deadbeef",
    integrity: `sha384-${SHA}`,
  }),
);
ordinaryBody(
  JSON.stringify({
    required: ["password", "username"],
    properties: { password: { type: "string", minLength: 8 } },
  }),
);
ordinaryBody(
  JSON.stringify({
    fields: ["token", "session"],
    columns: [["password", "text"], ["name", "text"]],
  }),
);
ordinaryBody(
  JSON.stringify({
    country_code: "US",
    status_code: 200,
    error_code: "E12",
    zip_code: "12345",
    language_code: "en",
    product_code: "AB-12",
    barcode: "123",
  }),
);
ordinaryBody(
  JSON.stringify({
    keyboard: "qwerty",
    keypad: 1,
    monkey: "x",
    keys: 3,
    keyframes: [],
    primary_key: "id",
    foreign_key: "user_id",
    public_key: "abc",
    sort_key: "price",
    cache_key: "users:1",
    partition_key: "p",
  }),
);
ordinaryBody(
  JSON.stringify({
    author: "Ada",
    authority: "x",
    authored: true,
    oauth: false,
    authenticated: true,
    authType: "oauth",
    auth_url: "https://x",
  }),
);
ordinaryBody(
  JSON.stringify({
    max_tokens: 10,
    total_tokens: 20,
    token_count: 3,
    tokenizer: "bpe",
    token_type: "Bearer",
    token_endpoint: "https://x",
    tokens_used: 4,
    input_tokens: 4,
    tokens: 12,
  }),
);
ordinaryBody(JSON.stringify({
  secretary: "Bob",
  passenger: "Eve",
  passage: "x",
  compass: "N",
  bypass: true,
  passed: 3,
  passing: 1,
  pass_rate: 0.5,
  spinning: 1,
  pinned: true,
  pinterest: "x",
  opinion: "y",
  shipping: 1,
  signal: "x",
  assign: 1,
  design: 2,
  sign: "a",
  signed: true,
  signup: true,
  significant: 1,
  config: 1,
}));
ordinaryBody(JSON.stringify({
  session_count: 3,
  sessions: 12,
  session_duration: 30,
  session_timeout: 60,
  has_password: true,
  password_changed_at: "2026-01-01",
  password_strength: "strong",
  password_required: true,
  is_secret: false,
  cookie_consent: true,
  cookies_enabled: true,
}));
ordinaryBody(
  JSON.stringify({
    avatar:
      "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==",
  }),
);
ordinaryBody(
  `<svg><path d="M10 10h4v4h-4z"/></svg><img src="data:image/gif;base64,R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7">`,
  "text/html",
);
ordinaryBody(
  `<link rel="stylesheet" href="/a.css" integrity="sha384-${SHA}" crossorigin="anonymous"><meta name="viewport" content="width=device-width"><meta name="author" content="Ada"><meta name="keywords" content="a,b"><input type="password" name="password" placeholder="Password" autocomplete="current-password"><label for="password">Password</label><input type="hidden" name="page" value="2">`,
  "text/html",
);
ordinaryBody(
  `<form action="/login"><h2>Reset your password</h2><p>Enter the code: we sent it.</p></form>`,
  "text/html",
);
ordinaryBody(
  `.password{color:red}#session-list{margin:0}[name="password"]{border:0}@media (min-width:10px){.token:hover{}}`,
  "text/css",
);
ordinaryBody(
  `function a(e){var t=e.token;return this.session=t,e.password?e.password.length:0}const n={token:t,session:null};if(e.token==="")return;r.secret=void 0;i.password=u(e)`,
  "text/javascript",
);
ordinaryBody(
  `import{token as t}from"./token.js";export const authKey=Symbol("auth");const {password,session}=props;type A={password:string;token?:Token|null};`,
  "text/javascript",
);
ordinaryBody(
  JSON.stringify({
    swagger: "2.0",
    securityDefinitions: { api_key: { type: "apiKey", name: "api_key", in: "header" } },
    security: [{ api_key: [] }],
  }),
);
ordinaryBody(
  JSON.stringify({ errors: [{ field: "password", message: "is too short", code: "too_short" }] }),
);
ordinaryBody(JSON.stringify({ labels: { password: "Password" } }).replace('"Password"', "null"));
ordinaryBody(
  JSON.stringify({
    parameters: [{ name: "access_token", in: "query", required: true, schema: { type: "string" } }],
  }),
);
ordinaryBody(
  JSON.stringify({
    keys: [{ kty: "RSA", kid: "abc", n: H + H, e: "AQAB", use: "sig", alg: "RS256" }],
  }),
);
ordinaryBody(
  JSON.stringify({
    phone: "+14155550123",
    iban: "DE89370400440532013000",
    order: "4111111111111112",
    ts: 1700000000000,
    tracking: "1Z999AA10123456784",
    isbn: "9783161484100",
    imei: "490154203237518",
  }),
);
ordinaryBody(
  JSON.stringify({
    cursor: btoa("id:12345"),
    next: btoa(JSON.stringify({ id: 5, dir: "asc" })),
    after: btoa(JSON.stringify([1, 2])),
  }),
);
ordinaryBody(
  `{"query":"query Q($first:Int!){viewer{sessions(first:$first){nodes{id token_type}}}}","variables":{"first":10}}`,
);
ordinaryBody(
  `{"operationName":"Login","query":"mutation Login($email: String!, $password: String!) { login(email: $email, password: $password) { user { id } } }"}`,
);
ordinaryBody(
  `2026-01-01T00:00:00Z INFO auth: session started user=ada request=${UUID}\n2026-01-01 WARN token expired after 3600 s\n`,
);
ordinaryBody(
  `commit ${H}deadbeef\nAuthor: Ada <ada@example.com>\nDate: x\n\n    Fix password reset flow\n`,
);
ordinaryBody(
  `# Passwords\n\nPassword: must have eight characters.\nThe secret is to start. Token: a unit of text. Basic auth: see below. Cookie: a small file.\n`,
);
ordinaryBody(`key,value\npassword_policy,strict\nsession,12\n`);
ordinaryBody(
  JSON.stringify({
    a: "Bearer of good news",
    b: "basic understanding",
    c: "the bearer certificates",
    d: "Token ring network",
  }),
);
ordinaryBody(
  JSON.stringify({
    checksum: "d41d8cd98f00b204e9800998ecf8427e",
    md5: H,
    blurhash: "LEHV6nWB2yk8pyo0adR*.7kCMdnj",
    placeholder: "iVBORw0KGgoAAAANSUhEUg==",
    geohash: "u4pruydqqvj",
    plus_code: "8FVC9G8F+5W",
  }),
);
ordinaryBody(
  JSON.stringify({
    card: { brand: "visa", last4: "4242", exp_month: 4 },
    pin_code: null,
    shipping_pin: false,
  }),
);
ordinaryBody(
  `<Envelope><Header><MessageID>urn:uuid:${UUID}</MessageID></Header><Body><GetSessionInfo/></Body></Envelope>`,
  "text/xml",
);
ordinaryBody(
  `<configuration><sessionState mode="InProc" timeout="20"/><authentication mode="Forms"/></configuration>`,
  "text/xml",
);
ordinaryBody(
  `<ul><li><a href="/account/tokens">Tokens</a></li><li>Sessions</li></ul><token-list></token-list><cookie-banner><p>We use cookies</p></cookie-banner>`,
  "text/html",
);
ordinaryBody(
  `<name>Kitchen</name><value>12</value><key>theme</key><string>dark</string>`,
  "text/xml",
);
ordinaryBody(`a=1&b=two+words&page=2&sort=key`, "application/x-www-form-urlencoded");
ordinaryBody(`grant_type=client_credentials&scope=read`, "application/x-www-form-urlencoded");
ordinaryBody(`{"name":"session","type":"string","value":null}`);
ordinaryBody(JSON.stringify({ message: "\u00e9t\u00e9 \u2028 caf\u00e9", u: "\\u0041" }));
ordinaryBody(
  JSON.stringify({
    status: "ok",
    uptime: 12345,
    version: "1.2.3-beta+exp.sha.5114f85",
    build: "20260101.123",
  }),
);
ordinaryBody(
  `data: {"choices":[{"delta":{"content":"The token"}}],"usage":null}\n\ndata: [DONE]\n\n`,
  "text/event-stream",
);
ordinaryBody("curl -u 1000 -X GET https://a.example/x");
ordinaryBody("docker run -u root:root image");

describe("what is none", () => {
  it.each(ORDINARY)("is left as it is: %s", (_what, shown, original) => {
    expect(shown()).toBe(original);
  });
});
