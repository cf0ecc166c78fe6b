/**
 * A market as it is stored now, or as it was after a batch: built anew from nothing by the batches of its log, as they were
 * applied. The state's hash, made here, against the one that the batch was committed with, says whether that is true (R6).
 */
import { decodeSymbol, marketName } from "../../actors/kernel/ids.js";
import { Market } from "../../actors/market/market.js";
import { closest } from "../common/closest.js";
import { applyLogged } from "../host/open-batch.js";
import { rebuild } from "../host/recovery.js";
import type { ActorSummary, LoggedBatch, Store } from "../ports/store.js";

export interface MarketAt {
  readonly market: Market;
  readonly batch: number;
  /** The batch's time, in microseconds since 1970. */
  readonly time: number;
  readonly hash: number;
  /** The hash that the batch was committed with. */
  readonly committedHash: number;
}

export type MarketAtProblem =
  | "UNKNOWN_SYMBOL"
  | "BATCH_IN_THE_FUTURE"
  | "BATCH_LOG_TRIMMED"
  | "NOTHING_COMMITTED";

/** There is no such market, or its log does not reach so far. */
export class MarketAtError extends Error {
  override readonly name = "MarketAtError";
  readonly code: MarketAtProblem;
  constructor(code: MarketAtProblem, message: string) {
    super(`${code}: ${message}`);
    this.code = code;
  }
}

const BATCHES_PER_READ = 200;

/** An actor's batches that lie in archive files, from the first on. */
export type ArchivedBatches = (actor: number) => AsyncIterable<Omit<LoggedBatch, "actor">>;

type StoreReads = Pick<Store, "actors" | "record" | "batches" | "load">;

/** `atBatch` undefined: as it is stored now. `archived`: what the log does not have any more. Rejects with `MarketAtError`. */
export async function marketAt(
  store: StoreReads,
  symbol: string,
  atBatch: number | undefined,
  archived: ArchivedBatches = async function* () {},
): Promise<MarketAt> {
  const name = marketName(symbol);
  const actors = await store.actors(0);
  const actor = actors.find((each) => each.name === name);
  if (!actor) throw unknownSymbol(symbol, actors);
  if (atBatch === undefined) return storedNow(store, actor.id, symbol);
  const { batch } = (await store.record(actor.id))!;
  if (atBatch > batch) {
    const message = `${symbol} is at batch ${batch}; there is no batch ${atBatch} yet`;
    throw new MarketAtError("BATCH_IN_THE_FUTURE", message);
  }
  return replayed(symbol, atBatch, batchesOf(store, actor.id, archived));
}

function unknownSymbol(symbol: string, actors: readonly ActorSummary[]): MarketAtError {
  const markets = actors.filter(({ kind }) => kind === "market");
  const known = markets.map(({ name }) => decodeSymbol(name.slice(marketName("").length)));
  const near = closest(symbol, known);
  const hint =
    near.length > 0 ? `did you mean ${near.join(" or ")}?` : "npx palisade leaders lists all";
  return new MarketAtError("UNKNOWN_SYMBOL", `there is no ${symbol}; ${hint}`);
}

async function storedNow(store: StoreReads, id: number, symbol: string): Promise<MarketAt> {
  const { record, actor } = await rebuild(store, id);
  const { batch, time, hash: committedHash } = record;
  if (batch === 0) {
    throw new MarketAtError("NOTHING_COMMITTED", `the market of ${symbol} has done nothing yet`);
  }
  // Rows that do not give the hash are refused above.
  return { market: actor as Market, batch, time, hash: committedHash, committedHash };
}

/** The whole log, from the first batch on that can be found. */
async function* batchesOf(
  store: StoreReads,
  actor: number,
  archived: ArchivedBatches,
): AsyncGenerator<LoggedBatch> {
  let last = 0;
  for await (const batch of archived(actor)) {
    yield { actor, ...batch };
    last = batch.batch;
  }
  for (;;) {
    const page = await store.batches(actor, last, BATCHES_PER_READ);
    yield* page;
    if (page.length === 0) return;
    last = page.at(-1)!.batch;
  }
}

async function replayed(
  symbol: string,
  upTo: number,
  batches: AsyncIterable<LoggedBatch>,
): Promise<MarketAt> {
  let last = { batch: 0, time: 0, hash: 0 };
  let market: Market | undefined;
  for await (const logged of batches) {
    if (logged.batch !== last.batch + 1) throw trimmed(symbol, last.batch + 1, logged.batch);
    market ??= silentMarket(logged.actor);
    applyLogged(market, logged);
    market.dropEffects();
    last = logged;
    if (last.batch === upTo) break;
  }
  if (!market || last.batch < upTo) throw trimmed(symbol, last.batch + 1, upTo);
  const { batch, time, hash: committedHash } = last;
  return { market, batch, time, hash: market.stateHash(), committedHash };
}

function silentMarket(id: number): Market {
  const market = Market.create(id);
  market.setSilent(true);
  return market;
}

function trimmed(symbol: string, wanted: number, found: number): MarketAtError {
  const message = `the batch log of ${symbol} lacks batch ${wanted} (the next that is there is ${found}): what is older is no longer kept there; archive files may have it (--archives)`;
  return new MarketAtError("BATCH_LOG_TRIMMED", message);
}
