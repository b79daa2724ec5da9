import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { ProposalView } from "../../shared/busybro/events.ts";
import { askAll, type Asking, confirm, ofType, startAsking } from "../support/busybro/asking.ts";
import { type ModelServer, startModelServer } from "../support/busybro/model-server.ts";
import { database, newPerson, type Person } from "../support/world.ts";

describe("a proposal", () => {
  let model: ModelServer;
  let asking: Asking;
  let person: Person;
  let made = 0;

  beforeAll(async () => {
    model = await startModelServer(({ results }) =>
      results.length === 0
        ? {
          does: "say",
          calls: [{
            name: "create_tag",
            args: { workspace_id: person.workspaceId, name: `proposed-${made}`, color: "#112233" },
          }],
        }
        : { does: "say", text: ["Please confirm."] }
    );
    asking = await startAsking({ protocol: "anthropic", modelUrl: model.url });
  });
  afterAll(() => model.stop());

  async function propose(): Promise<ProposalView> {
    // A person each: twenty requests a minute are soon used up.
    person = await newPerson();
    made++;
    const events = await askAll(asking, person.token, {
      question: "Make a tag",
      context: "a page",
    });
    const [proposal] = ofType(events, "proposal");
    return proposal!;
  }

  const tags = async () => {
    const { data } = await person.client.from("tags").select("name")
      .eq("workspace_id", person.workspaceId);
    return data!.map(({ name }) => name);
  };

  async function codeOf(response: Response): Promise<string> {
    return ((await response.json()) as { error: { code: string } }).error.code;
  }

  it("does nothing by itself", async () => {
    const proposal = await propose();
    expect(proposal).toMatchObject({
      tool: "create_tag",
      summary: expect.stringContaining("proposed"),
    });
    expect(await tags()).toEqual([]);
    const lifetime = Date.parse(proposal.expires_at) - Date.now();
    expect(lifetime).toBeGreaterThan(4 * 60_000);
    expect(lifetime).toBeLessThanOrEqual(5 * 60_000 + 5_000);
  });

  it.each([["{}", () => ({})], ["the same arguments", (args: object) => args]])(
    "is carried out when it is confirmed with %s",
    async (_what, sent) => {
      const { id, args } = await propose();
      const response = await confirm(asking, person.token, id, sent(args));
      expect(await response.json()).toMatchObject({ id, tool: "create_tag", status: "done" });
      expect(await tags()).toEqual([`proposed-${made}`]);
    },
  );

  it("is refused with other arguments, and still stands as it was", async () => {
    const { id, args } = await propose();
    const changed = await confirm(asking, person.token, id, { ...args, name: "another" });
    expect([changed.status, await codeOf(changed)]).toEqual([409, "proposal_changed"]);
    expect(await tags()).toEqual([]);
    expect((await confirm(asking, person.token, id)).status).toBe(200);
    expect(await tags()).toEqual([`proposed-${made}`]);
  });

  it("is carried out once, however often and at whatever moment it is confirmed", async () => {
    const { id } = await propose();
    const statuses = await Promise.all(
      Array.from({ length: 8 }, async () => (await confirm(asking, person.token, id)).status),
    );
    expect(statuses.filter((status) => status === 200)).toHaveLength(1);
    const again = await confirm(asking, person.token, id);
    expect([again.status, await codeOf(again)]).toEqual([409, "proposal_used"]);
    expect(await tags()).toEqual([`proposed-${made}`]);
  });

  it("tells a retry with the same Idempotency-Key the same outcome", async () => {
    const { id } = await propose();
    const headers = { "Idempotency-Key": "click-1" };
    const first = await (await confirm(asking, person.token, id, {}, headers)).json();
    const second = await (await confirm(asking, person.token, id, {}, headers)).json();
    expect(second).toEqual(first);
    expect(await codeOf(await confirm(asking, person.token, id, {}, { "Idempotency-Key": "2" })))
      .toBe("proposal_used");
    expect(await tags()).toHaveLength(1);
  });

  it("ends after five minutes", async () => {
    const { id } = await propose();
    await database()`
      update private.busybro_proposals set expires_at = now() - interval '1 second' where id = ${id}`;
    const late = await confirm(asking, person.token, id);
    expect([late.status, await codeOf(late)]).toEqual([410, "proposal_expired"]);
    expect(await tags()).toEqual([]);
  });

  it("is nobody else's, and cannot be told from one that does not exist", async () => {
    const { id } = await propose();
    const [other, admin] = await Promise.all([newPerson(), newPerson("admin")]);
    const answers = await Promise.all([
      confirm(asking, other.token, id),
      confirm(asking, admin.token, id),
      confirm(asking, other.token, crypto.randomUUID()),
    ]);
    const bodies = await Promise.all(answers.map(async (answer) => {
      const { error } = await answer.json() as { error: { code: string; message: string } };
      return [answer.status, error.code, error.message];
    }));
    expect(bodies[0]).toEqual(bodies[2]);
    expect(bodies[1]).toEqual(bodies[2]);
    expect(await tags()).toEqual([]);
  });

  it("is carried out on the rights of the moment it is confirmed", async () => {
    const { id } = await propose();
    await database()`update public.profiles set role = 'viewer' where id = ${person.id}`;
    const response = await confirm(asking, person.token, id);
    expect([response.status, await codeOf(response)]).toEqual([403, "forbidden"]);
    await database()`update public.profiles set role = 'member' where id = ${person.id}`;
    expect(await tags()).toEqual([]);
  });

  it("cannot be reached by any API role", async () => {
    const { id } = await propose();
    for (const name of ["take_proposal", "create_proposal", "finish_proposal"]) {
      const { error } = await person.client.schema("internal").rpc(name, {
        user_id: person.id,
        proposal_id: id,
        args: {},
        idempotency_key: null,
      });
      expect(error?.code).toMatch(/^(42501|PGRST202)$/);
    }
  });
});
