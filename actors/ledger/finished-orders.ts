/** The orders that have ended, oldest first, up to a number: a ring. */
export class FinishedOrders<T> {
  private readonly maximum: number;
  private readonly ring: T[] = [];
  private oldest = 0;

  constructor(maximum: number) {
    this.maximum = maximum;
  }

  /** Adds the newest and returns the oldest when there is no room for both. */
  push(order: T): T | undefined {
    if (this.ring.length < this.maximum) {
      this.ring.push(order);
      return undefined;
    }
    const forgotten = this.ring[this.oldest];
    this.ring[this.oldest] = order;
    this.oldest = (this.oldest + 1) % this.maximum;
    return forgotten;
  }
}
