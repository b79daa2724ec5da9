import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { askAll, type Asking, confirm, ofType, startAsking } from "../support/busybro/asking.ts";
import { type ModelServer, startModelServer } from "../support/busybro/model-server.ts";
import { database, exchangeOf, ingest, newDevice, newPerson } from "../support/world.ts";

/** Put together here, so that no scanner takes them for real. */
const canary = (place: string) => `canary${place}${"7f3A9c".repeat(4)}`;
const JWT = `eyJhbGciOiJIUzI1NiJ9.${
  btoa(JSON.stringify({ sub: canary("jwt") })).replaceAll("=", "")
}.c2lnbmF0dXJl`;

const CANARIES = {
  authorization: canary("bearer"),
  cookie: canary("cookie"),
  setCookie: canary("setcookie"),
  apiKey: canary("apikey"),
  query: canary("query"),
  password: canary("password"),
  nested: canary("nested"),
  form: canary("form"),
  refresh: canary("refresh"),
  jwt: JWT,
};

describe("secrets in captured traffic", () => {
  let model: ModelServer;
  let asking: Asking;

  beforeAll(async () => {
    model = await startModelServer(() => ({ does: "say", text: ["?"] }));
    asking = await startAsking({ protocol: "openai-compatible", modelUrl: model.url });
  });
  afterAll(() => model.stop());

  it("reach no prompt, event, log, stored message or audit row, whichever tool reads them", async () => {
    const person = await newPerson("admin");
    const device = await newDevice(person);
    await ingest(device, [
      exchangeOf({ request_id: "login" }, {
        method: "POST",
        url: `https://login.example.com/session?access_token=${CANARIES.query}&page=1`,
        requestHeaders: {
          Authorization: `Bearer ${CANARIES.authorization}`,
          Cookie: `sid=${CANARIES.cookie}; theme=dark`,
          "X-Api-Key": CANARIES.apiKey,
          "Content-Type": "application/json",
        },
        requestBody: JSON.stringify({
          user: "ada",
          password: CANARIES.password,
          id_token: CANARIES.jwt,
        }),
        responseHeaders: [
          ["Set-Cookie", `sid=${CANARIES.setCookie}; HttpOnly`],
          ["Content-Type", "application/json"],
        ],
        responseBody: JSON.stringify({
          data: { refresh_token: CANARIES.refresh, nested: { secret: CANARIES.nested } },
        }),
      }),
      exchangeOf({ request_id: "form" }, {
        method: "POST",
        url: "https://login.example.com/form",
        requestHeaders: { "Content-Type": "application/x-www-form-urlencoded" },
        requestBody: `user=ada&password=${CANARIES.form}`,
      }),
    ]);
    const { data } = await person.client.from("entries").select("id,request_id")
      .eq("workspace_id", person.workspaceId);
    const login = data!.find(({ request_id }) => request_id === "login")!.id;
    const form = data!.find(({ request_id }) => request_id === "form")!.id;
    const workspace_id = person.workspaceId;
    const looks = [
      { name: "get_entry", args: { id: login } },
      { name: "get_entry", args: { id: form } },
      { name: "inspect_requests", args: { host: "login.example.com", workspace_id } },
      { name: "outline_entry", args: { id: login } },
      { name: "get_entry_body", args: { id: login, of: "request" } },
      { name: "get_entry_body", args: { id: login, of: "response" } },
      { name: "get_entry_body", args: { id: form, of: "request" } },
      { name: "get_entry_snippet", args: { id: login, target: "curl" } },
      { name: "diff_entries", args: { a: login, b: form } },
      { name: "search_entries", args: { workspace_id } },
      { name: "export_har", args: { workspace_id } },
      { name: "export_openapi", args: { workspace_id } },
      {
        name: "db_select",
        args: {
          table: "entries",
          filters: [{ column: "workspace_id", op: "eq", value: workspace_id }],
        },
      },
      { name: "list_entry_changes", args: { workspace_id } },
    ];
    model.script = ({ results }) =>
      results.length === 0
        ? { does: "say", calls: looks }
        : results.length === looks.length
        ? { does: "say", calls: [{ name: "resend_entry", args: { id: login, changes: {} } }] }
        : { does: "say", text: [`You sent: ${results.join("\n").slice(0, 20_000)}`] };
    const events = await askAll(asking, person.token, {
      question: `Why does login fail? I sent Authorization: Bearer ${CANARIES.authorization}`,
    });
    expect(events.at(-1)?.type).toBe("done");
    // They were read indeed: the placeholders stand where the secrets were.
    const prompts = model.asked.map(({ body }) => body).join("\n");
    expect(prompts).toContain("login.example.com");
    expect(prompts.match(/redacted|<(?:access_)?token>|<password>/g)?.length ?? 0).toBeGreaterThan(
      8,
    );
    const done = ofType(events, "tool").filter(({ status }) => status === "done");
    expect(done.length).toBeGreaterThan(looks.length * 0.7);

    const [proposal] = ofType(events, "proposal");
    const confirmed = await (await confirm(asking, person.token, proposal!.id)).text();

    const { data: said } = await person.client.from("busybro_messages").select("*");
    const [audit] = await database()`
      select jsonb_agg(a) as rows from public.audit_log a where actor_id = ${person.id}`;
    const places = {
      prompts,
      events: JSON.stringify(events),
      logs: JSON.stringify(asking.logs),
      messages: JSON.stringify(said),
      audit: JSON.stringify(audit),
      confirmed,
    };
    const leaks = Object.entries(places).flatMap(([place, text]) =>
      Object.entries(CANARIES).filter(([, secret]) => text.includes(secret))
        .map(([name]) => `${name} in ${place}`)
    );
    expect(leaks).toEqual([]);
  });
});
