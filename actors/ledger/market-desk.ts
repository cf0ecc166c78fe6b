/**
 * What markets answer: trades are settled, holds released, and each account told in its own journal (R7, R9). A
 * market's word is trusted but checked: what does not fit the shard's own books is a bug of ours and stops the shard.
 */
import type { Envelope } from "../kernel/actor.js";
import { assert, assertNever } from "../kernel/assert.js";
import { MalformedError } from "../kernel/bytes.js";
import { Code } from "../kernel/codes.js";
import { shardOfOrder } from "../kernel/ids.js";
import { type Instrument, notional } from "../kernel/instrument.js";
import { isFinal, Liquidity, OrderStatus, Side } from "../kernel/order.js";
import type { Account } from "./accounts.js";
import { holdOf } from "./holds.js";
import type { LedgerState } from "./ledger-state.js";
import { decodeLedgerCommand, type MarketAnswer, type TradeReport } from "./messages.js";
import type { Order } from "./orders.js";

type Answer<Kind extends MarketAnswer["kind"]> = Extract<MarketAnswer, { kind: Kind }>;

export class MarketDesk {
  private readonly state: LedgerState;

  constructor(state: LedgerState) {
    this.state = state;
  }

  /** Throws `MalformedError` when the payload cannot be read. */
  apply({ source, payload }: Envelope, time: number): void {
    const answer = decodeLedgerCommand(payload);
    switch (answer.kind) {
      case "instrument":
        assert(answer.instrument.id === source, `${source} defines ${answer.instrument.id}`);
        return this.state.listings.define(answer.instrument);
      case "reference":
        assert(answer.instrument === source, `${source} speaks for ${answer.instrument}`);
        return this.state.listings.setReference(answer.instrument, answer.price);
      case "trade":
        assert(answer.instrument === source, `${source} speaks for ${answer.instrument}`);
        return this.settle(answer, time);
      case "rested":
        return this.rest(this.liveOrder(answer.orderId, source), answer, time);
      case "ended":
        return this.end(this.liveOrder(answer.orderId, source), answer, time);
      case "reduced":
        return this.reduce(this.liveOrder(answer.orderId, source), answer, time);
      case "refused":
        return this.refuse(answer, source, time);
      case "open":
      case "deposit":
      case "place":
      case "amend":
      case "resolve":
        throw new MalformedError(`an actor sent the client command ${answer.kind}`);
      default:
        assertNever(answer);
    }
  }

  /** Settles the sides of a trade that this shard issued, the maker's first. */
  private settle(trade: TradeReport, time: number): void {
    const { makerOrder, takerOrder, makerLeaves, takerLeaves } = trade;
    const isMakerHere = shardOfOrder(makerOrder) === this.state.id;
    const isTakerHere = shardOfOrder(takerOrder) === this.state.id;
    assert(isMakerHere || isTakerHere, `trade ${trade.tradeId} has no side here`);
    if (isMakerHere) {
      const order = this.liveOrder(makerOrder, trade.instrument);
      assert(order.side !== trade.takerSide, `trade ${trade.tradeId} has one side twice`);
      this.fill(order, trade, Liquidity.Maker, makerLeaves, time);
    }
    if (isTakerHere) {
      const order = this.liveOrder(takerOrder, trade.instrument);
      assert(order.side === trade.takerSide, `trade ${trade.tradeId} has one side twice`);
      this.fill(order, trade, Liquidity.Taker, takerLeaves, time);
    }
  }

  private fill(
    order: Order,
    trade: TradeReport,
    liquidity: Liquidity,
    leaves: number,
    time: number,
  ): void {
    const { journal, orders, counters } = this.state;
    const { instrument, tradeId, price, quantity, sequence: marketSequence } = trade;
    assert(quantity > 0, `trade ${tradeId} of nothing`);
    assert(
      order.leaves - quantity === leaves,
      `trade ${tradeId}: order ${order.id} leaves ${leaves}`,
    );
    const side = order.side as Side;
    this.pay(order, this.instrumentOf(order), price, quantity);
    const sequence = journal.append(order.account, {
      kind: "filled",
      orderId: order.id,
      tradeId,
      instrument,
      side,
      liquidity,
      price,
      quantity,
      leaves,
      sequence: marketSequence,
    });
    const status = leaves === 0 ? OrderStatus.Filled : OrderStatus.PartiallyFilled;
    const progress = { filled: order.filled + quantity, leaves, status, code: Code.OK };
    orders.progress(order, progress, sequence, time);
    counters.fills += 1;
    if (leaves === 0) this.checkNothingHeld(order.account);
  }

  /** Moves the money of one side. A buyer's hold at its own limit is used up, whatever the price was. */
  private pay(order: Order, instrument: Instrument, price: number, quantity: number): void {
    const { balances, flows } = this.state;
    const { account } = order;
    const { id, baseAsset, quoteAsset } = instrument;
    const value = notional(instrument, price, quantity);
    const hold = holdOf(instrument, order.side, order.price, quantity);
    if (order.side === Side.Buy) {
      assert(price <= order.price, `order ${order.id} bought above its limit`);
      balances.move(account, quoteAsset, -value, -hold.amount);
      balances.move(account, baseAsset, quantity, 0);
      flows.bought(id, quantity, value);
    } else {
      assert(price >= order.price, `order ${order.id} sold below its limit`);
      balances.move(account, baseAsset, -quantity, -hold.amount);
      balances.move(account, quoteAsset, value, 0);
      flows.sold(id, quantity, value);
    }
  }

  private rest(order: Order, answer: Answer<"rested">, time: number): void {
    const { leaves } = answer;
    assert(order.leaves === leaves, `order ${order.id} rests with ${leaves}`);
    const sequence = this.state.journal.append(order.account, { ...answer, orderId: order.id });
    const status = order.filled > 0 ? OrderStatus.PartiallyFilled : OrderStatus.New;
    const progress = { filled: order.filled, leaves, status, code: Code.OK };
    this.state.orders.progress(order, progress, sequence, time);
  }

  private end(order: Order, answer: Answer<"ended">, time: number): void {
    const { orders, journal, counters } = this.state;
    assert(order.leaves === answer.leaves, `order ${order.id} ends with ${answer.leaves}`);
    this.release(order, order.leaves);
    const sequence = journal.append(order.account, answer);
    const { code } = answer;
    const progress = { filled: order.filled, leaves: 0, status: OrderStatus.Cancelled, code };
    orders.progress(order, progress, sequence, time);
    counters.ordersCancelled += 1;
    this.checkNothingHeld(order.account);
  }

  private reduce(order: Order, answer: Answer<"reduced">, time: number): void {
    const { leaves } = answer;
    assert(leaves > 0 && leaves < order.leaves, `order ${order.id} is reduced to ${leaves}`);
    this.release(order, order.leaves - leaves);
    const sequence = this.state.journal.append(order.account, answer);
    const { filled, status, code } = order;
    this.state.orders.progress(order, { filled, leaves, status, code }, sequence, time);
  }

  /**
   * Tells the account that its request came to nothing. The order may have ended meanwhile, and memory may even have
   * forgotten it; its end was told then, and there is nothing to add.
   */
  private refuse(answer: Answer<"refused">, source: number, time: number): void {
    const { orders, journal } = this.state;
    assert(orders.wasIssued(answer.orderId), `order ${answer.orderId} was never issued`);
    const order = orders.find(answer.orderId);
    if (!order) return;
    assert(order.instrument === source, `order ${order.id} is not at market ${source}`);
    orders.touch(order, journal.append(order.account, answer), time);
  }

  private release(order: Order, quantity: number): void {
    const hold = holdOf(this.instrumentOf(order), order.side, order.price, quantity);
    this.state.balances.move(order.account, hold.asset, 0, -hold.amount);
  }

  private instrumentOf(order: Order): Instrument {
    return this.state.listings.of(order.instrument).instrument;
  }

  private liveOrder(id: number, market: number): Order {
    const order = this.state.orders.find(id);
    assert(order !== undefined, `market ${market} speaks of order ${id}, which is not here`);
    assert(order.instrument === market, `order ${id} is not at market ${market}`);
    assert(!isFinal(order.status), `market ${market} speaks of order ${id}, which has ended`);
    return order;
  }

  /** Whoever has no open order has nothing held: a hold that was not released would be lost to its account. */
  private checkNothingHeld(account: Account): void {
    if (account.openOrders > 0) return;
    for (const { asset, held } of account.balances.values()) {
      assert(held === 0, `account ${account.id} has no open order, yet ${held} of ${asset} held`);
    }
  }
}
