/** The orders that are held for review, those first whose time is over first. */
import { assert } from "../kernel/assert.js";
import type { Order } from "./order.js";

export class Reviews {
  /** By time, then by id: nearly always a new one is the last. */
  private readonly waiting: Order[] = [];

  /** When the first is over, in microseconds since 1970; `Infinity`: none waits. */
  due(): number {
    return this.waiting[0]?.reviewUntil ?? Infinity;
  }

  /** The first whose time is over. */
  firstOver(time: number): Order | undefined {
    return this.due() <= time ? this.waiting[0] : undefined;
  }

  add(order: Order): void {
    this.waiting.splice(this.placeOf(order), 0, order);
  }

  remove(order: Order): void {
    const place = this.placeOf(order);
    assert(this.waiting[place] === order, "order %s does not wait for a review", order.id);
    this.waiting.splice(place, 1);
  }

  /** The first place whose order is not before this one. */
  private placeOf(order: Order): number {
    let [low, high] = [0, this.waiting.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (isBefore(this.waiting[middle]!, order)) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

function isBefore(one: Order, other: Order): boolean {
  if (one.reviewUntil !== other.reviewUntil) return one.reviewUntil < other.reviewUntil;
  return one.id < other.id;
}
