import { randomUUID } from "node:crypto";
import { describe, expect, it, vi } from "vitest";
import { rest, rowsOf, rpc } from "../support/rest.ts";
import {
  database,
  type Device,
  enrol,
  exchangeOf,
  ingest,
  newDevice,
  newPerson,
  type Person,
} from "../support/world.ts";
import { callsIn, failIn, textsIn } from "./support/chat.ts";
import { newLinked } from "./support/link.ts";

vi.setConfig({ testTimeout: 90_000 });

/** Switches an alert on, as the account page does. */
const switchOn = async (person: Person, kind: string, more: object = {}) =>
  rowsOf<{ id: string }>(
    await rest(person.token, "POST", "alert_rules", {
      workspace_id: person.workspaceId,
      kind,
      enabled: true,
      ...more,
    }),
  )[0]!.id;

/** What cron does every five seconds; nothing while cron is at it. */
const tend = () => database()`select private.tend_telegram()`;
/** Tends until what is looked for is there. */
const tended = <T>(look: () => Promise<T>) =>
  expect.poll(async () => {
    await tend();
    return await look();
  }, { timeout: 25_000, interval: 250 });

const alertsIn = async (chatId: number, pattern: RegExp) =>
  (await textsIn(chatId)).filter((text) => pattern.test(text));

const hold = (device: Device, url: string) =>
  rest(device.token, "POST", "breakpoint_events", {
    request_id: randomUUID(),
    device_uuid: device.uuid,
    phase: "request",
    method: "POST",
    url,
    raw: "POST / HTTP/1.1\r\n\r\n",
  }, { Prefer: "return=minimal" });

describe("an alert", () => {
  it("tells once of a device that goes offline, and again when it has been back", async () => {
    const { person, account } = await newLinked();
    const device = await newDevice(person, { name: "Kitchen tablet" });
    await switchOn(person, "device_offline");
    const heard = (ago: string) =>
      database()`
        update public.devices set last_seen_at = now() - ${ago}::interval where uuid = ${device.uuid}`;
    const seenOnline = () =>
      database()`select from private.alert_states where subject = ${device.uuid}`;
    for (const told of [1, 2]) {
      await heard("0 seconds");
      await tended(seenOnline).toHaveLength(1);
      await heard("2 minutes");
      await Promise.all([tend(), tend(), tend()]);
      await tended(() => alertsIn(account.id, /Offline in .*: Kitchen tablet/))
        .toHaveLength(told);
    }
    await tend();
    expect(await alertsIn(account.id, /Offline/)).toHaveLength(2);
  });

  it("tells of errors from the threshold on, once a spike", async () => {
    const { person, account } = await newLinked();
    const device = await newDevice(person);
    await switchOn(person, "error_spike", { threshold: 3 });
    const failing = (count: number) =>
      ingest(device, Array.from({ length: count }, () => exchangeOf({}, { statusCode: 502 })));
    await failing(2);
    await ingest(device, [exchangeOf({}, { statusCode: 404 })]);
    await tend();
    expect(await alertsIn(account.id, /errors/)).toEqual([]);
    await failing(1);
    await tended(() => alertsIn(account.id, /^🔥 3 errors in the last minute/))
      .toHaveLength(1);
    await failing(5);
    await tend();
    expect(await alertsIn(account.id, /errors/)).toHaveLength(1);
  });

  it("tells of held exchanges in one message, and of their URLs the host alone", async () => {
    const { person, account } = await newLinked();
    const device = await newDevice(person, { name: "Phone" });
    await switchOn(person, "breakpoint_held");
    const canary = `canary${randomUUID().replaceAll("-", "")}`;
    await database().begin(async (sql) => {
      // Nothing of them is seen before all of them are there.
      for (const path of ["a", "b", "c"]) {
        await sql`
          insert into public.breakpoint_events (request_id, device_uuid, workspace_id, phase, method, url, raw)
          values (${randomUUID()}, ${device.uuid}, ${person.workspaceId}, 'request', 'POST',
            ${`https://user:${canary}@api.example.com/${canary}/${path}?token=${canary}`}, ${canary})`;
      }
    });
    await tended(() => alertsIn(account.id, /Held/)).toEqual([
      expect.stringMatching(/the request of POST api\.example\.com on Phone, and 2 more\./),
    ]);
    await tend();
    expect((await hold(device, "https://other.example.com/")).status).toBe(201);
    await tended(() => alertsIn(account.id, /Held.*other\.example\.com on Phone\./))
      .toHaveLength(1);
    expect(await alertsIn(account.id, /Held/)).toHaveLength(2);
    expect(JSON.stringify(await callsIn(account.id))).not.toContain(canary);
  });

  it("reaches nobody who has switched it off, may not see the workspace any more, or is not linked", async () => {
    const [off, gone, unlinked] = [await newLinked(), await newLinked(), await newLinked()];
    const owner = await newPerson();
    const device = await newDevice(owner);
    for (const { person } of [off, gone, unlinked]) {
      await enrol(owner.workspaceId, person);
      await switchOn(person, "breakpoint_held", { workspace_id: owner.workspaceId });
    }
    await rest(off.person.token, "PATCH", "alert_rules?kind=eq.breakpoint_held", {
      enabled: false,
    });
    await database()`delete from public.workspace_members where user_id = ${gone.person.id}
      and workspace_id = ${owner.workspaceId}`;
    await rpc(unlinked.person.token, "unlink_telegram");
    const watcher = await newLinked();
    await enrol(owner.workspaceId, watcher.person);
    await switchOn(watcher.person, "breakpoint_held", { workspace_id: owner.workspaceId });
    await hold(device, "https://api.example.com/");
    await tended(() => alertsIn(watcher.account.id, /Held/)).toHaveLength(1);
    for (const { account } of [off, gone, unlinked]) {
      expect(await alertsIn(account.id, /Held/)).toEqual([]);
    }
  });
});

describe("the outbox", () => {
  const waiting = (userId: string) =>
    database()`select * from private.telegram_outbox where user_id = ${userId} order by id`;
  const tell = (userId: string, chatId: number, workspace: string) =>
    database()`
      select private.tell_telegram(${userId}, ${chatId},
        ${
      database().json({ kind: "error_spike", workspace, errors: 9, threshold: 3 })
    }, true, '1 hour')`;

  it("keeps what Telegram does not take now, waits as long as told, and keeps the order", async () => {
    const { person, account } = await newLinked();
    await failIn(account.id, {
      method: "sendMessage",
      times: 1,
      error_code: 429,
      description: "Too Many Requests: retry after 2",
      retry_after: 2,
    });
    for (const name of ["first", "second", "third"]) await tell(person.id, account.id, name);
    await expect.poll(() => alertsIn(account.id, /🔥/), { timeout: 25_000 }).toHaveLength(3);
    expect((await alertsIn(account.id, /🔥/)).map((text) => /in (\w+) \(/.exec(text)![1]))
      .toEqual(["first", "second", "third"]);
    const tries = (await callsIn(account.id)).filter(({ payload }) =>
      String(payload["text"]).includes("in first (")
    );
    expect(tries.map(({ ok }) => ok)).toEqual([false, true]);
    expect(tries[1]!.at - tries[0]!.at).toBeGreaterThanOrEqual(1_900);
    await expect.poll(() => waiting(person.id)).toEqual([]);
  });

  it("tries again after a fault of Telegram's, and drops what is refused for good", async () => {
    const { person, account } = await newLinked();
    const fault = (error_code: number, description: string) =>
      failIn(account.id, { method: "sendMessage", times: 1, error_code, description });
    await fault(502, "Bad Gateway");
    await tell(person.id, account.id, "later");
    await expect.poll(() => alertsIn(account.id, /later/), { timeout: 25_000 }).toHaveLength(1);
    // The bot's own token, which is put right one day: what waits is not thrown away.
    await fault(401, "Unauthorized");
    await tell(person.id, account.id, "patient");
    await expect.poll(() => alertsIn(account.id, /patient/), { timeout: 25_000 }).toHaveLength(1);
    await fault(403, "Forbidden: bot was blocked by the user");
    await tell(person.id, account.id, "never");
    await expect.poll(() => waiting(person.id), { timeout: 25_000 }).toEqual([]);
    expect(await alertsIn(account.id, /never/)).toEqual([]);
  });

  it("sends each message once however many ask for it at the same time", async () => {
    const { person, account } = await newLinked();
    const names = Array.from({ length: 30 }, (_, at) => `w${at}w`);
    await Promise.all(names.flatMap((name) => [tell(person.id, account.id, name), tend()]));
    await expect.poll(() => waiting(person.id), { timeout: 25_000 }).toEqual([]);
    const sent = (await alertsIn(account.id, /🔥/)).map((text) => /in (\w+) \(/.exec(text)![1]!);
    expect(sent.toSorted()).toEqual(names.toSorted());
  });

  it("forgets what is for somebody who is no longer linked, or came too late", async () => {
    const { person, account } = await newLinked();
    await database()`
      insert into private.telegram_outbox (user_id, chat_id, needs_link, expires_at, message) values
        (${person.id}, ${account.id}, true, now() - interval '1 second', '{"kind": "unlinked"}'),
        (${randomUUID()}, ${account.id}, true, now() + interval '1 hour', '{"kind": "unlinked"}')`;
    await tell(person.id, account.id, "marker");
    await expect.poll(() => alertsIn(account.id, /marker/), { timeout: 25_000 }).toHaveLength(1);
    expect(await alertsIn(account.id, /no longer linked/)).toEqual([]);
  });
});
