import { BareCopy } from "./support/bare-copy.ts";
import type { Benchmark } from "./support/benchmark.ts";
import { batchesOf, makeExchanges } from "./support/exchanges.ts";
import { ingestBySql, ROUND } from "./support/ingest.ts";
import { compare, secondsOf } from "./support/ratio.ts";

const ROUNDS = 9;
/** As long as a round of what is measured takes: a tenth of that, and one flush of the log decides it. */
const REFERENCE_ROUND = 8 * ROUND;

/** ingest_entries with all it does, on one connection, against COPY on one connection. */
export const ingestInSql: Benchmark = {
  id: "P1",
  title: "ingest in SQL, against COPY",
  async run({ owner, callers }) {
    const [device] = await callers.devices(1);
    const session = await callers.session("device", device!.token);
    const bare = new BareCopy(owner);
    await bare.prepare();

    const compared = await compare({
      rounds: ROUNDS,
      async measured() {
        const batches = batchesOf(makeExchanges(ROUND)).map((batch) => JSON.stringify(batch));
        return ROUND / await secondsOf(() => ingestBySql(session, batches));
      },
      reference: () => bare.measure(makeExchanges(REFERENCE_ROUND)),
    });
    return [{
      id: "P1",
      name: "ingest_entries, 500 a batch ÷ COPY into a bare table",
      measured: { value: compared.measured, unit: "rows/s" },
      reference: { value: compared.reference, unit: "rows/s" },
      ratio: compared.ratio,
      rounds: compared.rounds,
      bounds: { better: "more", must: 0.12, aim: 0.2 },
    }];
  },
};
