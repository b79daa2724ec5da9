import { expect, it } from "vitest";
import { authorizedFetch } from "./authorized-fetch.ts";

/** A server that takes one token only, and what it was asked. */
function serverTaking(good: string) {
  const asked: { token: string | null; apikey: string | null; body: unknown }[] = [];
  const send = (_: unknown, init: RequestInit = {}) => {
    const headers = new Headers(init.headers);
    const token = headers.get("Authorization");
    asked.push({ token, apikey: headers.get("apikey"), body: init.body });
    return Promise.resolve(new Response(null, { status: token === `Bearer ${good}` ? 204 : 401 }));
  };
  return { send: send as typeof fetch, asked };
}

it("sends the request again, with its body, when the token was revoked in the meantime", async () => {
  const { send, asked } = serverTaking("second");
  const refusals: (string | undefined)[] = [];
  const authorized = authorizedFetch({
    publishableKey: "key",
    accessToken: (refused) => {
      refusals.push(refused);
      return Promise.resolve(refused === undefined ? "first" : "second");
    },
    fetch: send,
  });
  const response = await authorized("https://a.example/", { method: "POST", body: "{}" });
  expect(response.status).toBe(204);
  expect(refusals).toEqual([undefined, "first"]);
  expect(asked).toEqual([
    { token: "Bearer first", apikey: "key", body: "{}" },
    { token: "Bearer second", apikey: "key", body: "{}" },
  ]);
});

it("gives up after one other token, and at once where there is no other", async () => {
  for (const [tokens, attempts] of [[["a", "b", "c"], 2], [["a", "a"], 1]] as const) {
    const { send, asked } = serverTaking("none");
    const left: string[] = [...tokens];
    const authorized = authorizedFetch({
      publishableKey: "key",
      accessToken: () => Promise.resolve(left.shift()!),
      fetch: send,
    });
    expect((await authorized("https://a.example/")).status).toBe(401);
    expect(asked).toHaveLength(attempts);
  }
});

it("does not send a stream again: it has been read", async () => {
  const { send, asked } = serverTaking("second");
  const authorized = authorizedFetch({
    publishableKey: "key",
    accessToken: (refused) => Promise.resolve(refused === undefined ? "first" : "second"),
    fetch: send,
  });
  const body = new Blob(["x"]).stream();
  expect((await authorized("https://a.example/", { method: "POST", body })).status).toBe(401);
  expect(asked).toHaveLength(1);
});
