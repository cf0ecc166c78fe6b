/**
 * The actor of a fixed slice of accounts: balances, holds, the orders as their accounts see them, and the journal
 * (R6, R7, R9, R10). Clients' commands go to one desk, markets' answers to another, what other shards say to a third; all work on one state.
 */
import type { Actor, Effects, Envelope } from "../kernel/actor.js";
import { assert } from "../kernel/assert.js";
import { isLedgerShard, isSlot } from "../kernel/ids.js";
import { Links } from "../kernel/links.js";
import { isFinal, type OrderStatus } from "../kernel/order.js";
import { ClientDesk } from "./client-desk.js";
import { checkLedger } from "./invariants.js";
import { LedgerState } from "./ledger-state.js";
import { MarketDesk } from "./market-desk.js";
import { ReviewDesk } from "./review-desk.js";
import { numberIn, type TableRow } from "./rows.js";
import { decodeState, encodeState } from "./state-codec.js";
import { TransferDesk } from "./transfer-desk.js";
import type { WarningKind } from "./warnings.js";

export class LedgerShard implements Actor {
  readonly id: number;
  readonly links: Links;
  private readonly state: LedgerState;
  private readonly clients: ClientDesk;
  private readonly markets: MarketDesk;
  private readonly transfers: TransferDesk;
  private readonly reviews: ReviewDesk;

  private constructor(id: number, state: LedgerState, links: Links) {
    this.id = id;
    this.links = links;
    this.state = state;
    this.transfers = new TransferDesk(state);
    this.reviews = new ReviewDesk(state);
    this.clients = new ClientDesk(state, this.transfers, this.reviews);
    this.markets = new MarketDesk(state);
  }

  /** A shard without accounts. */
  static create(id: number): LedgerShard {
    return LedgerShard.restore({ id, state: new Uint8Array(0) }, new Links());
  }

  /**
   * A shard from its fence row; its tables follow through `loadPage`, then `finishLoading`.
   * Throws `MalformedError` when the state blob is of another version.
   */
  static restore(
    record: { readonly id: number; readonly state: Uint8Array },
    links: Links,
  ): LedgerShard {
    const { id } = record;
    assert(isLedgerShard(id), "%s is no ledger shard", id);
    return new LedgerShard(id, new LedgerState(id, decodeState(record.state), links), links);
  }

  // For metrics: each counts since this object was made, and is never stored.

  /** New orders that were judged, accepted or not. */
  get ordersReceived(): number {
    return this.state.counters.ordersReceived;
  }

  /** New orders that were accepted. */
  get ordersProcessed(): number {
    return this.state.counters.ordersProcessed;
  }

  /** Orders that ended with something unfilled. */
  get ordersCancelled(): number {
    return this.state.counters.ordersCancelled;
  }

  /** Sides of trades that were settled here. */
  get fills(): number {
    return this.state.counters.fills;
  }

  /** Warnings of accounts. */
  warnings(kind: WarningKind): number {
    return this.state.counters.warnings[kind];
  }

  /** Takes a page of a recovery table. Accounts come before what belongs to them. */
  loadPage(table: string, rows: readonly TableRow[]): void {
    for (const row of rows) this.state.restore(table, row);
    this.state.orders.endPage();
  }

  finishLoading(): void {
    const { orders, listings } = this.state;
    for (const order of orders.allLive()) listings.of(order.instrument);
    orders.finishRestoring();
  }

  /** Adds finished orders that memory had forgotten, as rows of `orders`, so that their ids are known again. */
  remember(rows: readonly TableRow[]): void {
    for (const row of rows) {
      if (this.state.orders.find(numberIn(row, "order_id"))) continue;
      const status = numberIn(row, "status") as OrderStatus;
      assert(isFinal(status), "only finished orders are ever forgotten");
      this.state.restore("orders", row);
    }
  }

  /** Only orders that are held for review have a time of their own. */
  advance(time: number): void {
    this.reviews.advance(time);
  }

  due(): number {
    return this.reviews.due();
  }

  apply(envelope: Envelope, time: number): void {
    this.state.watching.begin(time);
    if (isSlot(envelope.source)) this.clients.apply(envelope, time);
    else if (isLedgerShard(envelope.source)) this.transfers.receive(envelope);
    else this.markets.apply(envelope, time);
    // After all else that it led to: the two events that answer a pair stand one behind the other.
    this.state.warn();
  }

  takeEffects(): Effects {
    assert(!this.state.journal.isSilent, "a silent actor has no effects");
    const journal = this.state.journal.take();
    const { sends, replies } = this.state.outgoing.take();
    const rows = this.state.takeRows(journal.rows);
    const state = encodeState({ ordersIssued: this.state.orders.issued });
    return { rows, state, sends, events: journal.events, replies };
  }

  dropEffects(): void {
    this.state.journal.drop();
    this.state.outgoing.drop();
    this.state.dropRows();
  }

  setSilent(isSilent: boolean): void {
    const { journal, orders, outgoing } = this.state;
    journal.isSilent = isSilent;
    orders.setSilent(isSilent);
    outgoing.isSilent = isSilent;
  }

  /** Over accounts, balances, live orders, deposits, withdrawals, transfers, flows, reference prices and what is counted; not over finished orders. */
  stateHash(): number {
    return this.state.stateHash();
  }

  checkInvariants(): void {
    checkLedger(this.state);
  }
}
