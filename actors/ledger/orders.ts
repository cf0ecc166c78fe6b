/**
 * The orders as their accounts see them: all live ones, and the newest finished ones, so that a client order id asked
 * for again gets its first answer (R10).
 */
import type { RowSet } from "../kernel/actor.js";
import { assert } from "../kernel/assert.js";
import type { FeeRates } from "../kernel/fees.js";
import type { StateHash } from "../kernel/hash.js";
import { orderIdOf, shardOfOrder } from "../kernel/ids.js";
import { LateHash } from "../kernel/late-hash.js";
import { isFinal, Side } from "../kernel/order.js";
import { unboxed } from "../kernel/unboxed.js";
import type { Account } from "./accounts.js";
import { charge, hasFees } from "./charges.js";
import type { PendingAmend } from "./holds.js";
import { hashOfKey } from "./key-table.js";
import { KnownOrders } from "./known-orders.js";
import { delist, enlist } from "./live-orders.js";
import {
  type AmendedTerms,
  isConsistent,
  isIdFree,
  type Order,
  type OrderProgress,
  type OrderTerms,
  RowChange,
} from "./order.js";
import { type Changed, OrderChanges } from "./order-changes.js";
import { addToHash } from "./order-hash.js";
import { orderIn } from "./order-rows.js";
import { Reviews } from "./reviews.js";
import type { TableRow } from "./rows.js";

export class Orders {
  /** Those that are held for review. */
  readonly reviews = new Reviews();
  private readonly shard: number;
  private readonly hash: LateHash<Order>;
  private issuedCount: number;
  private readonly known: KnownOrders;
  private readonly changes = new OrderChanges();

  constructor(shard: number, hash: StateHash, issued: number, accountOf: (id: number) => Account) {
    this.shard = shard;
    this.hash = new LateHash(hash, addToHash);
    this.issuedCount = issued;
    this.known = new KnownOrders(accountOf);
  }

  /** How many order ids were ever issued. */
  get issued(): number {
    return this.issuedCount;
  }

  find(id: number): Order | undefined {
    return this.known.find(id);
  }

  /** The order that has the id at a time (microseconds since 1970). */
  findByClientId(account: Account, clientOrderId: string, time: number): Order | undefined {
    const order = this.known.findByClientId(account, clientOrderId);
    return order && isIdFree(order, time) ? undefined : order;
  }

  /** The other of an order's pair, as long as either of them may trade. */
  pairOf(order: Order): Order | undefined {
    const other = this.known.pairOf(order);
    if (!other || isFinal(order.status) || isFinal(other.status)) return undefined;
    return order.isPairDone || other.isPairDone ? undefined : other;
  }

  /** Every order in memory. */
  all(): Order[] {
    return this.known.all();
  }

  allLive(): Iterable<Order> {
    return this.known.live();
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
    rates: FeeRates,
    progress: OrderProgress,
    sequence: number,
    time: number,
  ): Order {
    const { clientOrderId, instrument, side, type, timeInForce, price, quantity } = terms;
    const { stopPrice, display, expires, selfTrade, postOnly, pair } = terms;
    const { reprices, trail, minQuantity } = terms;
    const { makerFee, takerFee } = rates;
    const { filled, leaves, status, code } = progress;
    const order: Order = {
      id,
      account,
      clientOrderId,
      keyHash: hashOfKey(account.id, clientOrderId),
      before: null,
      after: null,
      instrument,
      side,
      type,
      timeInForce,
      price,
      quantity,
      stopPrice,
      display,
      expires,
      selfTrade,
      postOnly,
      reprices,
      trail,
      minQuantity,
      makerFee,
      takerFee,
      makerValue: 0,
      takerValue: 0,
      fees: 0,
      pair,
      amend: null,
      worstPrice: 0,
      isCancelling: false,
      isPairDone: false,
      isWaiting: false,
      reviewUntil: 0,
      filled: unboxed(filled),
      leaves: unboxed(leaves),
      status,
      code: unboxed(code),
      firstSequence: sequence,
      lastSequence: sequence,
      created: time,
      updated: time,
      rowChange: RowChange.None,
      lowHash: 0,
      highHash: 0,
      isStale: false,
    };
    this.put(order);
    this.changes.add(order);
    return order;
  }

  /** Moves an order on: event number `sequence` of its account says so. */
  progress(order: Order, progress: OrderProgress, sequence: number, time: number): void {
    assert(!isFinal(order.status), "order %s has ended", order.id);
    order.filled = unboxed(progress.filled);
    order.leaves = unboxed(progress.leaves);
    order.status = progress.status;
    order.code = unboxed(progress.code);
    assert(isConsistent(order), "order %s does not add up", order.id);
    this.touch(order, sequence, time);
    if (!isFinal(order.status)) return;
    delist(order);
    // An amend that is still on its way comes too late; what it would have been is of no interest any more.
    if (order.amend) this.setAmend(order, null);
    if (order.reviewUntil !== 0) this.setReview(order, 0);
    this.known.end(order);
  }

  /** An amend is on its way to the market: event number `sequence` of the account says so. */
  beginAmend(order: Order, amend: PendingAmend, sequence: number, time: number): void {
    assert(order.amend === null, "order %s is being amended", order.id);
    this.setAmend(order, amend);
    this.touch(order, sequence, time);
  }

  /** The amend under way has become true, or (without terms) come to nothing. */
  endAmend(order: Order, terms: AmendedTerms | null, sequence: number, time: number): void {
    assert(order.amend !== null, "order %s is not being amended", order.id);
    this.setAmend(order, null);
    if (terms) applyTerms(order, terms);
    assert(isConsistent(order), "order %s does not add up", order.id);
    this.touch(order, sequence, time);
  }

  /** A trade of this value is charged for, before it moves the order on. Returns the fee; below zero: a rebate. */
  charge(order: Order, isMaker: boolean, value: number): number {
    if (!hasFees(order)) return 0;
    const fee = charge(order, isMaker, value);
    this.change(order, RowChange.Terms);
    return fee;
  }

  /** The market has taken it at another limit than it came with: event number `sequence` of the account says so. */
  reprice(order: Order, price: number, sequence: number, time: number): void {
    const { quantity, leaves, stopPrice, display } = order;
    applyTerms(order, { price, quantity, leaves, stopPrice, display });
    this.change(order, RowChange.Terms);
    this.touch(order, sequence, time);
  }

  /** Event number `sequence` of the account says that a cancel is on its way to the market, or has come to nothing there. */
  setCancelling(order: Order, isCancelling: boolean, sequence: number, time: number): void {
    this.touch(order, sequence, time);
    if (order.isCancelling === isCancelling) return;
    order.isCancelling = isCancelling;
    this.change(order, RowChange.Marks);
  }

  /** Does it wait at its market, for its trigger or its auction? The event that said so has been noted. */
  setWaiting(order: Order, isWaiting: boolean): void {
    if (order.isWaiting === isWaiting) return;
    order.isWaiting = isWaiting;
    this.change(order, RowChange.Marks);
  }

  /** Event number `sequence` of the account says that it is held for review until then, and not on its way to its market. */
  beginReview(order: Order, until: number, sequence: number, time: number): void {
    this.setReview(order, until);
    this.touch(order, sequence, time);
  }

  /** Event number `sequence` of the account says that it may go on. */
  endReview(order: Order, sequence: number, time: number): void {
    this.setReview(order, 0);
    this.touch(order, sequence, time);
  }

  /** Event number `sequence` of the account says that the other of its pair has traded. */
  endPair(order: Order, sequence: number, time: number): void {
    order.isPairDone = true;
    this.change(order, RowChange.Terms);
    this.touch(order, sequence, time);
  }

  /** Notes that event number `sequence` of the account is about this order. */
  touch(order: Order, sequence: number, time: number): void {
    order.lastSequence = sequence;
    order.updated = time;
    this.change(order, RowChange.Progress);
  }

  /** Brings the state's hash up to date. */
  rehash(): void {
    this.hash.settle();
  }

  /** Ends the batch. By part; a batch writes no row twice. */
  takeRows(): Readonly<Record<string, RowSet>> {
    const rows = this.changes.takeRows();
    this.known.settle();
    return rows;
  }

  /** Silent, it notes nothing of what its rows would be. */
  setSilent(isSilent: boolean): void {
    this.changes.isSilent = isSilent;
  }

  dropRows(): void {
    this.changes.dropRows();
    this.known.settle();
  }

  restore(account: Account, row: TableRow): void {
    const order = orderIn(account, row);
    assert(this.wasIssued(order.id), "order %s was never issued", order.id);
    assert(!this.find(order.id), "order %s is there already", order.id);
    this.put(order);
  }

  /** A page of them is restored: to pack all at once would hold up whatever else the node does. */
  endPage(): void {
    this.known.settle();
  }

  /** All are restored. Forgets finished ones of whose pair the other was not. */
  finishRestoring(): void {
    this.known.forgetHalfPairs();
  }

  private put(order: Order): void {
    assert(isConsistent(order), "order %s does not add up", order.id);
    const before = this.known.findByClientId(order.account, order.clientOrderId);
    if (before) {
      assert(isIdFree(before, order.created), "the client order id of order %s is used", order.id);
      this.known.forget(before);
    }
    this.known.add(order);
    if (isFinal(order.status)) return;
    enlist(order);
    if (order.reviewUntil !== 0) this.reviews.add(order);
    this.hash.touch(order);
  }

  private setAmend(order: Order, amend: PendingAmend | null): void {
    order.amend = amend;
    this.change(order, RowChange.Terms);
  }

  private setReview(order: Order, until: number): void {
    if (order.reviewUntil !== 0) this.reviews.remove(order);
    order.reviewUntil = until;
    if (until !== 0) this.reviews.add(order);
    this.change(order, RowChange.Review);
  }

  private change(order: Order, change: Changed): void {
    this.changes.change(order, change);
    this.hash.touch(order);
  }
}

function applyTerms(order: Order, terms: AmendedTerms): void {
  const worse = order.side === Side.Buy ? Math.max : Math.min;
  order.worstPrice = unboxed(worse(order.worstPrice || order.price, order.price, terms.price));
  order.price = unboxed(terms.price);
  order.quantity = unboxed(terms.quantity);
  order.leaves = unboxed(terms.leaves);
  order.stopPrice = unboxed(terms.stopPrice);
  order.display = unboxed(terms.display);
}
