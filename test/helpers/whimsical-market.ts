/**
 * A market without any sense, for testing ledgers: it takes its commands whenever it likes and answers whatever is
 * allowed: any trade that both limits permit (also with orders of other shards), any end, any reduction, any wait. Only
 * pairs it keeps as they are: what one order of a pair does ends the other, and that is what it tells next.
 */
import { Code } from "../../actors/kernel/codes.js";
import { OrderRequest, Side } from "../../actors/kernel/order.js";
import { isStop } from "../../actors/kernel/order-terms.js";
import type { MarketAnswer } from "../../actors/ledger/messages.js";
import {
  type AmendOrder,
  type EnterOrder,
  isOrderCommand,
  type MarketCommand,
} from "../../actors/market/messages.js";

/** A choice: what to do, and numbers to pick with. */
export interface Whim {
  readonly act:
    | "take"
    | "trade"
    | "tradeOutside"
    | "rest"
    | "wait"
    | "end"
    | "decrement"
    | "reprice"
    | "reference";
  readonly first: number;
  readonly second: number;
  readonly third: number;
}

type Mutable<T> = { -readonly [Key in keyof T]: T[Key] };

interface OpenOrder extends Mutable<EnterOrder> {
  leaves: number;
  isFresh: boolean;
  hasTraded: boolean;
}

const REQUESTS = {
  cancel: OrderRequest.Cancel,
  reduce: OrderRequest.Reduce,
  amend: OrderRequest.Amend,
} as const;

/** The orders of shards that nobody here plays. */
const OUTSIDE_SHARD = 500;

const ENDS = [
  Code.IMMEDIATE_REMAINDER,
  Code.EXPIRED,
  Code.DAY_ENDED,
  Code.SELF_TRADE_PREVENTED,
  Code.CANCELLED_BY_OPERATOR,
  Code.STOP_ALREADY_TRIGGERED,
];

export class WhimsicalMarket {
  readonly id: number;
  private readonly lot: number;
  private readonly inbox: MarketCommand[] = [];
  private readonly open = new Map<number, OpenOrder>();
  /** Ends that have happened and are told next. */
  private readonly following: MarketAnswer[] = [];
  private sequence = 0;
  private trades = 0;
  /** How many amends it has done, and how many trades there were while one was on its way. */
  amends = 0;
  races = 0;
  /** How many orders it has given another limit. */
  reprices = 0;
  /** How many trades have ended the other of a pair. */
  pairTrades = 0;

  constructor(id: number, lot: number) {
    this.id = id;
    this.lot = lot;
  }

  receive(command: MarketCommand): void {
    this.inbox.push(command);
  }

  answer(whim: Whim): MarketAnswer | null {
    const next = this.following.shift();
    if (next) return next;
    this.sequence += 1;
    if (whim.act === "take") return this.take();
    if (whim.act === "reference") {
      return { kind: "reference", instrument: this.id, price: 1 + whim.first };
    }
    if (whim.act === "reprice") return this.reprice(whim.first, whim.third);
    const order = pick([...this.open.values()], whim.first);
    if (!order) return null;
    if (whim.act === "end") return this.end(order, ENDS[whim.second % ENDS.length]!);
    if (whim.act === "rest") return this.rest(order);
    if (whim.act === "wait") return this.wait(order);
    if (whim.act === "decrement") return this.decrement(order, whim.third);
    if (whim.act === "tradeOutside") return this.tradeOutside(order, whim);
    const other = pick(
      [...this.open.values()].filter((other) => canTrade(order, other)),
      whim.second,
    );
    return other ? this.trade(order, other, whim.third) : null;
  }

  private take(): MarketAnswer | null {
    const command = this.inbox.shift();
    if (!command || !isOrderCommand(command)) return null;
    if (command.kind === "enter") {
      const order = { ...command, leaves: command.quantity, isFresh: true, hasTraded: false };
      this.open.set(command.orderId, order);
      const isSecond = order.pair !== 0 && order.pair < order.orderId;
      return isSecond && !this.pairOf(order) ? this.end(order, Code.PAIR_DONE) : null;
    }
    const { orderId } = command;
    const { sequence } = this;
    const order = this.open.get(orderId);
    const request = REQUESTS[command.kind];
    if (!order) return { kind: "refused", orderId, request, code: Code.TOO_LATE, sequence };
    if (command.kind === "cancel") return this.end(order, Code.CANCELLED_BY_CLIENT);
    if (command.kind === "amend") return this.amend(order, command);
    const { leaves } = command;
    if (leaves >= order.leaves) {
      return { kind: "refused", orderId, request, code: Code.REDUCE_NOT_BELOW_LEAVES, sequence };
    }
    order.leaves = leaves;
    return { kind: "reduced", orderId, leaves, code: Code.OK, sequence };
  }

  /** All of what it asks for, or nothing where it would leave nothing. */
  private amend(order: OpenOrder, { price, change, stopPrice, display }: AmendOrder): MarketAnswer {
    const { orderId } = order;
    const { sequence } = this;
    const leaves = order.leaves + change;
    if (leaves < 1) {
      const request = OrderRequest.Amend;
      return { kind: "refused", orderId, request, code: Code.AMEND_BELOW_FILLED, sequence };
    }
    this.amends += 1;
    order.leaves = leaves;
    order.price = price || order.price;
    order.stopPrice = stopPrice || order.stopPrice;
    order.display = display || order.display;
    const terms = { price: order.price, stopPrice: order.stopPrice, display: order.display };
    return { kind: "amended", orderId, leaves, ...terms, sequence };
  }

  private rest(order: OpenOrder): MarketAnswer | null {
    if (!order.isFresh) return null;
    order.isFresh = false;
    const { orderId, leaves } = order;
    return { kind: "rested", orderId, leaves, sequence: this.sequence };
  }

  /** A new order that does so gets another limit, which is better for it by what the whim says. */
  private reprice(which: number, choice: number): MarketAnswer | null {
    const canReprice = ({ isFresh, reprices, price }: OpenOrder) =>
      isFresh && reprices && price > 1;
    const order = pick([...this.open.values()].filter(canReprice), which);
    if (!order) return null;
    order.reprices = false;
    const better = 1 + (choice % (order.price - 1));
    order.price += order.side === Side.Buy ? -better : better;
    this.reprices += 1;
    const { orderId, price } = order;
    return { kind: "repriced", orderId, price, sequence: this.sequence };
  }

  /** What waits has not traded yet; only what waits, or a stop that it takes for waiting, is triggered. */
  private wait(order: OpenOrder): MarketAnswer | null {
    const { orderId, leaves, stopPrice } = order;
    const isTriggered = isStop(order.type) && stopPrice > 0 && !order.isFresh;
    if (!isTriggered && (!order.isFresh || order.hasTraded)) return null;
    const kind = isTriggered ? "triggered" : "waiting";
    if (kind === "triggered") {
      order.stopPrice = 0;
      this.endPairOf(order);
    }
    order.isFresh = false;
    return { kind, orderId, leaves, sequence: this.sequence };
  }

  private decrement(order: OpenOrder, choice: number): MarketAnswer | null {
    const by = this.someOf(order.leaves, choice);
    if (by === order.leaves) return this.end(order, Code.SELF_TRADE_PREVENTED);
    order.leaves -= by;
    const { orderId, leaves } = order;
    const code = Code.SELF_TRADE_PREVENTED;
    return { kind: "reduced", orderId, leaves, code, sequence: this.sequence };
  }

  private end(order: OpenOrder, code: Code): MarketAnswer {
    const { orderId, leaves } = order;
    this.endPairOf(order);
    this.open.delete(orderId);
    return { kind: "ended", orderId, leaves, code, sequence: this.sequence };
  }

  /** The other of an order's pair, if both live and neither has done anything. */
  private pairOf(order: OpenOrder): OpenOrder | undefined {
    const other = this.open.get(order.pair);
    return other?.pair === order.orderId ? other : undefined;
  }

  private endPairOf(order: OpenOrder): OpenOrder | undefined {
    const other = this.pairOf(order);
    order.pair = 0;
    if (other) this.following.push(this.end(other, Code.PAIR_DONE));
    return other;
  }

  private trade(taker: OpenOrder, maker: OpenOrder, choice: number): MarketAnswer {
    const quantity = this.someOf(Math.min(taker.leaves, maker.leaves), choice);
    this.lower(maker, quantity);
    this.lower(taker, quantity);
    return this.report(taker, maker.orderId, maker.price, quantity, maker.leaves);
  }

  /** A trade with an order of another shard, at the limit or better by what the whim says. */
  private tradeOutside(order: OpenOrder, whim: Whim): MarketAnswer {
    const quantity = this.someOf(order.leaves, whim.third);
    const better = whim.second % 3 === 0 ? 0 : whim.second % order.price;
    const price = order.side === Side.Buy ? order.price - better : order.price + better;
    const outside = (this.trades + 1) * 1_024 + OUTSIDE_SHARD;
    this.lower(order, quantity);
    if (whim.first % 2 === 0) return this.report(order, outside, price, quantity, 0);
    const taker = {
      orderId: outside,
      leaves: 3,
      side: order.side === Side.Buy ? Side.Sell : Side.Buy,
    };
    return this.report(taker, order.orderId, price, quantity, order.leaves);
  }

  private report(
    taker: Pick<OpenOrder, "orderId" | "side" | "leaves">,
    makerOrder: number,
    price: number,
    quantity: number,
    makerLeaves: number,
  ): MarketAnswer {
    this.trades += 1;
    return {
      kind: "trade",
      instrument: this.id,
      tradeId: this.trades,
      price,
      quantity,
      takerSide: taker.side,
      isAuction: this.trades % 3 === 0,
      makerOrder,
      takerOrder: taker.orderId,
      makerLeaves,
      takerLeaves: taker.leaves,
      sequence: this.sequence,
    };
  }

  private lower(order: OpenOrder, quantity: number): void {
    const { orderId } = order;
    if (this.inbox.some((command) => command.kind === "amend" && command.orderId === orderId)) {
      this.races += 1;
    }
    order.leaves -= quantity;
    order.hasTraded = true;
    if (this.endPairOf(order)) this.pairTrades += 1;
    if (order.leaves === 0) this.open.delete(orderId);
  }

  /** Some whole lots of a quantity, at least one. */
  private someOf(quantity: number, choice: number): number {
    return this.lot * (1 + (choice % (quantity / this.lot)));
  }
}

function pick<T>(things: readonly T[], choice: number): T | undefined {
  return things[choice % things.length];
}

function canTrade(taker: OpenOrder, maker: OpenOrder): boolean {
  if (taker.side === maker.side) return false;
  return taker.side === Side.Buy ? taker.price >= maker.price : taker.price <= maker.price;
}
