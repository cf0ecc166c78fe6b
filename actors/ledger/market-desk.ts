/**
 * What markets answer: trades are settled, holds released, and each account told in its own journal (R7, R9). A
 * market's word is trusted but checked: what does not fit the shard's own books is a bug of ours and stops the shard.
 */
import type { Envelope } from "../kernel/actor.js";
import { assert, assertNever } from "../kernel/assert.js";
import { MalformedError } from "../kernel/bytes.js";
import { Code } from "../kernel/codes.js";
import { houseAccountOf, shardOfOrder } from "../kernel/ids.js";
import { type Instrument, notional } from "../kernel/instrument.js";
import { isFinal, Liquidity, OrderRequest, OrderStatus, Side } from "../kernel/order.js";
import type { Account } from "./accounts.js";
import type { LedgerState } from "./ledger-state.js";
import { decodeLedgerCommand, type MarketAnswer, type TradeReport } from "./messages.js";
import { endedStatus, type Order } from "./order.js";
import { checkNothingHeld, heldAlone, heldWith, release } from "./order-hold.js";

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
        assert(answer.instrument.id === source, "%s defines %s", source, answer.instrument.id);
        return this.state.listings.define(answer.instrument);
      case "reference":
        assert(answer.instrument === source, "%s speaks for %s", source, answer.instrument);
        return this.state.listings.setReference(answer.instrument, answer.price);
      case "trade":
        assert(answer.instrument === source, "%s speaks for %s", source, answer.instrument);
        return this.settle(answer, time);
      case "rested":
      case "waiting":
      case "triggered":
        return this.stand(this.liveOrder(answer.orderId, source), answer, time);
      case "amended":
        return this.amend(this.liveOrder(answer.orderId, source), answer, time);
      case "repriced":
        return this.reprice(this.liveOrder(answer.orderId, source), answer, time);
      case "ended":
        return this.end(this.liveOrder(answer.orderId, source), answer, time);
      case "reduced":
        return this.reduce(this.liveOrder(answer.orderId, source), answer, time);
      case "refused":
        return this.refuse(answer, source, time);
      case "open":
      case "open-sub-account":
      case "deposit":
      case "withdraw":
      case "transfer":
      case "decide-withdrawal":
      case "set-account":
      case "set-group":
      case "set-tier":
      case "set-limits":
      case "set-review-limit":
      case "decide-review":
      case "place":
      case "place-pair":
      case "amend":
      case "cancel-all":
      case "resolve":
      case "credit":
      case "credited":
        throw new MalformedError(`a market sent the command ${answer.kind}`);
      default:
        assertNever(answer);
    }
  }

  /** Settles the sides of a trade that this shard issued, the maker's first. In an auction nobody is either. */
  private settle(trade: TradeReport, time: number): void {
    const { makerOrder, takerOrder, makerLeaves, takerLeaves, isAuction } = trade;
    const isMakerHere = shardOfOrder(makerOrder) === this.state.id;
    const isTakerHere = shardOfOrder(takerOrder) === this.state.id;
    assert(isMakerHere || isTakerHere, "trade %s has no side here", trade.tradeId);
    const maker = isMakerHere ? this.liveOrder(makerOrder, trade.instrument) : null;
    const taker = isTakerHere ? this.liveOrder(takerOrder, trade.instrument) : null;
    if (maker) {
      assert(maker.side !== trade.takerSide, "trade %s has one side twice", trade.tradeId);
      const liquidity = isAuction ? Liquidity.Auction : Liquidity.Maker;
      this.fill(maker, trade, liquidity, makerLeaves, time);
    }
    if (taker) {
      assert(taker.side === trade.takerSide, "trade %s has one side twice", trade.tradeId);
      const liquidity = isAuction ? Liquidity.Auction : Liquidity.Taker;
      this.fill(taker, trade, liquidity, takerLeaves, time);
    }
    if (maker && taker) this.watchOwner(maker.account, taker.account);
  }

  /** Self-trade prevention would have taken them for one: both are warned. */
  private watchOwner(one: Account, other: Account): void {
    const { accounts, watching } = this.state;
    if (accounts.ownerOf(one) !== accounts.ownerOf(other)) return;
    watching.selfTrade(one);
    if (other !== one) watching.selfTrade(other);
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
    assert(quantity > 0, "trade %s of nothing", tradeId);
    assert(
      order.leaves - quantity === leaves,
      "trade %s: order %s leaves %s",
      tradeId,
      order.id,
      leaves,
    );
    assert(!order.isPairDone, "order %s trades, though its pair has", order.id);
    const side = order.side as Side;
    const other = orders.pairOf(order);
    const fee = this.pay(order, price, quantity, order.id === trade.makerOrder);
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
      fee,
      sequence: marketSequence,
    });
    if (fee !== 0) this.keep(order, trade, fee, time);
    const status = leaves === 0 ? OrderStatus.Filled : OrderStatus.PartiallyFilled;
    const progress = { filled: order.filled + quantity, leaves, status, code: Code.OK };
    if (other) orders.endPair(other, sequence, time);
    orders.setWaiting(order, false);
    orders.progress(order, progress, sequence, time);
    counters.fills += 1;
    if (leaves === 0) checkNothingHeld(this.state, order.account);
  }

  /**
   * Moves the money of one side, and releases what was held for it at the order's own limit, whatever the price was. Returns
   * the fee.
   */
  private pay(order: Order, price: number, quantity: number, isMaker: boolean): number {
    const { balances, flows, orders } = this.state;
    const { account } = order;
    const instrument = this.instrumentOf(order);
    const { id, baseAsset, quoteAsset } = instrument;
    const value = notional(instrument, price, quantity);
    const held = heldWith(this.state, order, order);
    const fee = orders.charge(order, isMaker, value);
    const released = held - heldAlone(this.state, order, order.leaves - quantity);
    if (order.side === Side.Buy) {
      assert(price <= order.price, "order %s bought above its limit", order.id);
      assert(released >= value + fee, "order %s costs more than is held", order.id);
      balances.move(account, quoteAsset, -value - fee, -released);
      balances.move(account, baseAsset, quantity, 0);
      flows.bought(id, quantity, value);
    } else {
      assert(price >= order.price, "order %s sold below its limit", order.id);
      balances.move(account, baseAsset, -quantity, -released);
      balances.move(account, quoteAsset, value - fee, 0);
      flows.sold(id, quantity, value);
    }
    return fee;
  }

  /** What one side pays the shard's house account gets, or gives. */
  private keep(order: Order, trade: TradeReport, fee: number, time: number): void {
    const { accounts, balances, journal } = this.state;
    const id = houseAccountOf(this.state.id);
    const house = accounts.find(id) ?? accounts.open(id, time);
    const { quoteAsset } = this.instrumentOf(order);
    const { instrument, tradeId } = trade;
    balances.move(house, quoteAsset, fee, 0);
    const { id: orderId } = order;
    journal.append(house, { kind: "fee", orderId, tradeId, instrument, asset: quoteAsset, fee });
  }

  /** The order is on the book, or waits, or has been triggered. */
  private stand(
    order: Order,
    answer: Answer<"rested" | "waiting" | "triggered">,
    time: number,
  ): void {
    const { leaves } = answer;
    assert(order.leaves === leaves, "order %s is %s with %s", order.id, answer.kind, leaves);
    const sequence = this.state.journal.append(order.account, answer);
    const status = order.filled > 0 ? OrderStatus.PartiallyFilled : OrderStatus.New;
    const progress = { filled: order.filled, leaves, status, code: Code.OK };
    this.state.orders.progress(order, progress, sequence, time);
    this.state.orders.setWaiting(order, answer.kind === "waiting");
  }

  /** The terms and the hold are from now on what was asked for, exactly. */
  private amend(order: Order, answer: Answer<"amended">, time: number): void {
    const { journal, orders } = this.state;
    const { orderId, price, leaves, display, sequence: marketSequence } = answer;
    const { amend } = order;
    assert(amend !== null, "order %s is amended, which nobody has asked for", orderId);
    assert(
      price === amend.price && leaves === order.leaves + amend.change,
      "order %s is amended to %s at %s",
      orderId,
      leaves,
      price,
    );
    const quantity = order.filled + leaves;
    // One that was triggered has no stop price any more; what it was stays on record.
    const stopPrice = answer.stopPrice || order.stopPrice;
    const terms = { price, quantity, leaves, stopPrice, display };
    release(this.state, order, { price, leaves, amend: null });
    const event = { kind: "amended", orderId, ...terms, sequence: marketSequence } as const;
    orders.endAmend(order, terms, journal.append(order.account, event), time);
  }

  /** A better limit than it was held at: the account may have asked to amend it meanwhile, which its market is still to answer. */
  private reprice(order: Order, answer: Answer<"repriced">, time: number): void {
    const { journal, orders } = this.state;
    const { orderId, price } = answer;
    const isBetter = order.side === Side.Buy ? price < order.price : price > order.price;
    assert(order.reprices && isBetter, "order %s is repriced to %s", orderId, price);
    const { leaves, amend } = order;
    release(this.state, order, { price, leaves, amend });
    orders.reprice(order, price, journal.append(order.account, answer), time);
  }

  private end(order: Order, answer: Answer<"ended">, time: number): void {
    const { orders, journal, counters, watching } = this.state;
    assert(order.leaves === answer.leaves, "order %s ends with %s", order.id, answer.leaves);
    const { account, price, amend, created } = order;
    // Its market has ended the other of its pair by that.
    const cancels = orders.pairOf(order) ? 2 : 1;
    release(this.state, order, { price, leaves: 0, amend });
    const sequence = journal.append(account, answer);
    const { code } = answer;
    const progress = { filled: order.filled, leaves: 0, status: endedStatus(code), code };
    orders.progress(order, progress, sequence, time);
    counters.ordersCancelled += 1;
    if (code === Code.CANCELLED_BY_CLIENT) watching.cancel(account, created, cancels);
    checkNothingHeld(this.state, account);
  }

  private reduce(order: Order, answer: Answer<"reduced">, time: number): void {
    const { leaves } = answer;
    assert(leaves > 0 && leaves < order.leaves, "order %s is reduced to %s", order.id, leaves);
    const { price, amend } = order;
    release(this.state, order, { price, leaves, amend });
    const sequence = this.state.journal.append(order.account, answer);
    const { filled, status, code } = order;
    this.state.orders.progress(order, { filled, leaves, status, code }, sequence, time);
  }

  /**
   * Tells the account that its request came to nothing, and may be asked for again. The order may have ended meanwhile, and
   * memory may even have forgotten it; its end was told then, and there is nothing to add.
   */
  private refuse(answer: Answer<"refused">, source: number, time: number): void {
    const { orders, journal } = this.state;
    assert(orders.wasIssued(answer.orderId), "order %s was never issued", answer.orderId);
    const order = orders.find(answer.orderId);
    if (!order) return;
    assert(order.instrument === source, "order %s is not at market %s", order.id, source);
    const sequence = journal.append(order.account, answer);
    if (isFinal(order.status) || answer.request === OrderRequest.Reduce) {
      return orders.touch(order, sequence, time);
    }
    if (answer.request === OrderRequest.Cancel) {
      return orders.setCancelling(order, false, sequence, time);
    }
    const { price, leaves } = order;
    release(this.state, order, { price, leaves, amend: null });
    orders.endAmend(order, null, sequence, time);
  }

  private instrumentOf(order: Order): Instrument {
    return this.state.listings.of(order.instrument).instrument;
  }

  private liveOrder(id: number, market: number): Order {
    const order = this.state.orders.find(id);
    assert(order !== undefined, "market %s speaks of order %s, which is not here", market, id);
    assert(order.instrument === market, "order %s is not at market %s", id, market);
    assert(!isFinal(order.status), "market %s speaks of order %s, which has ended", market, id);
    assert(
      order.reviewUntil === 0,
      "market %s speaks of order %s, which it was never given",
      market,
      id,
    );
    return order;
  }
}
