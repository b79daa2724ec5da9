import type { Transformer } from "grammy/web";

/** A person waits for the answer: longer than this is not waited for. */
const LONGEST_WAIT_SECONDS = 30;
const TRIES = 3;

/** Waits as long as Telegram says before a call is repeated (429). Messages of the outbox have their own plan. */
export function waitWhenTold(
  sleep: (milliseconds: number) => Promise<void>,
): Transformer {
  return async (call, method, payload, signal) => {
    for (let attempt = 1;; attempt++) {
      const answer = await call(method, payload, signal);
      const wait = answer.ok ? undefined : answer.parameters?.retry_after;
      if (wait === undefined || wait > LONGEST_WAIT_SECONDS || attempt === TRIES) return answer;
      await sleep(wait * 1000);
    }
  };
}
