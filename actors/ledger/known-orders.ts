/**
 * The orders that memory knows, by their ids and their accounts' ids: all live ones, and of those that have ended the newest
 * (R10). As objects there are the live ones and those of the open batch that ended in it or were asked for; the others are
 * packed.
 */
import { assert } from "../kernel/assert.js";
import { FINISHED_ORDERS_IN_MEMORY_MAX } from "../kernel/limits.js";
import { isFinal } from "../kernel/order.js";
import type { Account } from "./accounts.js";
import { FinishedOrders } from "./finished-orders.js";
import { hashOfKey } from "./key-table.js";
import type { Order } from "./order.js";
import { OrderTable } from "./order-table.js";

export class KnownOrders {
  private readonly objects = new OrderTable();
  /** The finished ones among them, each once. */
  private readonly awake: Order[] = [];
  /** The others, and how those that were asked for were before this batch. */
  private readonly finished: FinishedOrders;

  constructor(
    accountOf: (id: number) => Account,
    finishedMax: number = FINISHED_ORDERS_IN_MEMORY_MAX,
  ) {
    this.finished = new FinishedOrders(finishedMax, accountOf);
  }

  /** Whoever asks for an order in a batch is given the same object each time. */
  find(id: number): Order | undefined {
    return this.objects.find(id) ?? this.wake(this.finished.find(id));
  }

  /** The last that was given the client order id. */
  findByClientId(account: Account, clientOrderId: string): Order | undefined {
    const hash = hashOfKey(account.id, clientOrderId);
    const order = this.objects.findByClientId(account, clientOrderId, hash);
    return order ?? this.wake(this.finished.findByClientId(account, clientOrderId, hash));
  }

  /** The other of an order's pair, unless it had ended before this batch. */
  pairOf({ pair }: Order): Order | undefined {
    return pair === 0 ? undefined : this.objects.find(pair);
  }

  *live(): Iterable<Order> {
    for (const order of this.objects.all()) if (!isFinal(order.status)) yield order;
  }

  all(): Order[] {
    const packed = [...this.finished.ids()].filter((id) => !this.objects.find(id));
    return [...this.objects.all(), ...packed.map((id) => this.finished.find(id)!)];
  }

  /** Neither its id nor its client order id is another's. */
  add(order: Order): void {
    this.objects.add(order);
    if (isFinal(order.status)) this.awake.push(order);
  }

  /** The order has ended. */
  end(order: Order): void {
    this.awake.push(order);
  }

  forget(order: Order): void {
    this.objects.remove(order);
    // Nearly always it has just been woken, and is the last.
    const place = this.awake.lastIndexOf(order);
    assert(place >= 0, "order %s has not ended", order.id);
    this.awake.splice(place, 1);
    this.finished.forget(order.id);
  }

  /** Forgets finished orders of whose pair the other is not known. Only between batches. */
  forgetHalfPairs(): void {
    const isKnown = (id: number) => this.objects.find(id) !== undefined || this.finished.has(id);
    this.finished.forgetHalfPairs(isKnown);
  }

  /** The batch is over: packs what has ended. The oldest are forgotten where there is no room. */
  settle(): void {
    for (const order of this.awake) {
      this.objects.remove(order);
      // Of a pair both are known or none, so that it gets its whole answer again.
      const halved = this.finished.put(order);
      if (halved !== 0) this.forgetFinished(halved);
    }
    this.awake.length = 0;
  }

  private forgetFinished(id: number): void {
    const order = this.objects.find(id);
    if (!order) this.finished.forget(id);
    else if (isFinal(order.status)) this.forget(order);
  }

  private wake(order: Order | undefined): Order | undefined {
    if (order) this.add(order);
    return order;
  }
}
