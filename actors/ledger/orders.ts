/**
 * The orders as their accounts see them: all live ones, and the newest finished ones, so that a client order id asked
 * for again gets its first answer (R10). A rejected order and a voided id have a record too: it keeps the id.
 */
import type { RowSet } from "../kernel/actor.js";
import { assert } from "../kernel/assert.js";
import { Code } from "../kernel/codes.js";
import type { StateHash } from "../kernel/hash.js";
import { orderIdOf, shardOfOrder } from "../kernel/ids.js";
import { FINISHED_ORDERS_IN_MEMORY_MAX } from "../kernel/limits.js";
import { isFinal, OrderStatus } from "../kernel/order.js";
import type { Account } from "./accounts.js";
import { FinishedOrders } from "./finished-orders.js";
import { HashKind } from "./hash-kinds.js";
import { numberIn, rowSetOf, type TableRow, textIn } from "./rows.js";

/** What was asked for. Side, type and the like are as the client sent them, which for a rejected order may be bad. */
export interface OrderTerms {
  readonly clientOrderId: string;
  readonly instrument: number;
  readonly side: number;
  readonly type: number;
  readonly timeInForce: number;
  /** In price units; for a market order the limit that is held at. */
  readonly price: number;
  readonly quantity: number;
}

export interface OrderProgress {
  readonly filled: number;
  readonly leaves: number;
  readonly status: OrderStatus;
  /** Why it was rejected or ended; `OK` while it is live and when it is filled. */
  readonly code: number;
}

export interface Order extends OrderTerms {
  readonly id: number;
  readonly account: Account;
  filled: number;
  leaves: number;
  status: OrderStatus;
  code: number;
  /** Numbers in the account's journal. */
  readonly firstSequence: number;
  lastSequence: number;
  /** Microseconds since 1970. */
  readonly created: number;
  updated: number;
}

/** What the client was answered first: `OK` when the order was accepted, whatever became of it later. */
export function firstAnswer(order: Order): number {
  return order.status >= OrderStatus.Rejected ? order.code : Code.OK;
}

export class Orders {
  private readonly shard: number;
  private readonly hash: StateHash;
  private issuedCount: number;
  private readonly byId = new Map<number, Order>();
  private readonly byClientId = new Map<Account, Map<string, Order>>();
  private readonly finished: FinishedOrders<Order>;
  private readonly added = new Set<Order>();
  private readonly changed = new Set<Order>();

  constructor(
    shard: number,
    hash: StateHash,
    issued: number,
    finishedMax: number = FINISHED_ORDERS_IN_MEMORY_MAX,
  ) {
    this.shard = shard;
    this.hash = hash;
    this.issuedCount = issued;
    this.finished = new FinishedOrders(finishedMax);
  }

  /** How many order ids were ever issued. */
  get issued(): number {
    return this.issuedCount;
  }

  find(id: number): Order | undefined {
    return this.byId.get(id);
  }

  findByClientId(account: Account, clientOrderId: string): Order | undefined {
    return this.byClientId.get(account)?.get(clientOrderId);
  }

  /** Every order in memory. */
  all(): Iterable<Order> {
    return this.byId.values();
  }

  /** Was the id issued here, also if memory has forgotten the order? */
  wasIssued(id: number): boolean {
    return shardOfOrder(id) === this.shard && id <= orderIdOf(this.issuedCount, this.shard);
  }

  nextId(): number {
    this.issuedCount += 1;
    return orderIdOf(this.issuedCount, this.shard);
  }

  /** Adds an order whose first event is number `sequence` of its account. */
  add(
    id: number,
    account: Account,
    terms: OrderTerms,
    progress: OrderProgress,
    sequence: number,
    time: number,
  ): Order {
    const { clientOrderId, instrument, side, type, timeInForce, price, quantity } = terms;
    const { filled, leaves, status, code } = progress;
    const order: Order = {
      id,
      account,
      clientOrderId,
      instrument,
      side,
      type,
      timeInForce,
      price,
      quantity,
      filled,
      leaves,
      status,
      code,
      firstSequence: sequence,
      lastSequence: sequence,
      created: time,
      updated: time,
    };
    this.put(order);
    this.added.add(order);
    return order;
  }

  /** Moves an order on: event number `sequence` of its account says so. */
  progress(order: Order, progress: OrderProgress, sequence: number, time: number): void {
    assert(!isFinal(order.status), `order ${order.id} has ended`);
    this.unhash(order);
    order.filled = progress.filled;
    order.leaves = progress.leaves;
    order.status = progress.status;
    order.code = progress.code;
    assert(isConsistent(order), `order ${order.id} does not add up`);
    this.touch(order, sequence, time);
    if (!isFinal(order.status)) {
      this.rehash(order);
      return;
    }
    order.account.openOrders -= 1;
    this.retire(order);
  }

  /** Notes that event number `sequence` of the account is about this order. */
  touch(order: Order, sequence: number, time: number): void {
    order.lastSequence = sequence;
    order.updated = time;
    if (!this.added.has(order)) this.changed.add(order);
  }

  takeRows(): { readonly added: RowSet; readonly changed: RowSet } {
    const added = rowSetOf([...this.added], NEW_COLUMNS);
    const changed = rowSetOf([...this.changed], CHANGED_COLUMNS);
    this.added.clear();
    this.changed.clear();
    return { added, changed };
  }

  restore(account: Account, row: TableRow): void {
    const order: Order = {
      id: numberIn(row, "order_id"),
      account,
      clientOrderId: textIn(row, "client_order_id"),
      instrument: numberIn(row, "instrument"),
      side: numberIn(row, "side"),
      type: numberIn(row, "type"),
      timeInForce: numberIn(row, "time_in_force"),
      price: numberIn(row, "price"),
      quantity: numberIn(row, "quantity"),
      filled: numberIn(row, "filled"),
      leaves: numberIn(row, "leaves"),
      status: numberIn(row, "status") as OrderStatus,
      code: numberIn(row, "code"),
      firstSequence: numberIn(row, "first_sequence"),
      lastSequence: numberIn(row, "last_sequence"),
      created: numberIn(row, "created"),
      updated: numberIn(row, "updated"),
    };
    assert(this.wasIssued(order.id), `order ${order.id} was never issued`);
    this.put(order);
  }

  private put(order: Order): void {
    assert(!this.byId.has(order.id), `order ${order.id} is there already`);
    assert(isConsistent(order), `order ${order.id} does not add up`);
    this.byId.set(order.id, order);
    let ids = this.byClientId.get(order.account);
    if (!ids) {
      ids = new Map();
      this.byClientId.set(order.account, ids);
    }
    assert(!ids.has(order.clientOrderId), `a client order id of order ${order.id} is used`);
    ids.set(order.clientOrderId, order);
    if (isFinal(order.status)) {
      this.retire(order);
      return;
    }
    order.account.openOrders += 1;
    this.rehash(order);
  }

  private retire(order: Order): void {
    const forgotten = this.finished.push(order);
    if (!forgotten) return;
    this.byId.delete(forgotten.id);
    this.byClientId.get(forgotten.account)?.delete(forgotten.clientOrderId);
  }

  private rehash(order: Order): void {
    this.hash.add(HashKind.LiveOrder, order.id, order.leaves, order.filled, order.status);
  }

  private unhash(order: Order): void {
    this.hash.remove(HashKind.LiveOrder, order.id, order.leaves, order.filled, order.status);
  }
}

/** A live order leaves something, a finished one nothing, and what is filled and open was asked for. */
export function isConsistent(order: Order): boolean {
  const { filled, leaves, quantity, status } = order;
  if (leaves < 0 || filled < 0 || filled + leaves > quantity) return false;
  return isFinal(status) ? leaves === 0 : leaves > 0;
}

type Columns = Readonly<Record<string, (order: Order) => number | string>>;

const CHANGED_COLUMNS: Columns = {
  order_id: (order) => order.id,
  filled: (order) => order.filled,
  leaves: (order) => order.leaves,
  status: (order) => order.status,
  code: (order) => order.code,
  last_sequence: (order) => order.lastSequence,
  updated: (order) => order.updated,
};

const NEW_COLUMNS: Columns = {
  ...CHANGED_COLUMNS,
  account: (order) => order.account.id,
  client_order_id: (order) => order.clientOrderId,
  instrument: (order) => order.instrument,
  side: (order) => order.side,
  type: (order) => order.type,
  time_in_force: (order) => order.timeInForce,
  price: (order) => order.price,
  quantity: (order) => order.quantity,
  first_sequence: (order) => order.firstSequence,
  created: (order) => order.created,
};
