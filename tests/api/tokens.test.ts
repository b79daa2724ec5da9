import { randomUUID } from "node:crypto";
import { decodeJwt } from "jose";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Clients, listen, until } from "../realtime/support/client.ts";
import { newAddress } from "../support/neighbour.ts";
import { resigned, signedByAnother, signedWithPublicKey, unsigned } from "../support/signing.ts";
import { stack } from "../support/stack.ts";
import {
  call,
  database,
  type Device,
  exchange,
  exchangeOf,
  newDevice,
  newPerson,
  type Person,
  signIn,
} from "../support/world.ts";

let ann: Person;
let device: Device;
let sockets: Clients;

beforeAll(async () => {
  ann = await newPerson();
  device = await newDevice(ann);
  const { url, publishable_key: publishableKey } = stack();
  sockets = new Clients(
    { url, publishableKey } as ConstructorParameters<typeof Clients>[0],
    "2.0.0",
  );
});
afterAll(() => sockets.close());

const now = () => Math.floor(Date.now() / 1000);

const REFUSED = { rest: 401, function: 401 };

/** Where a person's token opens something, and what each answers. */
async function asPerson(token: string) {
  const statuses = await Promise.all([
    call("/rest/v1/workspaces?select=id", token),
    call("/functions/v1/device-pair/codes", token, { method: "POST", body: "{}" }),
  ]);
  return { rest: statuses[0].status, function: statuses[1].status };
}

/** The same for a device's credential. */
async function asDevice(token: string) {
  const statuses = await Promise.all([
    call("/rest/v1/entries?select=request_id", token),
    call("/functions/v1/ingest", token, {
      method: "POST",
      body: JSON.stringify({ entries: [exchangeOf()] }),
    }),
  ]);
  return { rest: statuses[0].status, function: statuses[1].status };
}

/** Whether Realtime lets a token into a channel. */
async function joins(token: string, channel: string): Promise<boolean> {
  const client = await sockets.connect(() => Promise.resolve(token));
  const listener = listen(client, channel, { private: true });
  await until(() => listener.statuses.length > 0, 15_000);
  await client.realtime.disconnect();
  return listener.statuses[0] === "SUBSCRIBED";
}

const ownWorkspace = () => `ws:${ann.workspaceId}`;
const ownChannel = () => `device:${device.uuid}`;

describe("a token", () => {
  it("that is good opens REST, functions and Realtime", async () => {
    expect(await asPerson(ann.token)).toEqual({ rest: 200, function: 201 });
    expect(await asDevice(device.token)).toEqual({ rest: 200, function: 200 });
    expect(await joins(ann.token, ownWorkspace())).toBe(true);
    expect(await joins(device.token, ownChannel())).toBe(true);
  });

  const bad: [string, (token: string) => string | Promise<string>][] = [
    ["signed by another key under our kid", signedByAnother],
    ["signed with the public key as a secret", signedWithPublicKey],
    ["without a signature", unsigned],
    ["with a claim changed after signing", (token) => {
      const [header, , signature] = token.split(".");
      const claims = { ...decodeJwt(token), sub: randomUUID() };
      return [header, Buffer.from(JSON.stringify(claims)).toString("base64url"), signature].join(
        ".",
      );
    }],
    ["a second past its end", (token) => resigned(token, { exp: now() - 1 })],
    ["that begins in ten seconds", (token) => resigned(token, { nbf: now() + 10 })],
    ["for another audience", (token) => resigned(token, { aud: ["elsewhere"] })],
    ["of another subject", (token) => resigned(token, { sub: randomUUID() })],
  ];
  const badPerson: typeof bad = [
    ["of another issuer", (token) => resigned(token, { iss: "https://elsewhere.example/mcp" })],
    ["for an audience without us", (token) => resigned(token, { aud: "authenticated" })],
    ["with a jti nobody minted", (token) => resigned(token, { jti: randomUUID() })],
    ["without a jti", (token) => resigned(token, { jti: undefined })],
    ["that calls itself a device", (token) =>
      resigned(token, {
        role: "device",
        aud: ["device", "authenticated"],
        app_metadata: { device_uuid: device.uuid },
      })],
  ];
  const badDevice: typeof bad = [
    [
      "for another device",
      (token) => resigned(token, { app_metadata: { device_uuid: randomUUID() } }),
    ],
    ["that calls itself a person", (token) =>
      resigned(token, {
        role: "authenticated",
        sub: ann.id,
        jti: randomUUID(),
        aud: [stack().issuer, "authenticated"],
      })],
  ];

  it.each([...bad, ...badPerson])("%s is no person's anywhere", async (_, make) => {
    const token = await make(ann.token);
    expect(await asPerson(token)).toEqual(REFUSED);
    expect(await joins(token, ownWorkspace())).toBe(false);
  });

  it.each([...bad, ...badDevice])("%s is no device's anywhere", async (_, make) => {
    const token = await make(device.token);
    expect(await asDevice(token)).toEqual(REFUSED);
    expect(await joins(token, ownChannel())).toBe(false);
  });

  it("names no role that PostgREST may become but its own", async () => {
    for (const role of ["postgres", "supabase_admin", "authenticator", "nobody"]) {
      const token = await resigned(ann.token, { role });
      const answer = await call("/rest/v1/workspaces", token);
      // PostgREST cannot become them: 403, or 400 where there is no such role.
      expect([role, [400, 401, 403].includes(answer.status)]).toEqual([role, true]);
    }
  });

  it("ends at exp to the second, although PostgREST would wait for half a minute", async () => {
    const exp = now() + 5;
    const token = await resigned(ann.token, { exp });
    const client = await sockets.connect(() => Promise.resolve(token));
    const listener = listen(client, ownWorkspace(), { private: true });
    expect((await asPerson(token)).rest).toBe(200);
    await until(() => listener.statuses[0] === "SUBSCRIBED");
    await sleep(exp * 1000 - Date.now() + 50);
    expect(await asPerson(token)).toEqual(REFUSED);
    await until(() => listener.statuses.length > 1, 2_000);
    expect(listener.statuses[1]).not.toBe("SUBSCRIBED");
    await client.realtime.disconnect();
  });

  it("is not mended by a good key beside it", async () => {
    const token = await signedByAnother(ann.token);
    const answer = await fetch(`${stack().url}/rest/v1/workspaces`, {
      headers: { apikey: stack().secret_key, Authorization: `Bearer ${token}` },
    });
    expect(answer.status).toBe(401);
  });

  it("may come in apikey alone, and counts there as anywhere", async () => {
    const by = async (apikey: string) =>
      (await fetch(`${stack().url}/rest/v1/workspaces`, { headers: { apikey } })).status;
    expect(await by(ann.token)).toBe(200);
    expect(await by(await signedByAnother(ann.token))).toBe(401);
    expect(await by(await resigned(ann.token, { jti: randomUUID() }))).toBe(401);
  });
});

describe("a session of Supabase Auth", () => {
  it("is no credential for data", async () => {
    expect(await asPerson(ann.sessionToken)).toEqual(REFUSED);
    expect(await joins(ann.sessionToken, ownWorkspace())).toBe(false);
  });

  it("is all that the exchange takes", async () => {
    for (const token of [ann.token, device.token, stack().secret_key]) {
      const answer = await call("/functions/v1/mcp/first-party-token", token, {
        method: "POST",
        address: newAddress(),
      });
      expect(answer.status).toBe(401);
    }
  });

  it("has no use for an access token", async () => {
    const answer = await call("/auth/v1/user", ann.token);
    expect([401, 403]).toContain(answer.status);
  });
});

describe("a credential of the other kind", () => {
  it("is refused by functions with 403", async () => {
    const ingested = await call("/functions/v1/ingest", ann.token, {
      method: "POST",
      body: JSON.stringify({ entries: [exchangeOf()] }),
    });
    expect(ingested.status).toBe(403);
    const code = await call("/functions/v1/device-pair/codes", device.token, {
      method: "POST",
      body: "{}",
    });
    expect(code.status).toBe(403);
    const renewed = await call("/functions/v1/device-pair/renew", ann.token, { method: "POST" });
    expect(renewed.status).toBe(403);
  });
});

describe("revocation", () => {
  /** Revokes, then asks until everything refuses; says how long that took. */
  async function untilRefused(revoke: () => Promise<unknown>, ask: () => Promise<object>) {
    expect(Object.values(await ask()).every((status) => status < 300)).toBe(true);
    await revoke();
    const since = performance.now();
    for (;;) {
      const statuses = Object.values(await ask());
      if (statuses.every((status) => status === 401)) return performance.now() - since;
      expect(performance.now() - since).toBeLessThan(1_000);
    }
  }

  /** Another token of Ann's, with a session and a grant of its own. */
  async function another() {
    const session = await signIn(ann.email);
    const token = await exchange(session);
    return { session, token, claims: decodeJwt(token) };
  }

  it("of a token, its grant or its session holds at once, and on Realtime for joins", async () => {
    const sql = database();
    const ways: Record<string, (it: Awaited<ReturnType<typeof another>>) => Promise<unknown>> = {
      token: ({ claims }) =>
        sql`update public.api_tokens set revoked_at = now() where jti = ${claims.jti!}`,
      grant: ({ claims }) =>
        sql`update private.grants set revoked_at = now() where id = ${claims[
          "session_id"
        ] as string}`,
      "sign-out": ({ session }) => call("/auth/v1/logout?scope=local", session, { method: "POST" }),
    };
    const took: Record<string, string> = {};
    for (const [name, revoke] of Object.entries(ways)) {
      const own = await another();
      took[name] = (await untilRefused(() => revoke(own), () => asPerson(own.token))).toFixed(0);
      expect([name, await joins(own.token, ownWorkspace())]).toEqual([name, false]);
      // The other tokens of the same person are none the worse.
      expect((await asPerson(ann.token)).rest).toBe(200);
    }
    process.stdout.write(
      `milliseconds from revocation to 401 on REST and functions: ${JSON.stringify(took)}\n`,
    );
  });

  it("of a device's credential holds at once, by hand and by unpairing", async () => {
    const revoked = await newDevice(ann);
    await untilRefused(
      () =>
        database()`
          update public.device_jwts set revoked_at = now() where device_uuid = ${revoked.uuid}`,
      () => asDevice(revoked.token),
    );
    expect(await joins(revoked.token, `device:${revoked.uuid}`)).toBe(false);
    const unpaired = await newDevice(ann);
    await untilRefused(
      () => call(`/functions/v1/device-pair/${unpaired.uuid}`, ann.token, { method: "DELETE" }),
      () => asDevice(unpaired.token),
    );
  });

  it("of an account ends its tokens", async () => {
    const gone = await newPerson();
    await untilRefused(
      () => database()`delete from auth.users where id = ${gone.id}`,
      () => asPerson(gone.token),
    );
  });

  it("of a capability holds at once", async () => {
    const demoted = await newPerson();
    expect((await asPerson(demoted.token)).function).toBe(201);
    await database()`update public.profiles set role = 'viewer' where id = ${demoted.id}`;
    expect((await asPerson(demoted.token)).function).toBe(403);
  });
});

describe("a token of less scope", () => {
  it("reads but changes nothing without mcp:write, and sees no secrets without secrets", async () => {
    const session = await signIn(ann.email);
    const token = await exchange(session);
    await database()`
      update public.api_tokens set scope = 'mcp:read' where jti = ${decodeJwt(token).jti!}`;
    const renamed = await call(`/rest/v1/devices?uuid=eq.${device.uuid}`, token, {
      method: "PATCH",
      headers: { Prefer: "return=representation" },
      body: JSON.stringify({ name: "renamed" }),
    });
    expect([renamed.status, await renamed.json()]).toEqual([200, []]);
    const read = await call(`/rest/v1/devices?select=uuid&uuid=eq.${device.uuid}`, token);
    expect(await read.json()).toEqual([{ uuid: device.uuid }]);
    const may = async (section: string, action: string) => {
      const answer = await call("/rest/v1/rpc/has_capability", token, {
        method: "POST",
        body: JSON.stringify({ section, action }),
      });
      return await answer.json();
    };
    expect(await may("devices", "view")).toBe(true);
    expect(await may("devices", "edit")).toBe(false);
    expect(await may("secrets", "view")).toBe(false);
  });
});
