import fc from "fast-check";
import { afterEach, describe, expect, it, vi } from "vitest";
import { AppError } from "../http/errors.ts";
import type { AskEvent } from "./events.ts";
import { sseStream } from "./sse.ts";

const event: fc.Arbitrary<AskEvent> = fc.oneof(
  fc.string().map((text): AskEvent => ({ type: "delta", text })),
  fc.constant<AskEvent>({ type: "meta", thread_id: "t", specialist: "s", provider: "offline" }),
  fc.constant<AskEvent>({
    type: "done",
    answer: "a",
    usage: { input_tokens: 0, output_tokens: 0 },
  }),
  fc.constant<AskEvent>({ type: "error", code: "internal", message: "m" }),
);

/** A source that yields some events and then ends, throws or goes on after its end. */
async function* source(events: AskEvent[], thrown?: unknown): AsyncGenerator<AskEvent, void> {
  yield* events;
  if (thrown !== undefined) throw thrown;
}

async function read(stream: ReadableStream<Uint8Array>): Promise<string> {
  return await new Response(stream).text();
}

const endsIn = (text: string) => text.match(/^event: (?:done|error)$/gm) ?? [];

describe("a stream of events", () => {
  it("ends in exactly one done or error, whatever its source does", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(event, { maxLength: 12 }),
        fc.option(fc.constantFrom(new Error("boom"), new AppError("forbidden", "No."), "thrown"), {
          nil: undefined,
        }),
        async (events, thrown) => {
          const text = await read(sseStream(source(events, thrown), () => {}));
          expect(endsIn(text)).toHaveLength(1);
          expect(text.trimEnd().split("\n\n").at(-1)).toMatch(/^event: (?:done|error)\n/);
          // Each event is one data line: nothing in an answer can forge another event.
          for (const block of text.trimEnd().split("\n\n")) {
            expect(block).toMatch(/^event: \w+\ndata: \{.*\}$/);
            expect(() => JSON.parse(block.slice(block.indexOf("data: ") + 6))).not.toThrow();
          }
          expect(text).not.toContain("boom");
        },
      ),
      { numRuns: 500 },
    );
  });

  describe("in silence", () => {
    afterEach(() => void vi.useRealTimers());

    it("says every few seconds that it is alive, and stops when it is read no more", async () => {
      vi.useFakeTimers();
      let aborted = false;
      let release = () => {};
      async function* silent(): AsyncGenerator<AskEvent, void> {
        await new Promise<void>((resolve) => release = resolve);
        yield { type: "delta", text: "late" };
      }
      const reader = sseStream(silent(), () => {
        aborted = true;
        release();
      }).getReader();
      for (let beat = 0; beat < 3; beat++) {
        const next = reader.read();
        await vi.advanceTimersByTimeAsync(15_000);
        expect(new TextDecoder().decode((await next).value)).toMatch(/^: .+\n\n$/);
      }
      await reader.cancel();
      expect(aborted).toBe(true);
      expect(vi.getTimerCount()).toBe(0);
    });
  });
});
