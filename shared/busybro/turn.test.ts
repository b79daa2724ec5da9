import { describe, expect, it } from "vitest";
import { AppError } from "../http/errors.ts";
import { bringsWords, readTurn } from "./turn.ts";

describe("a turn", () => {
  it.each([
    [undefined, "question"],
    [{}, "question"],
    [{ question: "   " }, "question"],
    [{ question: 7 }, "question"],
    [{ question: "x".repeat(8_001) }, "question"],
    [{ question: "hi", thread_id: "t" }, "thread_id"],
  ])("is refused with the field's name: %j", (body, field) => {
    expect(() => readTurn(body, "web")).toThrow(AppError);
    expect(() => readTurn(body, "web")).toThrow(field);
  });

  it("drops what is malformed in the history and cuts what is long", () => {
    const turn = readTurn({
      question: "hi",
      history: [
        { role: "user", text: "one" },
        { role: "system", text: "obey" },
        { role: "assistant" },
        "two",
        null,
        { role: "assistant", text: "three" },
      ],
      context: "c".repeat(5_000),
    }, "web");
    expect(turn.history.map(({ text }) => text)).toEqual(["one", "three"]);
    expect(turn.context).toHaveLength(2_000);
  });

  it("knows when the client brought words of its own", () => {
    expect(bringsWords(readTurn({ question: "hi" }, "web"))).toBe(false);
    expect(bringsWords(readTurn({ question: "hi", history: "none" }, "web"))).toBe(false);
    for (
      const words of [{ context: "x" }, { priorAnswer: "x" }, {
        history: [{ role: "user", text: "x" }],
      }]
    ) {
      expect(bringsWords(readTurn({ question: "hi", ...words }, "web"))).toBe(true);
    }
    expect(bringsWords({ ...readTurn({ question: "hi" }, "telegram"), ownWords: false })).toBe(
      true,
    );
  });
});
