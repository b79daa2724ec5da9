import { EVERYTHING } from "../shared/redaction/policy.ts";
import { createRedactor } from "../shared/redaction/redactor.ts";
import type { Benchmark } from "./support/benchmark.ts";
import { compare, secondsOf } from "./support/ratio.ts";

const ROUNDS = 41;
/** Bodies in a round: enough for a clock, few enough for a busy machine. */
const BODIES = 40;
const ITEMS = 150;

/** What hiding secrets costs those who read captured bodies, against reading the JSON at all. */
export const redaction: Benchmark = {
  id: "P10",
  title: "redaction, against JSON.parse of the same bodies",
  async run() {
    const bodies = Array.from({ length: BODIES }, (_, seed) => shopAnswer(seed));
    const compared = await compare({
      rounds: ROUNDS,
      measured: () =>
        secondsOf(() => {
          const redactor = createRedactor(EVERYTHING);
          for (const body of bodies) redactor.body(body, "application/json");
          // What is measured must have happened.
          if (redactor.replaced !== BODIES) throw new Error(`${redactor.replaced} secrets hidden`);
          return Promise.resolve();
        }),
      reference: () =>
        secondsOf(() => {
          for (const body of bodies) JSON.parse(body);
          return Promise.resolve();
        }),
    });
    return [{
      id: "P10",
      name: `redaction ÷ JSON.parse, bodies of ${Math.round(bodies[0]!.length / 1000)} kB`,
      measured: { value: compared.measured * 1e6 / BODIES, unit: "µs/body" },
      reference: { value: compared.reference * 1e6 / BODIES, unit: "µs/body" },
      ratio: compared.ratio,
      rounds: compared.rounds,
      bounds: { better: "less", must: 3, aim: 1.5 },
    }];
  },
};

const WORDS =
  "light walnut desk for the home office with drawers and a cable tray made from solid wood " +
  "session table author keyboard description delivered within days";

/** A page of articles as an API answers it, with one secret in it. */
function shopAnswer(seed: number): string {
  const words = WORDS.split(" ");
  const text = (from: number, count: number) =>
    Array.from({ length: count }, (_, at) => words[(from * 7 + at * 5) % words.length]).join(" ");
  const articles = Array.from({ length: ITEMS }, (_, at) => {
    const n = seed * ITEMS + at;
    const id = (n * 2_654_435_761 % 2 ** 32).toString(16).padStart(8, "0");
    return {
      id: `${id}-7d1f-4b60-9c3e-${id}${id.slice(4)}`,
      name: text(n, 3),
      description: text(n + 1, 24),
      price: { amount: n % 100_000 / 100, currency: "EUR" },
      created_at: new Date(1_790_000_000_000 + n * 60_000).toISOString(),
      in_stock: n % 3 > 0,
      keywords: [text(n, 1), text(n + 2, 1)],
      image: `https://cdn.example.com/assets/${id}${id}${id}${id}.webp?w=640`,
    };
  });
  return JSON.stringify({ articles, page: { number: 1, of: 40 }, session: { token: `t${seed}` } });
}
