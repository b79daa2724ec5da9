import { BusymateError, createBusymateClient } from "busymate-client";
import { signInOnLoopback } from "busymate-client/node";
import WebSocket from "ws";
import { sessionOf } from "../access-token.ts";
import type { StackInfo } from "../stack-info.ts";
import { ensure, type Step } from "./world.ts";

/** Somebody else's app: the owner lets it read, it reads and no more, and then it leaves. */
export const connectApp: Step = {
  title: "Connect an app by OAuth",
  async run({ stack, owner, device, say }) {
    const session = await signInOnLoopback({
      issuer: stack.issuer,
      client: { name: "Busymate demo app" },
      scope: "mcp:read",
      open: (address) => approve(stack, owner.email, address),
    });
    const { supabase, call } = createBusymateClient({
      url: stack.url,
      publishableKey: stack.publishable_key,
      accessToken: session.accessToken,
      webSocket: WebSocket,
    });
    const { data, error } = await supabase.from("devices").select("name")
      .eq("uuid", device.device_uuid);
    ensure(!error, `GET /rest/v1/devices: ${error?.message}`);
    ensure(data.length === 1, `the app sees ${data.length} devices of that name, not 1`);
    say(`granted ${await session.scope()}: it sees ${data.length} device of ${owner.email}`);
    const refusal = await call("device-pair/codes").catch((error: unknown) => error);
    ensure(
      refusal instanceof BusymateError && refusal.status === 403,
      `the app, which may only read, could ask for a pairing code: ${String(refusal)}`,
    );
    say(`pairing is refused: ${refusal.message}`);
    const token = await session.accessToken();
    await session.signOut();
    const answer = await fetch(`${stack.url}/rest/v1/devices?limit=1`, {
      headers: { apikey: stack.publishable_key, Authorization: `Bearer ${token}` },
    });
    await answer.body?.cancel();
    ensure(answer.status === 401, `signed out, its token answers ${answer.status}, not 401`);
    say("signed out: its token answers 401");
  },
};

/** What the owner's browser does on the consent page. */
async function approve(stack: StackInfo, email: string, address: URL): Promise<void> {
  const opened = await fetch(address, { redirect: "manual" });
  const consent = opened.headers.get("location");
  ensure(consent !== null, `${address.origin} answered ${opened.status} and leads nowhere`);
  const decided = await fetch(`${stack.issuer}/authorize/resume`, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({
      rid: new URL(consent).searchParams.get("rid"),
      access_token: await sessionOf(stack, email),
      approve: true,
    }),
  });
  const text = await decided.text();
  ensure(decided.ok, `POST /authorize/resume answered ${decided.status}: ${text}`);
  const { redirect } = JSON.parse(text) as { redirect: string };
  await (await fetch(redirect)).body?.cancel();
}
