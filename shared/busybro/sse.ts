import { toAppError } from "../http/errors.ts";
import type { AskEvent } from "./events.ts";

const HEARTBEAT_MS = 10_000;
const encoder = new TextEncoder();

/**
 * Events as a stream of Server-Sent Events: each under its type's name, a comment when there is silence,
 * and exactly one `done` or `error` at the end, whatever the source does. Read at the listener's pace;
 * when it leaves, `abort` is called.
 */
export function sseStream(
  events: AsyncIterator<AskEvent>,
  abort: () => void,
  heartbeatMs: number = HEARTBEAT_MS,
): ReadableStream<Uint8Array> {
  let heartbeat: ReturnType<typeof setInterval>;
  const source = terminated(events);
  return new ReadableStream<Uint8Array>({
    start(controller) {
      heartbeat = setInterval(() => {
        controller.enqueue(encoder.encode(": still here\n\n"));
      }, heartbeatMs);
    },
    async pull(controller) {
      const { done, value } = await source.next();
      if (done) {
        clearInterval(heartbeat);
        controller.close();
      } else controller.enqueue(encoder.encode(sseEvent(value)));
    },
    async cancel() {
      clearInterval(heartbeat);
      abort();
      await source.return(undefined);
    },
  });
}

function sseEvent({ type, ...data }: AskEvent): string {
  return `event: ${type}\ndata: ${JSON.stringify(data)}\n\n`;
}

/** The source's events up to the first that ends a turn; a source that ends otherwise ends in an error. */
async function* terminated(events: AsyncIterator<AskEvent>): AsyncGenerator<AskEvent, void> {
  try {
    for (;;) {
      const { done, value } = await events.next();
      if (done) throw new Error("the turn ended without an end");
      yield value;
      if (value.type === "done" || value.type === "error") return;
    }
  } catch (thrown) {
    const { code, message } = toAppError(thrown);
    yield { type: "error", code, message };
  } finally {
    await events.return?.();
  }
}
