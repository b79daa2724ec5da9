// The functions' requests as Prometheus reads them, with a service account's token.

import { beforeAll, describe, expect, it } from "vitest";
import { declaredFunctions } from "../../scripts/deploy/functions.ts";
import { ERROR_STATUS } from "../../shared/http/errors.ts";
import { root } from "../../scripts/tools.ts";
import { basic, postForm } from "../support/oauth.ts";
import { rest, rowsOf, rpc } from "../support/rest.ts";
import { answer, call, database, newPerson, type Person } from "../support/world.ts";

let admin: Person;
let member: Person;

beforeAll(async () => {
  [admin, member] = await Promise.all([newPerson("admin"), newPerson()]);
});

/** A token of a service account whose role may see the status and nothing else. */
async function watcher(): Promise<string> {
  const role = `watcher-${crypto.randomUUID().slice(0, 8)}`;
  const sql = database();
  await sql`insert into public.roles ${sql({ name: role, description: "Watches" })}`;
  await sql`insert into public.role_capabilities ${
    sql({ role, section: "status", action: "view" })
  }`;
  const [account] = rowsOf<{ id: string }>(
    await rest(admin.token, "POST", "service_accounts", { name: role, role }),
  );
  const { body } = await rpc<{ client_id: string; client_secret: string }>(
    admin.token,
    "create_service_client",
    { service_account_id: account!.id },
  );
  const tokens = await answer<{ access_token: string }>(
    await postForm("/token", { grant_type: "client_credentials" }, {
      headers: basic(body.client_id, body.client_secret),
    }),
  );
  return tokens.access_token;
}

const scrape = (token: string | null) => call("/functions/v1/api/metrics", token);

/** A metric's value, 0 if it is not there. */
function valueOf(text: string, metric: string): number {
  const line = text.split("\n").find((candidate) => candidate.startsWith(`${metric} `));
  return line === undefined ? 0 : Number(line.slice(metric.length + 1));
}

describe("request metrics", () => {
  it(
    "count the requests of every function, for a service account that may see the status",
    async () => {
      const token = await watcher();
      const before = await (await scrape(token)).text();
      // A bot without a token answers that it is not set up, whatever it is asked.
      const slugs = declaredFunctions(root).map(({ slug }) => slug)
        .filter((slug) => slug !== "telegram-bot");
      for (const slug of slugs) {
        expect((await call(`/functions/v1/${slug}/nothing/is/here`, null)).status).toBe(404);
      }
      const notFound = (slug: string) =>
        `busymate_requests_total{function="${slug}",status="404",code="not_found"}`;
      await expect.poll(async () => {
        const response = await scrape(token);
        expect(response.headers.get("content-type")).toBe(
          "text/plain; version=0.0.4; charset=utf-8",
        );
        const now = await response.text();
        return slugs.filter((slug) =>
          valueOf(now, notFound(slug)) === valueOf(before, notFound(slug))
        );
      }, { timeout: 60_000, interval: 1_000 }).toEqual([]);

      const text = await (await scrape(token)).text();
      for (const slug of slugs) {
        const name = "busymate_request_duration_seconds";
        const count = valueOf(text, `${name}_count{function="${slug}"}`);
        expect(count).toBeGreaterThan(0);
        expect(valueOf(text, `${name}_bucket{function="${slug}",le="+Inf"}`)).toBe(count);
        expect(valueOf(text, `${name}_sum{function="${slug}"}`)).toBeGreaterThan(0);
      }
    },
    120_000,
  );

  it("store every error code there is", async () => {
    const samples = Object.entries(ERROR_STATUS).map(([code, status]) => ({
      surface: "every-code",
      status,
      code,
      requests: 1,
      seconds: 0,
      buckets: Array.from({ length: 12 }, () => 0),
    }));
    const sql = database();
    await sql`select internal.record_requests(${sql.json(samples)})`;
    const [stored] = await sql`
      with gone as (delete from private.request_metrics where surface = 'every-code' returning code)
      select count(*)::int as codes from gone`;
    expect(stored).toEqual({ codes: samples.length });
  });

  it("are for holders of status:view alone", async () => {
    expect((await scrape(null)).status).toBe(401);
    const refused = await scrape(member.token);
    expect(refused.status).toBe(403);
    expect(await refused.json()).toMatchObject({
      error: { code: "forbidden", message: "The metrics need the capability status:view." },
    });
    expect((await rpc(member.token, "get_request_metrics", {})).body).toBeNull();
    expect((await rpc(null, "get_request_metrics", {})).status).toBe(401);
  });

  it("add up what processes hand in, whichever order they come in", async () => {
    const sql = database();
    const sample = (surface: string, requests: number) => ({
      surface,
      status: 200,
      code: "",
      requests,
      seconds: requests / 10,
      buckets: [requests, ...Array.from({ length: 11 }, () => 0)],
    });
    const record = (...samples: object[]) =>
      sql`select internal.record_requests(${sql.json(samples as never)})`;
    const surface = `probe-${"abcdefghij"[Math.floor(Math.random() * 10)]}`;
    const other = `${surface}-other`;
    await sql`delete from private.request_metrics where surface like ${`${surface}%`}`;
    await Promise.all(
      Array.from(
        { length: 40 },
        (_, n) =>
          n % 2 === 0
            ? record(sample(surface, 1), sample(other, 2))
            : record(sample(other, 2), sample(surface, 1)),
      ),
    );
    const rows = await sql`
      select surface, requests::int, round(seconds::numeric, 6)::float as seconds, buckets[1]::int as first
      from private.request_metrics where surface like ${`${surface}%`} order by surface`;
    expect(rows.map((row) => ({ ...row }))).toEqual([
      { surface, requests: 40, seconds: 4, first: 40 },
      { surface: other, requests: 80, seconds: 8, first: 80 },
    ]);
    await sql`delete from private.request_metrics where surface like ${`${surface}%`}`;
  });
});
