/** Levels that changed, with what they are now. Later changes merge into earlier ones: the last word counts. */
import { Side } from "../kernel/order.js";

export class DepthChanges {
  /** Quantity by price; zero: the level is gone. */
  readonly bids = new Map<number, number>();
  readonly asks = new Map<number, number>();

  set(side: Side, price: number, quantity: number): void {
    (side === Side.Buy ? this.bids : this.asks).set(price, quantity);
  }

  get isEmpty(): boolean {
    return this.bids.size === 0 && this.asks.size === 0;
  }

  /** Takes changes that came after these. */
  merge(later: DepthChanges): void {
    for (const [price, quantity] of later.bids) this.bids.set(price, quantity);
    for (const [price, quantity] of later.asks) this.asks.set(price, quantity);
  }
}
