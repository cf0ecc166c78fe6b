/**
 * R8: the trades and the resting orders of a market on paper must be the rows that the market commits; a fill is at the
 * maker's price, and the book is never crossed. R13: its phase and its rules are what operators have ordered last.
 */
import type { Batch } from "../../../services/ports/store.js";
import { readMarketState, type SeenStanding } from "./decode-market.js";
import { type ActorHistory, numbersOf, type StoredBatch } from "./history.js";
import { BUY, PaperMarket, type PaperTrade, SELL } from "./paper-market.js";
import type { Verdict } from "./verdict.js";

interface StoredOrder {
  readonly side: number;
  readonly price: number;
  readonly leaves: number;
  readonly shown: number;
}

export interface SeenTrade extends PaperTrade {
  readonly tradeId: number;
}

/** A market on paper, and its rows as they were committed. */
class JudgedMarket {
  readonly paper = new PaperMarket();
  readonly stored = new Map<number, StoredOrder>();
  /** How it stood after each batch, on paper. */
  readonly standings: TimedStanding[] = [];
  trades = 0;
}

/** `time`: of the batch, in microseconds since 1970. */
export interface TimedStanding extends SeenStanding {
  readonly time: number;
}

export class MatchingCheck {
  private readonly verdict: Verdict;
  private readonly markets = new Map<number, JudgedMarket>();

  constructor(verdict: Verdict) {
    this.verdict = verdict;
  }

  /** Orders that a market has taken in. */
  hasEntered(market: number, orderId: number): boolean {
    return this.markets.get(market)?.paper.entered.has(orderId) ?? false;
  }

  /** How a market stood after each of its batches. */
  standings(market: number): readonly TimedStanding[] {
    return this.markets.get(market)?.standings ?? [];
  }

  /** How many open orders end by themselves, at their time. */
  expiring(): number {
    let count = 0;
    for (const { paper } of this.markets.values()) {
      for (const { expires } of paper.resting.values()) if (expires !== 0) count += 1;
    }
    return count;
  }

  commit({ batch, frames }: StoredBatch, { id, name, kind }: ActorHistory): void {
    if (kind !== "market") return;
    let market = this.markets.get(id);
    if (!market) this.markets.set(id, (market = new JudgedMarket()));
    const expected = market.paper.apply(batch.time, frames);
    this.judgeTrades(market, expected, batch, name);
    this.judgeBook(market, batch, name);
    this.judgeStanding(market, batch, name);
    const [bid, ask] = [market.paper.best(BUY), market.paper.best(SELL)];
    this.verdict.expect(
      !bid || !ask || bid.price < ask.price,
      "R8",
      () => `${name} is crossed: ${bid?.price} is bid and ${ask?.price} asked`,
    );
  }

  private judgeStanding({ paper, standings }: JudgedMarket, batch: Batch, name: string): void {
    const { reference, standing } = readMarketState(batch.effects.state);
    if (!standing) paper.sessionReference = reference;
    const expected = paper.standing;
    standings.push({ ...expected, time: batch.time });
    this.verdict.expect(
      !standing || JSON.stringify(standing) === JSON.stringify(expected),
      "R13",
      () =>
        `${name}: after batch ${batch.number} it stands at ${JSON.stringify(standing)}; ` +
        `what was ordered and traded gives ${JSON.stringify(expected)}`,
    );
  }

  private judgeTrades(
    market: JudgedMarket,
    expected: readonly PaperTrade[],
    batch: Batch,
    name: string,
  ): void {
    const trades = tradesOf(batch);
    const isSame =
      trades.length === expected.length &&
      trades.every((trade, n) => {
        const other = expected[n]!;
        return (
          trade.tradeId === market.trades + n + 1 &&
          trade.price === other.price &&
          trade.quantity === other.quantity &&
          trade.makerOrder === other.makerOrder &&
          trade.takerOrder === other.takerOrder &&
          trade.takerSide === other.takerSide
        );
      });
    market.trades += trades.length;
    this.verdict.expect(
      isSame,
      "R8",
      () =>
        `${name}: batch ${batch.number} traded ${JSON.stringify(trades)}, ` +
        `by price and time ${JSON.stringify(expected)}`,
    );
  }

  private judgeBook({ paper, stored }: JudgedMarket, batch: Batch, name: string): void {
    for (const part of ["book", "book_changed"]) {
      const of = (column: string) => numbersOf(batch, part, column);
      const [sides, prices, leaves, shown] = [of("side"), of("price"), of("leaves"), of("shown")];
      of("order_id").forEach((orderId, n) => {
        const side = sides[n] ?? stored.get(orderId)!.side;
        stored.set(orderId, { side, price: prices[n]!, leaves: leaves[n]!, shown: shown[n]! });
      });
    }
    for (const orderId of numbersOf(batch, "book_removed", "order_id")) stored.delete(orderId);
    const isSame =
      stored.size === paper.resting.size &&
      [...paper.resting.values()].every(({ orderId, price, leaves: open, side }) => {
        const row = stored.get(orderId);
        const isOpen = row?.leaves === open && row.shown === open;
        return isOpen && row.price === price && row.side === side;
      });
    this.verdict.expect(
      isSame,
      "R8",
      () => `${name}: the rows of the book after batch ${batch.number} are not what rests`,
    );
  }
}

export function tradesOf(batch: Batch): SeenTrade[] {
  const column = (name: string) => numbersOf(batch, "trades", name);
  const [price, quantity, side] = [column("price"), column("quantity"), column("taker_side")];
  const [maker, taker] = [column("maker_order"), column("taker_order")];
  return column("trade_id").map((tradeId, n) => ({
    tradeId,
    price: price[n]!,
    quantity: quantity[n]!,
    makerOrder: maker[n]!,
    takerOrder: taker[n]!,
    takerSide: side[n]!,
  }));
}
