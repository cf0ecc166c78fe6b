/**
 * Drives a running exchange with an order-flow file through its public interfaces, as any client could, and compares
 * what it says with what the file expects.
 */
import { basename } from "node:path";
import { SHARD_DEPOSITS_UNITS_MAX, SYMBOL_LENGTH_MAX } from "../../actors/kernel/limits.js";
import type { Instrument } from "../../proto/gen/exchange/v1/exchange.js";
import { ExchangeClient } from "../client/exchange-client.js";
import { FeedClient } from "../client/feed-client.js";
import { type Accounts, ExchangeReplay, type ExchangeReplayResult } from "./exchange-replay.js";
import { ReplayError } from "./replay-error.js";

export type { ExchangeReplayResult } from "./exchange-replay.js";
export { ReplayError } from "./replay-error.js";

export interface ReplayTarget {
  /** `host:port` of a gateway. */
  readonly grpc: string;
  /** `ws://host:port` of a feed. */
  readonly ws: string;
}

export interface ExchangeReplayOptions {
  /** Called now and then with the number of commands that have been dealt with. */
  readonly onProgress?: (commands: number) => void;
}

const ACCOUNTS_TRIED_MAX = 10_000;
const INSTRUMENTS_TRIED_MAX = 1_000;
/** Both accounts together may own what a shard takes of an asset. */
const FUNDS_UNITS = Math.floor(SHARD_DEPOSITS_UNITS_MAX / 2);
const REPLAYED_SUFFIX_LENGTH_MAX = 4;

/** Runs a whole file. Throws `FlowFileError` for what is not of the format, `ReplayError` when the exchange fails it. */
export async function replayOnExchange(
  target: ReplayTarget,
  path: string,
  options: ExchangeReplayOptions = {},
): Promise<ExchangeReplayResult> {
  const client = ExchangeClient.connect(target.grpc, { accounts: "all" });
  let feed: FeedClient | undefined;
  try {
    await client.ready();
    const instrument = await newInstrument(client, path);
    const accounts = await fundedAccounts(client, instrument);
    feed = await FeedClient.connect(target.ws);
    const replay = new ExchangeReplay(client, feed, instrument.symbol, accounts);
    return await replay.run(path, options.onProgress);
  } finally {
    feed?.close();
    client.close();
  }
}

/**
 * A market of its own for the file, named by it, whose units are the file's numbers. Its prices are what they are, and
 * nobody has said what they are to be compared with: there are no bands.
 */
async function newInstrument(client: ExchangeClient, path: string): Promise<Instrument> {
  const name = basename(path)
    .replace(/(\.jsonl)?(\.gz)?$/, "")
    .replaceAll(/[^A-Za-z0-9_-]/g, "_")
    .slice(0, SYMBOL_LENGTH_MAX - REPLAYED_SUFFIX_LENGTH_MAX);
  const taken = new Set((await client.listInstruments()).map(({ symbol }) => symbol));
  for (let run = 1; run < INSTRUMENTS_TRIED_MAX; run++) {
    const symbol = run === 1 ? name : `${name}-${run}`;
    if (taken.has(symbol)) continue;
    const instrument = await client.createInstrument({
      symbol,
      baseAsset: { name: symbol, decimals: 0 },
      quoteAsset: { name: `${symbol}_Q`, decimals: 0 },
      priceDecimals: 0,
      quantityDecimals: 0,
      tick: 1,
      lot: 1,
      referencePrice: 1,
      makerFee: 0,
      takerFee: 0,
      feeTiers: [],
    });
    const { rules } = await client.market(symbol);
    await client.setRules(symbol, { ...rules!, staticBandBps: 0 });
    return instrument;
  }
  throw new ReplayError(
    "NO_INSTRUMENT",
    `${name} was replayed ${INSTRUMENTS_TRIED_MAX} times here`,
  );
}

/**
 * One account enters the orders that may rest, the other the immediate ones. Both are on one ledger shard, so the order
 * in which they act is the order in which the market gets to know it.
 */
async function fundedAccounts(client: ExchangeClient, instrument: Instrument): Promise<Accounts> {
  const maker = await client.openAccount();
  for (let tried = 0; tried < ACCOUNTS_TRIED_MAX; tried++) {
    const taker = await client.openAccount();
    if (taker.shard !== maker.shard) continue;
    const accounts = { maker: maker.account, taker: taker.account };
    for (const account of [accounts.maker, accounts.taker]) {
      for (const asset of [instrument.baseAsset!, instrument.quoteAsset!]) {
        const idempotencyKey = `replay-${asset.name}`;
        await client.deposit({ account, asset: asset.name, amount: FUNDS_UNITS, idempotencyKey });
      }
    }
    return accounts;
  }
  throw new ReplayError("NO_PAIR_OF_ACCOUNTS", "no two accounts are on one ledger shard");
}
