/**
 * The orders that memory knows, by their ids and their accounts' ids: all live ones, and of those that have ended the newest
 * (R10). As objects there are the live ones and those of the open batch that ended in it or were asked for; the others are
 * packed.
 */
import { FINISHED_ORDERS_IN_MEMORY_MAX } from "../kernel/limits.js";
import { isFinal } from "../kernel/order.js";
import type { Account } from "./accounts.js";
import { FinishedOrders } from "./finished-orders.js";
import type { Order } from "./order.js";

export class KnownOrders {
  private readonly byId = new Map<number, Order>();
  private readonly byClientId = new Map<Account, Map<string, Order>>();
  /** The finished ones among them. */
  private readonly awake = new Set<Order>();
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
    return this.byId.get(id) ?? this.wake(this.finished.find(id));
  }

  /** The last that was given the client order id. */
  findByClientId(account: Account, clientOrderId: string): Order | undefined {
    const order = this.byClientId.get(account)?.get(clientOrderId);
    return order ?? this.wake(this.finished.findByClientId(account, clientOrderId));
  }

  /** The other of an order's pair, unless it had ended before this batch. */
  pairOf({ pair }: Order): Order | undefined {
    return pair === 0 ? undefined : this.byId.get(pair);
  }

  all(): Order[] {
    const packed = [...this.finished.ids()].filter((id) => !this.byId.has(id));
    return [...this.byId.values(), ...packed.map((id) => this.finished.find(id)!)];
  }

  /** Neither its id nor its client order id is another's. */
  add(order: Order): void {
    this.byId.set(order.id, order);
    let ids = this.byClientId.get(order.account);
    if (!ids) {
      ids = new Map();
      this.byClientId.set(order.account, ids);
    }
    ids.set(order.clientOrderId, order);
    if (isFinal(order.status)) this.awake.add(order);
  }

  /** The order has ended. */
  end(order: Order): void {
    this.awake.add(order);
  }

  forget(order: Order): void {
    this.leave(order);
    this.finished.forget(order.id);
  }

  /** Forgets finished orders of whose pair the other is not known. Only between batches. */
  forgetHalfPairs(): void {
    this.finished.forgetHalfPairs((id) => this.byId.has(id) || this.finished.has(id));
  }

  /** The batch is over: packs what has ended. The oldest are forgotten where there is no room. */
  settle(): void {
    for (const order of this.awake) {
      this.leave(order);
      // Of a pair both are known or none, so that it gets its whole answer again.
      const halved = this.finished.put(order);
      if (halved !== 0) this.forgetFinished(halved);
    }
  }

  private forgetFinished(id: number): void {
    const order = this.byId.get(id);
    if (!order) this.finished.forget(id);
    else if (isFinal(order.status)) this.forget(order);
  }

  private wake(order: Order | undefined): Order | undefined {
    if (order) this.add(order);
    return order;
  }

  private leave(order: Order): void {
    this.byId.delete(order.id);
    this.byClientId.get(order.account)!.delete(order.clientOrderId);
    this.awake.delete(order);
  }
}
