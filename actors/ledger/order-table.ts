/**
 * Orders as objects, found by their ids and by their accounts' client order ids: two hash tables with open addressing. Maps
 * do the same, but one whose keys are numbers above 2^31 or texts calls into V8 for each look-up, and one for each account is
 * another look-up before it: that was one part in fourteen of what a node does under load, by profile.
 */
import { assert } from "../kernel/assert.js";
import { hashOfInteger } from "../kernel/hash.js";
import type { Account } from "./accounts.js";
import type { Order } from "./order.js";

const INITIAL_PLACES = 64;

/** An order stands where its hash leads to, or at the next free place after that. */
class Places {
  hashes = new Int32Array(INITIAL_PLACES);
  orders: (Order | null)[] = Array.from({ length: INITIAL_PLACES }, () => null);
  mask = INITIAL_PLACES - 1;
  private count = 0;

  add(hash: number, order: Order): void {
    // At most half full, so that searches stay short.
    if (this.count * 2 > this.mask) this.grow();
    this.put(hash, order);
    this.count += 1;
  }

  /** Fills up its place by those behind it that would rather stand there, so that no search ends there too early. */
  remove(hash: number, order: Order): void {
    const { hashes, orders, mask } = this;
    let hole = hash & mask;
    while (orders[hole] !== order) {
      assert(orders[hole] !== null, "order %s is not here", order.id);
      hole = (hole + 1) & mask;
    }
    this.count -= 1;
    for (let at = (hole + 1) & mask; orders[at] !== null; at = (at + 1) & mask) {
      if (((at - hashes[at]!) & mask) < ((at - hole) & mask)) continue;
      hashes[hole] = hashes[at]!;
      orders[hole] = orders[at]!;
      hole = at;
    }
    orders[hole] = null;
  }

  private put(hash: number, order: Order): void {
    const { orders, mask } = this;
    let at = hash & mask;
    while (orders[at] !== null) at = (at + 1) & mask;
    orders[at] = order;
    this.hashes[at] = hash;
  }

  private grow(): void {
    const { hashes, orders } = this;
    const length = orders.length * 2;
    this.hashes = new Int32Array(length);
    this.orders = Array.from({ length }, () => null);
    this.mask = length - 1;
    for (let at = 0; at < orders.length; at++) {
      const order = orders[at] as Order | null;
      if (order !== null) this.put(hashes[at]!, order);
    }
  }
}

export class OrderTable {
  private readonly byId = new Places();
  private readonly byClientId = new Places();

  find(id: number): Order | undefined {
    const { hashes, orders, mask } = this.byId;
    const hash = hashOfInteger(id) | 0;
    for (let at = hash & mask; ; at = (at + 1) & mask) {
      const order = orders[at] as Order | null;
      if (order === null) return undefined;
      if (hashes[at] === hash && order.id === id) return order;
    }
  }

  /** `hash`: that of the account's number and the id (`hashOfKey`). */
  findByClientId(account: Account, clientOrderId: string, hash: number): Order | undefined {
    const { hashes, orders, mask } = this.byClientId;
    for (let at = hash & mask; ; at = (at + 1) & mask) {
      const order = orders[at] as Order | null;
      if (order === null) return undefined;
      if (hashes[at] !== hash || order.account !== account) continue;
      if (order.clientOrderId === clientOrderId) return order;
    }
  }

  /** Neither its id nor its client order id is here. */
  add(order: Order): void {
    assert(!this.find(order.id), "order %s is here already", order.id);
    this.byId.add(hashOfInteger(order.id) | 0, order);
    this.byClientId.add(order.keyHash, order);
  }

  remove(order: Order): void {
    this.byId.remove(hashOfInteger(order.id) | 0, order);
    this.byClientId.remove(order.keyHash, order);
  }

  *all(): Iterable<Order> {
    for (const order of this.byId.orders) if (order !== null) yield order;
  }
}
