/** Clients send more than the exchange can do: it refuses early, and what it takes it answers in time. */
import { join } from "node:path";
import { LoadProcess, type LoadResult } from "../../load/process.js";
import { settledLeaders } from "../../stage/victims.js";
import { Latencies } from "../../../services/participants/latencies.js";
import type { Drill } from "../drill.js";
import { whileItLasts } from "../fault.js";

const OVERLOAD_MS = 3_000;
/** Far more than a gateway keeps for a ledger shard (10,000), so that it has to refuse. */
const WINDOW_ORDERS = 60_000;
const ACCOUNTS = 50;
const FIRST_ACCOUNT = 5_000;
const ACCOUNTS_PER_FLOOD = 100;
const PERCENT_P99 = 99;

interface Flood {
  readonly load: LoadProcess;
  result: LoadResult | undefined;
}

/** A load process has accounts and a name of its own, also when the drill is run twice on one exchange. */
let floods = 0;

export const OVERLOAD: Drill = {
  name: "overload",
  hypothesis: "more than can be done is refused early, and what is taken is answered in time",
  about: `orders as fast as they can be sent for ${OVERLOAD_MS / 1_000} s, ${WINDOW_ORDERS} of them without an answer`,
  // What a command may wait at most before its receiver refuses it.
  bound: { of: "accepted", ms: 10_000 },
  round: whileItLasts<Flood>({
    lastsMs: OVERLOAD_MS,
    async aim({ scene, seed }) {
      floods += 1;
      const load = new LoadProcess({
        grpc: scene.exchange.grpc,
        name: `flood${floods}`,
        seed,
        firstAccount: FIRST_ACCOUNT + floods * ACCOUNTS_PER_FLOOD,
        accounts: ACCOUNTS,
        symbols: scene.symbols,
        ordersPerSecond: 0,
        window: WINDOW_ORDERS,
        // None rests: what a flood had left in the books would be traded when nobody hears of it any more.
        crossingShare: 1,
        cancelShare: 0,
        logFile: join(scene.logs, `flood${floods}.jsonl`),
      });
      await load.ready();
      await settledLeaders(scene.exchange);
      return { load, result: undefined };
    },
    strike: ({ load }) => load.go(),
    async bitten(flood) {
      flood.load.stop();
      flood.result = await flood.load.result();
      return flood.result.refused > 0 ? [] : ["nothing was refused: it was no overload"];
    },
    heal: async ({ load }) => load.kill(),
    async healed({ result }) {
      const { unreported, acceptLatency } = result!;
      const accepted = new Latencies(acceptLatency).percentile(PERCENT_P99);
      const failures = unreported > 0 ? [`${unreported} orders of the flood have no report`] : [];
      return { failures, samples: { accepted: [accepted] } };
    },
    name: ({ result }) =>
      `of ${result!.submitted} orders ${result!.refused} were refused early, ${result!.rejected} rejected`,
  }),
};
