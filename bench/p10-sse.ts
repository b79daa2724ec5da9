import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { person } from "../scripts/person.ts";
import { askApp } from "../shared/busybro/app.ts";
import { join } from "node:path";
import { loadKeys } from "../local/keys.ts";
import type { Benchmark } from "./support/benchmark.ts";
import { median } from "./support/ratio.ts";

const CALLER = "ada@busymate.test";
/** Twenty questions a minute are what one person may ask. */
const ROUNDS = 18;
const FIRST_TOKEN_AFTER_MS = 200;

/** How long after the model's first token its words are on the way to the listener. */
export const sse: Benchmark = {
  id: "P10",
  title: "SSE: the first byte of an answer after the model's first token",
  async run({ stack, dataDir }) {
    let spoken = 0;
    const model = await modelServer(() => spoken = performance.now());
    try {
      const { port } = model.address() as AddressInfo;
      const { signingKey } = await loadKeys(join(dataDir, "keys.json"));
      const app = askApp({
        SUPABASE_URL: stack.url,
        SUPABASE_PUBLISHABLE_KEYS: stack.publishable_key,
        SUPABASE_SECRET_KEYS: stack.secret_key,
        BUSYMATE_ISSUER: stack.issuer,
        BUSYMATE_SIGNING_KEY: signingKey,
        BUSYBRO_PROVIDER: "openai-compatible",
        BUSYBRO_BASE_URL: `http://127.0.0.1:${port}/v1`,
        BUSYBRO_MODEL: "scripted",
        BUSYBRO_API_KEY: "none",
      } as never, { fetch, log: () => {} });
      const token = await person(stack, CALLER).token();
      const times: number[] = [];
      for (let round = 0; round < ROUNDS; round++) {
        const response = await app.request("/ask", {
          method: "POST",
          headers: {
            Authorization: `Bearer ${token}`,
            "Content-Type": "application/json",
            Accept: "text/event-stream",
          },
          body: JSON.stringify({ question: "Say hello" }),
        });
        let heard = "";
        let first: number | undefined;
        for await (const chunk of response.body!.pipeThrough(new TextDecoderStream())) {
          heard += chunk;
          if (first === undefined && heard.includes("event: delta")) first = performance.now();
        }
        if (first === undefined) throw new Error(`the answer has no words: ${heard.slice(0, 200)}`);
        times.push(first - spoken);
      }
      return [{
        id: "P10",
        name: "SSE: first byte after the model's first token, p50",
        measured: { value: median(times), unit: "ms" },
        reference: { value: 1, unit: "ms" },
        ratio: median(times),
        rounds: ROUNDS,
        bounds: { better: "less", must: 5, aim: 1 },
      }];
    } finally {
      model.closeAllConnections();
      model.close();
    }
  },
};

/** Says one word a while after it is asked, in the form of OpenAI's streams. */
async function modelServer(onFirstToken: () => void): Promise<Server> {
  const server = createServer((request, response) => {
    request.resume().on("end", () => {
      response.writeHead(200, { "Content-Type": "text/event-stream" });
      const chunk = (delta: object, finish_reason: string | null) =>
        `data: ${
          JSON.stringify({
            id: "1",
            object: "chat.completion.chunk",
            created: 0,
            model: "scripted",
            choices: [{ index: 0, delta, finish_reason }],
          })
        }\n\n`;
      setTimeout(() => {
        onFirstToken();
        response.write(chunk({ role: "assistant", content: "Hello there. " }, null));
        setTimeout(() => response.end(`${chunk({}, "stop")}data: [DONE]\n\n`), 50);
      }, FIRST_TOKEN_AFTER_MS);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return server;
}
