/**
 * R8: a market as one would play it with pencil and paper, from the commands of its batch log. Its trades and its resting
 * orders must be the rows that the market commits; a fill is at the maker's price, and the book is never crossed.
 */
import type { Batch } from "../../../services/ports/store.js";
import { readMarketCommand, type SeenEnter } from "./decode.js";
import { type ActorHistory, numbersOf, type StoredBatch } from "./history.js";
import type { Verdict } from "./verdict.js";

const BUY = 1;
const GOOD_TILL_CANCEL = 1;
const GOOD_TILL_DATE = 4;
/** The first byte of a listing. */
const LIST = 1;

interface Resting {
  readonly orderId: number;
  readonly side: number;
  readonly price: number;
  readonly expires: number;
  leaves: number;
}

interface StoredOrder {
  readonly side: number;
  readonly price: number;
  readonly leaves: number;
  readonly shown: number;
}

export interface SeenTrade {
  readonly tradeId: number;
  readonly price: number;
  readonly quantity: number;
  readonly makerOrder: number;
  readonly takerOrder: number;
  readonly takerSide: number;
}

/** Orders wait in the order in which they came; the best is looked for each time. */
class PaperMarket {
  readonly resting: Resting[] = [];
  readonly stored = new Map<number, StoredOrder>();
  readonly entered = new Set<number>();
  trades = 0;
  private isListed = false;
  private time = 0;

  /** Before the commands of a batch, what has expired by its time is taken off. */
  begin(time: number): void {
    this.time = time;
    const expired = this.resting.filter(({ expires }) => expires !== 0 && expires <= time);
    for (const { orderId } of expired) this.remove(orderId);
  }

  /** Operators, through a slot, list the instrument; whatever else a slot says is nothing to a market. */
  applyOfSlot(payload: Uint8Array): void {
    this.isListed ||= payload[0] === LIST;
  }

  apply(payload: Uint8Array): Omit<SeenTrade, "tradeId">[] {
    const command = readMarketCommand(payload);
    if (command.kind === "enter") return this.enter(command);
    else if (command.kind === "cancel") this.remove(command.orderId);
    else this.reduce(command.orderId, command.leaves);
    return [];
  }

  /** The best price of a side, or nothing. */
  best(side: number): Resting | undefined {
    let best: Resting | undefined;
    for (const order of this.resting) {
      if (order.side !== side) continue;
      if (!best || (side === BUY ? order.price > best.price : order.price < best.price)) {
        best = order;
      }
    }
    return best;
  }

  private enter(taker: SeenEnter): Omit<SeenTrade, "tradeId">[] {
    this.entered.add(taker.orderId);
    const trades: Omit<SeenTrade, "tradeId">[] = [];
    const isTooLate = taker.timeInForce === GOOD_TILL_DATE && taker.expires <= this.time;
    if (!this.isListed || isTooLate) return trades;
    let open = taker.quantity;
    while (open > 0) {
      const maker = this.best(taker.side === BUY ? 2 : BUY);
      if (!maker) break;
      if (taker.side === BUY ? maker.price > taker.price : maker.price < taker.price) break;
      const quantity = Math.min(open, maker.leaves);
      open -= quantity;
      maker.leaves -= quantity;
      if (maker.leaves === 0) this.remove(maker.orderId);
      trades.push({
        price: maker.price,
        quantity,
        makerOrder: maker.orderId,
        takerOrder: taker.orderId,
        takerSide: taker.side,
      });
    }
    if (open > 0 && [GOOD_TILL_CANCEL, GOOD_TILL_DATE].includes(taker.timeInForce)) {
      const { orderId, side, price, expires } = taker;
      this.resting.push({ orderId, side, price, expires, leaves: open });
    }
    return trades;
  }

  private remove(orderId: number): void {
    const at = this.resting.findIndex((order) => order.orderId === orderId);
    if (at >= 0) this.resting.splice(at, 1);
  }

  private reduce(orderId: number, leaves: number): void {
    const order = this.resting.find((each) => each.orderId === orderId);
    if (!order || leaves >= order.leaves) return;
    if (leaves === 0) this.remove(orderId);
    else order.leaves = leaves;
  }
}

export class MatchingCheck {
  private readonly verdict: Verdict;
  private readonly markets = new Map<number, PaperMarket>();

  constructor(verdict: Verdict) {
    this.verdict = verdict;
  }

  /** Orders that a market has taken in. */
  hasEntered(market: number, orderId: number): boolean {
    return this.markets.get(market)?.entered.has(orderId) ?? false;
  }

  /** How many open orders end by themselves, at their time. */
  expiring(): number {
    let count = 0;
    for (const { resting } of this.markets.values()) {
      for (const { expires } of resting) if (expires !== 0) count += 1;
    }
    return count;
  }

  commit({ batch, frames }: StoredBatch, { id, name, kind }: ActorHistory): void {
    if (kind !== "market") return;
    let market = this.markets.get(id);
    if (!market) this.markets.set(id, (market = new PaperMarket()));
    const expected: Omit<SeenTrade, "tradeId">[] = [];
    market.begin(batch.time);
    for (const { source, commands } of frames) {
      for (const payload of commands) {
        if (source < 0) market.applyOfSlot(payload);
        else expected.push(...market.apply(payload));
      }
    }
    this.judgeTrades(market, expected, batch, name);
    this.judgeBook(market, batch, name);
    const [bid, ask] = [market.best(BUY), market.best(2)];
    this.verdict.expect(
      !bid || !ask || bid.price < ask.price,
      "R8",
      () => `${name} is crossed: ${bid?.price} is bid and ${ask?.price} asked`,
    );
  }

  private judgeTrades(
    market: PaperMarket,
    expected: readonly Omit<SeenTrade, "tradeId">[],
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

  private judgeBook(market: PaperMarket, batch: Batch, name: string): void {
    const { stored } = market;
    const ids = numbersOf(batch, "book", "order_id");
    const of = (column: string) => numbersOf(batch, "book", column);
    const [sides, prices, leaves, shown] = [of("side"), of("price"), of("leaves"), of("shown")];
    ids.forEach((orderId, n) => {
      const amounts = { leaves: leaves[n]!, shown: shown[n]! };
      stored.set(orderId, { side: sides[n]!, price: prices[n]!, ...amounts });
    });
    for (const orderId of numbersOf(batch, "book_removed", "order_id")) stored.delete(orderId);
    const isSame =
      stored.size === market.resting.length &&
      market.resting.every(({ orderId, price, leaves: open, side }) => {
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
