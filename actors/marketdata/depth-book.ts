/** A market's book by price level: what it is told is at a price, is there. Knows no orders. */
import { Side } from "../kernel/order.js";
import { DepthChanges } from "./depth-changes.js";

export type PriceLevel = readonly [price: number, quantity: number];

export class DepthBook {
  private readonly bids = new SideDepth(-1);
  private readonly asks = new SideDepth(1);

  /** A level's quantity is now this; zero: the level is gone. */
  set(side: Side, price: number, quantity: number): void {
    this.of(side).set(price, quantity);
  }

  apply(changes: DepthChanges): void {
    for (const [price, quantity] of changes.bids) this.bids.set(price, quantity);
    for (const [price, quantity] of changes.asks) this.asks.set(price, quantity);
  }

  /** All levels of a side, best first. */
  levels(side: Side): PriceLevel[] {
    return this.of(side).levels();
  }

  /** How many levels a side has. */
  size(side: Side): number {
    return this.of(side).size;
  }

  /** Are these the best levels of both sides? An empty list says that the side is empty. */
  isTopped(bids: readonly PriceLevel[], asks: readonly PriceLevel[]): boolean {
    return this.bids.isTopped(bids) && this.asks.isTopped(asks);
  }

  /** What makes this book the other one. */
  differenceTo(other: DepthBook): DepthChanges {
    const changes = new DepthChanges();
    for (const side of [Side.Buy, Side.Sell]) {
      const [mine, theirs] = [this.of(side), other.of(side)];
      for (const [price] of mine.levels()) {
        if (theirs.quantityAt(price) === 0) changes.set(side, price, 0);
      }
      for (const [price, quantity] of theirs.levels()) {
        if (mine.quantityAt(price) !== quantity) changes.set(side, price, quantity);
      }
    }
    return changes;
  }

  private of(side: Side): SideDepth {
    return side === Side.Buy ? this.bids : this.asks;
  }
}

class SideDepth {
  private readonly quantities = new Map<number, number>();
  /** Prices in the order of `direction`, the worst first. */
  private readonly prices: number[] = [];
  private readonly direction: 1 | -1;

  /** `direction`: 1 where the lowest price is the best, −1 where the highest is. */
  constructor(direction: 1 | -1) {
    this.direction = direction;
  }

  get size(): number {
    return this.prices.length;
  }

  set(price: number, quantity: number): void {
    const isKnown = this.quantities.has(price);
    if (quantity === 0) {
      this.quantities.delete(price);
      if (isKnown) this.prices.splice(this.indexOf(price), 1);
      return;
    }
    this.quantities.set(price, quantity);
    if (!isKnown) this.prices.splice(this.indexOf(price), 0, price);
  }

  quantityAt(price: number): number {
    return this.quantities.get(price) ?? 0;
  }

  levels(): PriceLevel[] {
    const levels: PriceLevel[] = [];
    for (let at = this.prices.length - 1; at >= 0; at--) {
      const price = this.prices[at]!;
      levels.push([price, this.quantityAt(price)]);
    }
    return levels;
  }

  isTopped(levels: readonly PriceLevel[]): boolean {
    const { prices } = this;
    if (levels.length === 0) return prices.length === 0;
    return levels.every(([price, quantity], n) => {
      const best = prices[prices.length - 1 - n];
      return best === price && this.quantities.get(price) === quantity;
    });
  }

  private indexOf(price: number): number {
    let low = 0;
    let high = this.prices.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.prices[middle]! - price) * this.direction > 0) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
