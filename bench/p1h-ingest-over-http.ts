import { BareCopy } from "./support/bare-copy.ts";
import type { Benchmark } from "./support/benchmark.ts";
import { batchesOf, makeExchanges } from "./support/exchanges.ts";
import { ingestByHttp, ROUND } from "./support/ingest.ts";
import { compare, secondsOf } from "./support/ratio.ts";

const ROUNDS = 9;
const DEVICES = 4;

/** Gateway, function, PostgREST and ingest_entries, four devices at a time, against COPY. */
export const ingestOverHttp: Benchmark = {
  id: "P1H",
  title: "ingest over HTTP, against COPY",
  async run({ stack, owner, callers }) {
    const devices = await callers.devices(DEVICES);
    const bare = new BareCopy(owner);
    await bare.prepare();

    const compared = await compare({
      rounds: ROUNDS,
      async measured() {
        const bodies = batchesOf(makeExchanges(ROUND)).map((entries) =>
          JSON.stringify({ entries })
        );
        return ROUND / await secondsOf(() => ingestByHttp(stack, devices, bodies));
      },
      reference: () => bare.measure(makeExchanges(ROUND)),
    });
    return [{
      id: "P1h",
      name: `POST /functions/v1/ingest, 500 a request, ${DEVICES} devices ÷ COPY`,
      measured: { value: compared.measured, unit: "rows/s" },
      reference: { value: compared.reference, unit: "rows/s" },
      ratio: compared.ratio,
      rounds: compared.rounds,
      bounds: { better: "more", must: 0.04, aim: 0.1 },
    }];
  },
};
