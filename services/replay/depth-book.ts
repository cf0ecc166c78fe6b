import { Side } from "../../actors/kernel/order.js";
import type { PriceLevel } from "./file.js";

/** A book of price levels that is built from depth messages alone. */
export class DepthBook {
  private readonly bids = new SideDepth(-1);
  private readonly asks = new SideDepth(1);

  /** A level's quantity is now this; zero: the level is gone. */
  set(side: Side, price: number, quantity: number): void {
    (side === Side.Buy ? this.bids : this.asks).set(price, quantity);
  }

  /** Are these the best levels of both sides? An empty list says that the side is empty. */
  isTopped(bids: readonly PriceLevel[], asks: readonly PriceLevel[]): boolean {
    return this.bids.isTopped(bids) && this.asks.isTopped(asks);
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
