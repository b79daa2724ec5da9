import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  answerOf,
  askAll,
  type Asking,
  askRequest,
  ofType,
  startAsking,
} from "../support/busybro/asking.ts";
import {
  type ModelServer,
  type Protocol,
  type Script,
  startModelServer,
  type Step,
} from "../support/busybro/model-server.ts";
import { newDevice, newPerson, type Person } from "../support/world.ts";

const SILENCE_MS = 800;

describe.each<Protocol>(["anthropic", "openai-compatible"])(
  "a model that speaks %s",
  (protocol) => {
    let model: ModelServer;
    let asking: Asking;
    let person: Person;

    beforeAll(async () => {
      model = await startModelServer(() => ({ does: "say", text: ["Hello"] }));
      asking = await startAsking({ protocol, modelUrl: model.url, silenceMs: SILENCE_MS });
      person = await newPerson();
      await newDevice(person, { name: "Pixel of protocols" });
    });
    afterAll(() => model.stop());

    function asks(question: string, script: Script) {
      model.script = script;
      model.asked.length = 0;
      return askAll(asking, person.token, { question });
    }

    /** A script of one step after the other. */
    const inTurn = (...steps: Step[]): Script => {
      let at = 0;
      return () => steps[at++] ?? { does: "say", text: ["The end."] };
    };

    it("streams its answer word by word, signed, with what it used", async () => {
      const events = await asks("How are things?", () => ({
        does: "say",
        text: ["All ", "is ", "well."],
        everyMs: 10,
      }));
      expect(events[0]).toMatchObject({ type: "meta", provider: protocol });
      expect(ofType(events, "delta").map(({ text }) => text).slice(0, 3))
        .toEqual(["All ", "is ", "well."]);
      expect(answerOf(events)).toMatch(/^All is well\.\n\n— BusyBro · \S+ \w+$/);
      expect(ofType(events, "delta").map(({ text }) => text).join("")).toBe(answerOf(events));
      expect(events.at(-1)).toMatchObject({ usage: { input_tokens: 7, output_tokens: 5 } });
    });

    it("uses tools as the caller, several at once, and reads what they answer", async () => {
      const events = await asks(
        "Which devices are there?",
        inTurn(
          {
            does: "say",
            text: ["Looking."],
            calls: [{ name: "list_devices", args: {} }, { name: "whoami", args: {} }],
          },
          { does: "say", text: ["Found it."] },
        ),
      );
      expect(ofType(events, "tool").map(({ name, status }) => [name, status])).toEqual([
        ["list_devices", "running"],
        ["whoami", "running"],
        ["list_devices", "done"],
        ["whoami", "done"],
      ]);
      expect(model.asked[1]!.results.join()).toContain("Pixel of protocols");
      expect(model.asked[1]!.results.join()).toContain(person.id);
      expect(answerOf(events)).toContain("Found it.");
    });

    it("is told when it asks for what is no tool, or with arguments that are none", async () => {
      const events = await asks(
        "Do something odd",
        inTurn({
          does: "say",
          calls: [
            { name: "no_such_tool", args: {} },
            { name: "list_devices", args: '{"limit": ' },
            { name: "list_devices", args: { limit: "many" } },
          ],
        }),
      );
      expect(
        ofType(events, "tool").filter(({ status }) => status !== "running").map((tool) =>
          tool.status
        ),
      )
        .toEqual(["failed", "failed", "failed"]);
      expect(model.asked[1]!.results.join()).toContain("limit");
      expect(events.at(-1)?.type).toBe("done");
    });

    it("cannot use tools without end", async () => {
      const events = await asks(
        "Go on forever",
        ({ tools }) =>
          tools.length > 0
            ? { does: "say", calls: Array(5).fill({ name: "get_connection", args: {} }) }
            : { does: "say", text: ["Enough."] },
      );
      const ran = ofType(events, "tool").filter(({ status }) => status === "done");
      expect(ran.length).toBe(24);
      expect(answerOf(events)).toContain("Enough.");
    });

    it.each<[string, Script, string]>([
      ["is busy", () => ({ does: "refuse", status: 429 }), "model_rate_limited"],
      ["is broken", () => ({ does: "refuse", status: 500 }), "model_unavailable"],
      ["knows no such key", () => ({ does: "refuse", status: 401 }), "model_failed"],
      ["falls silent", () => ({ does: "hang", text: ["Well, "] }), "model_timeout"],
      ["sends what is no JSON", () => ({ does: "garble", text: ["Well, "] }), "model_failed"],
      ["says nothing at all", () => ({ does: "say", text: [] }), "model_failed"],
    ])("ends in one typed error when its server %s", async (_what, script, code) => {
      const events = await asks("Anything?", script);
      const ends = events.filter(({ type }) => type === "done" || type === "error");
      expect(ends).toEqual([events.at(-1)]);
      expect(ends[0]).toMatchObject({ type: "error", code });
      expect(JSON.stringify(events)).not.toContain("secret words");
    });

    it.each<[string, Script]>([
      ["closes too early", () => ({ does: "cut", text: ["Well, "] })],
      ["fails in the middle", () => ({ does: "fail", text: ["Well, "] })],
    ])("ends in one error when its server %s", async (_what, script) => {
      const events = await asks("Anything?", script);
      expect(events.filter(({ type }) => type === "done" || type === "error")).toHaveLength(1);
      expect(events.at(-1)).toMatchObject({
        type: "error",
        code: expect.stringMatching(/^model_(failed|unavailable)$/),
      });
    });

    it("is asked once more when it was busy", async () => {
      const events = await asks(
        "Again?",
        inTurn({ does: "refuse", status: 500 }, { does: "say", text: ["Here I am."] }),
      );
      expect(answerOf(events)).toContain("Here I am.");
    });
  },
);

describe("a listener that leaves", () => {
  it.each<Protocol>(["anthropic", "openai-compatible"])(
    "stops the model's server within a second (%s), and what it saw is kept",
    async (protocol) => {
      const model = await startModelServer(() => ({
        does: "say",
        text: Array.from({ length: 400 }, (_, at) => `word${at} `),
        everyMs: 50,
      }));
      try {
        const asking = await startAsking({ protocol, modelUrl: model.url });
        const person = await newPerson();
        const leaving = new AbortController();
        const response = await askRequest(asking, person.token, { question: "Talk" }, {
          signal: leaving.signal,
        });
        const reader = response.body!.getReader();
        let heard = "";
        while (!heard.includes("word2")) {
          heard += new TextDecoder().decode((await reader.read()).value);
        }
        const left = performance.now();
        leaving.abort();
        await reader.cancel();
        await expect.poll(() => model.abandoned.length).toBe(1);
        expect(model.abandoned[0]! - left).toBeLessThan(1_000);
        await expect.poll(async () => {
          const { data } = await person.client.from("busybro_messages").select("role,text").order(
            "id",
          );
          return data?.map(({ role }) => role);
        }).toEqual(["user", "assistant"]);
      } finally {
        await model.stop();
      }
    },
  );
});
