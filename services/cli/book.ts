/** `book`: a symbol's book from Postgres, as it is stored now or as it was after a batch. */
import type { Instrument } from "../../actors/kernel/instrument.js";
import { InvariantError } from "../../actors/kernel/assert.js";
import { Side } from "../../actors/kernel/order.js";
import type { OpenOrder } from "../../actors/market/engine.js";
import { PHASE_NAMES } from "../../actors/market/phase.js";
import { archivedBatches } from "../archive/archive.js";
import { theOnlyInstance } from "../adapters/instances/instances.js";
import { openStore } from "../adapters/instances/open.js";
import { formatDecimal } from "../common/decimal.js";
import { type MarketAt, marketAt } from "../replay/market-at.js";
import { CliError } from "./cli-error.js";
import { parseWhole } from "./decimal.js";
import { EXIT_FAILED } from "./exit-codes.js";
import { printJson, printTable } from "./output.js";
import { placesOf } from "./whereabouts.js";

/** Prices that people are shown of each side. */
const SHOWN_LEVELS = 10;
const MICROSECONDS_PER_MILLISECOND = 1_000;

export interface BookOptions {
  readonly at?: string;
  /** The folder of the archive files, for a batch that is not in the log any more. */
  readonly archives?: string;
  readonly json?: boolean;
  readonly dataDir?: string;
}

interface Level {
  readonly price: string;
  /** What everybody sees, and what icebergs have behind it. */
  readonly shown: string;
  readonly hidden: string;
  readonly orders: number;
}

/** Resolves to 1 when what was made by the batch log has another hash than was committed. */
export async function book(symbol: string, options: BookOptions): Promise<number> {
  const at =
    options.at === undefined
      ? undefined
      : parseWhole(options.at, 1, Number.MAX_SAFE_INTEGER, "number of the batch");
  const { urls } = placesOf(options);
  const { archives } = options;
  if (archives !== undefined) await theOnlyInstance(urls.postgres, "book --archives");
  const { store } = await openStore(urls.postgres, "book");
  try {
    const archived =
      archives && ((actor: number) => archivedBatches(urls.postgres, archives, actor));
    return print(symbol, await marketAt(store, symbol, at, archived || undefined), options);
  } catch (error) {
    if (!(error instanceof InvariantError)) throw error;
    throw new CliError("BOOK_NOT_AS_COMMITTED", error.message);
  } finally {
    await store.close();
  }
}

function print(symbol: string, found: MarketAt, { at, json }: BookOptions): number {
  const { market, batch, time, hash, committedHash } = found;
  const { instrument, phase } = market.state;
  const bids = instrument ? levels(market.book(Side.Buy), instrument) : [];
  const asks = instrument ? levels(market.book(Side.Sell), instrument) : [];
  const waiting = market.waiting().length;
  const isAsCommitted = hash === committedHash;
  const when = new Date(time / MICROSECONDS_PER_MILLISECOND).toISOString();
  if (json) {
    const place = { symbol, batch, time: when, phase: PHASE_NAMES[phase] };
    printJson({ ...place, bids, asks, waiting, hash, committedHash, isAsCommitted });
    return isAsCommitted ? 0 : EXIT_FAILED;
  }
  const way = at === undefined ? "as stored" : "by replaying the batch log";
  process.stdout.write(`${symbol} after batch ${batch} (${when}), ${way}: ${PHASE_NAMES[phase]}\n`);
  printSides(bids, asks);
  if (waiting > 0)
    process.stdout.write(
      `${waiting} ${waiting === 1 ? "order waits" : "orders wait"} to be triggered\n`,
    );
  const verdict = isAsCommitted
    ? `the state's hash is the one that the batch was committed with (${hash})`
    : `THE STATE'S HASH IS ${hash}, and the batch was committed with ${committedHash}`;
  process.stdout.write(`${verdict}\n`);
  return isAsCommitted ? 0 : EXIT_FAILED;
}

function printSides(bids: readonly Level[], asks: readonly Level[]): void {
  const cells = (level: Level | undefined) =>
    level ? [level.price, level.shown, level.hidden, level.orders] : ["", "", "", ""];
  const rows = Array.from(
    { length: Math.min(SHOWN_LEVELS, Math.max(bids.length, asks.length)) },
    (_, n) => [...cells(bids[n]), "|", ...cells(asks[n])],
  );
  const head = ["price", "shown", "hidden", "orders"];
  printTable([["bid", ...head.slice(1), "|", "ask", ...head.slice(1)], ...rows]);
  const more = Math.max(0, bids.length - SHOWN_LEVELS) + Math.max(0, asks.length - SHOWN_LEVELS);
  if (more > 0) process.stdout.write(`… and ${more} more prices (--json has all)\n`);
}

/** The prices of a side, the best first. */
function levels(
  orders: readonly OpenOrder[],
  { priceDecimals, quantityDecimals }: Instrument,
): Level[] {
  const sums = new Map<number, { shown: number; hidden: number; orders: number }>();
  for (const { price, shown, leaves } of orders) {
    const sum = sums.get(price) ?? { shown: 0, hidden: 0, orders: 0 };
    sums.set(price, {
      shown: sum.shown + shown,
      hidden: sum.hidden + leaves - shown,
      orders: sum.orders + 1,
    });
  }
  return Array.from(sums, ([price, sum]) => ({
    price: formatDecimal(price, priceDecimals),
    shown: formatDecimal(sum.shown, quantityDecimals),
    hidden: formatDecimal(sum.hidden, quantityDecimals),
    orders: sum.orders,
  }));
}
