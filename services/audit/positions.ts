/**
 * What an account's trades have come to, market by market, by average cost, as its journal tells them (R7): how much it has bought
 * more than sold (or, below zero, sold more than bought), what that has cost, and what the trades that closed some of it have brought.
 * What it was deposited or transferred has no price, and is no part of it; of what it has of the base asset in all, its balance tells.
 */
import { notional } from "../../actors/kernel/instrument.js";
import { Side } from "../../actors/kernel/order.js";
import { decodeAccountEvents, type FilledEvent } from "../../actors/ledger/account-events.js";
import { formatDecimal } from "../common/decimal.js";
import { type Books, onJournal } from "./account-journal.js";

/** In whole units: quantities of the base asset, all else of the quote asset. */
export interface Position {
  /** Bought less sold. */
  quantity: bigint;
  /** What the quantity has cost, or (of one below zero) has brought. */
  cost: bigint;
  /** What was brought by trades that closed some of it, beyond its cost. Before fees. */
  realised: bigint;
  /** Below zero: more was given back than charged. */
  fees: bigint;
  fills: number;
}

/** Amounts are decimals, as people write them. */
export interface PositionLine {
  readonly symbol: string;
  readonly quantity: string;
  /** What the account has of the base asset, however it came by it: free for new orders, and held for those that are open. */
  readonly available: string;
  readonly held: string;
  /** Cost for one, rounded down to the units that prices have; empty where there is no quantity. */
  readonly averagePrice: string;
  readonly cost: string;
  readonly realised: string;
  readonly fees: string;
  readonly fills: number;
}

const EVER = { from: 0, to: Number.MAX_SAFE_INTEGER };

/**
 * By symbol; null: there is no such account. `archives`: the folder of the archive files, if its journal begins in them. Throws
 * `JournalError`, `JournalArchivedError` and `ArchiveError`.
 */
export async function readPositions(
  postgresUrl: string,
  account: number,
  archives?: string,
): Promise<PositionLine[] | null> {
  return onJournal(postgresUrl, account, archives, async (journal, books) => {
    const positions = new Map<number, Position>();
    for await (const { events } of journal.rows(EVER)) {
      for (const event of decodeAccountEvents(events)) {
        if (event.kind === "filled") take(positions, event, books);
      }
    }
    const balances = await journal.balances();
    const lines = [...positions].map(([id, position]) => lineOf(id, position, books, balances));
    return lines.sort((a, b) => (a.symbol < b.symbol ? -1 : 1));
  });
}

function take(positions: Map<number, Position>, event: FilledEvent, books: Books): void {
  const { instrument, side, price, quantity, fee } = event;
  const position = positions.get(instrument) ?? flat();
  positions.set(instrument, position);
  const value = BigInt(notional(books.instrument(instrument), price, quantity));
  trade(position, side === Side.Buy ? BigInt(quantity) : -BigInt(quantity), value);
  position.fees += BigInt(fee);
  position.fills += 1;
}

export function flat(): Position {
  return { quantity: 0n, cost: 0n, realised: 0n, fees: 0n, fills: 0 };
}

/**
 * Adds a trade: `quantity` below zero is a sale, `value` what it has cost or brought. What closes some of the position takes its
 * part of the cost with it, rounded towards zero, so that the whole cost has gone with the last of it; what is left over opens
 * a position the other way.
 */
export function trade(position: Position, quantity: bigint, value: bigint): void {
  const { quantity: before } = position;
  const isOpening = before === 0n || before > 0n === quantity > 0n;
  if (isOpening) {
    position.quantity += quantity;
    position.cost += value;
    return;
  }
  const closed = least(size(before), size(quantity));
  const itsCost = (position.cost * closed) / size(before);
  const itsValue = (value * closed) / size(quantity);
  position.realised += before > 0n ? itsValue - itsCost : itsCost - itsValue;
  position.cost -= itsCost;
  position.quantity += quantity > 0n ? closed : -closed;
  const left = size(quantity) - closed;
  if (left === 0n) return;
  position.quantity = quantity > 0n ? left : -left;
  position.cost = value - itsValue;
}

function size(quantity: bigint): bigint {
  return quantity < 0n ? -quantity : quantity;
}

function least(one: bigint, other: bigint): bigint {
  return one < other ? one : other;
}

function lineOf(
  id: number,
  position: Position,
  books: Books,
  balances: ReadonlyMap<number, { readonly total: number; readonly held: number }>,
): PositionLine {
  const instrument = books.instrument(id);
  const { symbol, baseAsset, quoteAsset, priceDecimals, notionalFactor } = instrument;
  const { quantity, cost, realised, fees, fills } = position;
  const { total, held } = balances.get(baseAsset) ?? { total: 0, held: 0 };
  const money = (units: bigint) => books.amount(quoteAsset, units);
  const average = quantity === 0n ? 0n : cost / (size(quantity) * BigInt(notionalFactor));
  return {
    symbol,
    quantity: books.amount(baseAsset, quantity),
    available: books.amount(baseAsset, total - held),
    held: books.amount(baseAsset, held),
    averagePrice: quantity === 0n ? "" : formatDecimal(average, priceDecimals),
    cost: money(cost),
    realised: money(realised),
    fees: money(fees),
    fills,
  };
}
