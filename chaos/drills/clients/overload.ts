/** Clients send more than a ledger shard can do: it is refused early, and what is taken is answered in time. */
import { readFileSync } from "node:fs";
import { shardOfAccount } from "../../../actors/kernel/ids.js";
import { Side } from "../../../proto/gen/exchange/v1/exchange.js";
import { Latencies } from "../../../services/participants/latencies.js";
import type { Scene } from "../../scene.js";
import { Trader } from "../../stage/trader.js";
import { settledLeaders } from "../../stage/victims.js";
import type { Drill } from "../drill.js";
import { whileItLasts } from "../fault.js";

const OVERLOAD_MS = 3_000;
/** One stream alone is held back at two fifths of what a ledger shard may have waiting; of so many there is too much. */
const STREAMS = 20;
const ORDERS_PER_STREAM = 150;
const ORDERS_AT_ONCE = 50;
const EVERY_MS = 20;
const SHARD = 1;
const FIRST_ACCOUNT = 5_000;
const ACCOUNTS_APART = 200;
const PERCENT_P99 = 99;
/** A refusal in a client's log: more waits for the shard than it can answer in time. */
const TOO_MUCH = '"code":"OVERLOADED"';

interface Flood {
  readonly traders: readonly Trader[];
  readonly accounts: readonly number[];
  timer: NodeJS.Timeout | undefined;
}

/** Each has accounts and logs of its own, also when the drill is run twice at one exchange. */
let floods = 0;

export const OVERLOAD: Drill = {
  name: "overload",
  hypothesis: "more than can be done is refused early, and what is taken is answered in time",
  about:
    `orders to one ledger shard as fast as they can be sent for ${OVERLOAD_MS / 1_000} s, on ${STREAMS} streams ` +
    `with ${ORDERS_PER_STREAM} of them without an answer on each`,
  // What waits at the gateway is answered in a fraction of this; the rest is the flood's own process.
  bound: { of: "accepted", ms: 2_000 },
  round: whileItLasts<Flood>({
    lastsMs: OVERLOAD_MS,
    async aim({ scene }) {
      floods += 1;
      const accounts = accountsOf(
        SHARD,
        scene.ledgerShards,
        FIRST_ACCOUNT + floods * ACCOUNTS_APART,
      );
      const open = (account: number, at: number) =>
        Trader.open(scene, `flood${floods}-${at + 1}`, [account], scene.symbols);
      const traders = await Promise.all(accounts.map(open));
      await settledLeaders(scene.exchange);
      return { traders, accounts, timer: undefined };
    },
    strike(flood, { scene }) {
      flood.timer = setInterval(() => pour(flood, scene), EVERY_MS);
    },
    // Who waits for an answer does not know yet; it is proved when all have theirs.
    bitten: async () => [],
    async heal({ traders, timer }) {
      clearInterval(timer);
      await Promise.all(traders.map((trader) => trader.rest()));
    },
    async healed({ traders }) {
      const latencies = new Latencies();
      for (const { acceptLatency } of traders) latencies.add(acceptLatency);
      const unreported = traders.reduce((sum, { outstanding }) => sum + outstanding, 0);
      const early = traders.reduce((sum, { logFile }) => sum + refusedEarly(logFile), 0);
      for (const trader of traders) trader.leave();
      const failures =
        early === 0 ? ["nothing was refused for being too much: it was no overload"] : [];
      const unhealed = unreported > 0 ? [`${unreported} orders of the flood have no report`] : [];
      const accepted = latencies.count > 0 ? [latencies.percentile(PERCENT_P99)] : [];
      return { failures, unhealed, samples: { accepted } };
    },
    name({ traders }) {
      const sum = (of: "submitted" | "refused" | "accepted") =>
        traders.reduce((total, { counts }) => total + counts[of], 0);
      return `of ${sum("submitted")} orders ${sum("refused")} were refused early, ${sum("accepted")} accepted`;
    },
  }),
};

/** Sends as much as each stream takes; none of it rests, for nobody would hear of its fills afterwards. */
function pour({ traders, accounts }: Flood, { symbols }: Scene): void {
  for (const [at, trader] of traders.entries()) {
    if (!trader.isOpen) continue;
    const room = Math.min(ORDERS_AT_ONCE, ORDERS_PER_STREAM - trader.outstanding);
    for (let n = 0; n < room; n++) {
      const side = n % 2 === 0 ? Side.SIDE_SELL : Side.SIDE_BUY;
      trader.place(symbols[n % symbols.length]!, accounts[at]!, side, false);
    }
    trader.flush();
  }
}

/** How many orders a client was told that the gateway had no room for. */
function refusedEarly(logFile: string): number {
  return readFileSync(logFile, "utf8").split(TOO_MUCH).length - 1;
}

/** As many accounts of a shard as there are streams. */
function accountsOf(shard: number, shards: number, firstAccount: number): number[] {
  const accounts: number[] = [];
  for (let account = firstAccount; accounts.length < STREAMS; account++) {
    if (shardOfAccount(account, shards) === shard) accounts.push(account);
  }
  return accounts;
}
