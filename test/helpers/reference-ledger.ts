/**
 * A slow and plain ledger to compare with: it keeps the history of one shard, as events and the market's trades, and
 * works every balance, hold and order out from all of it, in big integers, whenever it is asked.
 */
import { assert } from "../../actors/kernel/assert.js";
import { shardOfOrder } from "../../actors/kernel/ids.js";
import type { Instrument } from "../../actors/kernel/instrument.js";
import { Side } from "../../actors/kernel/order.js";
import type { AccountEvent } from "../../actors/ledger/account-events.js";
import type { TradeReport } from "../../actors/ledger/messages.js";

type Accepted = Extract<AccountEvent, { kind: "accepted" }>;

export interface ReferenceBalance {
  total: bigint;
  held: bigint;
}

interface ReferenceOrder {
  readonly account: number;
  readonly terms: Accepted;
  filled: bigint;
  leaves: bigint;
  isOpen: boolean;
}

export class ReferenceLedger {
  private readonly shard: number;
  private readonly instruments: ReadonlyMap<number, Instrument>;
  private readonly events: { readonly account: number; readonly event: AccountEvent }[] = [];
  private readonly trades: TradeReport[] = [];

  constructor(shard: number, instruments: readonly Instrument[]) {
    this.shard = shard;
    this.instruments = new Map(instruments.map((instrument) => [instrument.id, instrument]));
  }

  /** What the shard told an account; of fills only the market's own trades are believed. */
  told(account: number, event: AccountEvent): void {
    this.events.push({ account, event });
  }

  traded(trade: TradeReport): void {
    this.trades.push(trade);
  }

  /** Every accepted order as it must stand after the whole history. */
  orders(): Map<number, ReferenceOrder> {
    const orders = new Map<number, ReferenceOrder>();
    for (const { account, event } of this.events) {
      if (event.kind !== "accepted") continue;
      const leaves = BigInt(event.quantity);
      orders.set(event.orderId, { account, terms: event, filled: 0n, leaves, isOpen: true });
    }
    for (const [orderId, order] of orders) {
      order.filled = this.sides(orderId).reduce((sum, trade) => sum + BigInt(trade.quantity), 0n);
      order.leaves -= order.filled + this.takenOff(orderId, order);
      order.isOpen = order.leaves > 0n;
    }
    return orders;
  }

  /** Every balance, by "account/asset". */
  balances(): Map<string, ReferenceBalance> {
    const balances = new Map<string, ReferenceBalance>();
    const move = (account: number, asset: number, total: bigint, held: bigint): void => {
      const balance = balances.get(`${account}/${asset}`) ?? { total: 0n, held: 0n };
      balances.set(`${account}/${asset}`, balance);
      balance.total += total;
      balance.held += held;
    };
    for (const { account, event } of this.events) {
      if (event.kind === "deposited") move(account, event.asset, BigInt(event.amount), 0n);
    }
    for (const [orderId, order] of this.orders()) {
      const { account, terms } = order;
      const { baseAsset, quoteAsset, notionalFactor } = this.instrumentOf(terms);
      const isBuy = terms.side === Side.Buy;
      const factor = BigInt(notionalFactor);
      if (isBuy) move(account, quoteAsset, 0n, BigInt(terms.price) * order.leaves * factor);
      else move(account, baseAsset, 0n, order.leaves);
      for (const trade of this.sides(orderId)) {
        const quantity = BigInt(trade.quantity);
        const value = BigInt(trade.price) * quantity * factor;
        move(account, baseAsset, isBuy ? quantity : -quantity, 0n);
        move(account, quoteAsset, isBuy ? -value : value, 0n);
      }
    }
    return balances;
  }

  /** What reductions and the end have taken off an order without a trade. */
  private takenOff(orderId: number, order: ReferenceOrder): bigint {
    let open = BigInt(order.terms.quantity);
    let takenOff = 0n;
    for (const { event } of this.events) {
      if (!("orderId" in event) || event.orderId !== orderId) continue;
      if (event.kind === "filled") open -= BigInt(event.quantity);
      if (event.kind !== "reduced" && event.kind !== "ended") continue;
      const left = event.kind === "reduced" ? BigInt(event.leaves) : 0n;
      takenOff += open - left;
      open = left;
    }
    return takenOff;
  }

  private sides(orderId: number): TradeReport[] {
    return this.trades.filter(
      (trade) => trade.makerOrder === orderId || trade.takerOrder === orderId,
    );
  }

  private instrumentOf(terms: Accepted): Instrument {
    assert(shardOfOrder(terms.orderId) === this.shard, "an order of another shard");
    const instrument = this.instruments.get(terms.instrument);
    assert(instrument !== undefined, `instrument ${terms.instrument}`);
    return instrument;
  }
}
