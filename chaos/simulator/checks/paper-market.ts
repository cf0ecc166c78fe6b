/**
 * A market as one would play it with pencil and paper, from the commands that its batches have applied: by price, then by
 * time, at the maker's price. Knows the formats and nothing of the exchange's code.
 */
import { readMarketCommand, type SeenEnter, type SeenFrame } from "./decode.js";

export const BUY = 1;
export const SELL = 2;
const GOOD_TILL_CANCEL = 1;
const GOOD_TILL_DATE = 4;
/** The first byte of a listing. */
const LIST = 1;

export interface Resting {
  readonly orderId: number;
  readonly side: number;
  readonly price: number;
  readonly expires: number;
  leaves: number;
}

export interface PaperTrade {
  readonly price: number;
  readonly quantity: number;
  readonly makerOrder: number;
  readonly takerOrder: number;
  readonly takerSide: number;
}

export class PaperMarket {
  readonly entered = new Set<number>();
  private readonly orders = new Map<number, Resting>();
  /** The orders of each side, the best first; of those at one price, the oldest. */
  private readonly bids: Resting[] = [];
  private readonly asks: Resting[] = [];
  private isListed = false;
  private time = 0;

  get resting(): ReadonlyMap<number, Resting> {
    return this.orders;
  }

  /** The best price of a side, or nothing. */
  best(side: number): Resting | undefined {
    return this.sideOf(side)[0];
  }

  /** Applies a batch; gives what it trades. Before its commands, what has expired by its time is taken off. */
  apply(time: number, frames: readonly SeenFrame[]): PaperTrade[] {
    this.time = time;
    for (const { orderId, expires } of this.orders.values()) {
      if (expires !== 0 && expires <= time) this.remove(orderId);
    }
    const trades: PaperTrade[] = [];
    for (const { source, commands } of frames) {
      for (const payload of commands) {
        // Operators, through a slot, list the instrument; whatever else a slot says is nothing to a market.
        if (source < 0) this.isListed ||= payload[0] === LIST;
        else this.command(payload, trades);
      }
    }
    return trades;
  }

  private command(payload: Uint8Array, trades: PaperTrade[]): void {
    const command = readMarketCommand(payload);
    if (command.kind === "enter") this.enter(command, trades);
    else if (command.kind === "cancel") this.remove(command.orderId);
    else this.reduce(command.orderId, command.leaves);
  }

  private enter(taker: SeenEnter, trades: PaperTrade[]): void {
    this.entered.add(taker.orderId);
    const isTooLate = taker.timeInForce === GOOD_TILL_DATE && taker.expires <= this.time;
    if (!this.isListed || isTooLate) return;
    let open = taker.quantity;
    while (open > 0) {
      const maker = this.best(taker.side === BUY ? SELL : BUY);
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
      this.rest({ orderId, side, price, expires, leaves: open });
    }
  }

  /** Behind every order that is as good, or better. */
  private rest(order: Resting): void {
    const side = this.sideOf(order.side);
    const isWorse = ({ price }: Resting) =>
      order.side === BUY ? price < order.price : price > order.price;
    let [from, to] = [0, side.length];
    while (from < to) {
      const middle = (from + to) >> 1;
      if (isWorse(side[middle]!)) to = middle;
      else from = middle + 1;
    }
    side.splice(from, 0, order);
    this.orders.set(order.orderId, order);
  }

  private remove(orderId: number): void {
    const order = this.orders.get(orderId);
    if (!order) return;
    this.orders.delete(orderId);
    const side = this.sideOf(order.side);
    side.splice(side.indexOf(order), 1);
  }

  private reduce(orderId: number, leaves: number): void {
    const order = this.orders.get(orderId);
    if (!order || leaves >= order.leaves) return;
    if (leaves === 0) this.remove(orderId);
    else order.leaves = leaves;
  }

  private sideOf(side: number): Resting[] {
    return side === BUY ? this.bids : this.asks;
  }
}
