/**
 * A market without any sense, for testing ledgers: it takes its commands whenever it likes and answers whatever is
 * allowed: any trade that both limits permit (also with orders of other shards), any end, any reduction.
 */
import { Code } from "../../actors/kernel/codes.js";
import { OrderRequest, Side } from "../../actors/kernel/order.js";
import type { MarketAnswer } from "../../actors/ledger/messages.js";
import type { EnterOrder, MarketCommand } from "../../actors/market/messages.js";

/** A choice: what to do, and numbers to pick with. */
export interface Whim {
  readonly act: "take" | "trade" | "tradeOutside" | "rest" | "end" | "reference";
  readonly first: number;
  readonly second: number;
  readonly third: number;
}

interface OpenOrder extends EnterOrder {
  leaves: number;
  isFresh: boolean;
}

/** The orders of shards that nobody here plays. */
const OUTSIDE_SHARD = 500;

export class WhimsicalMarket {
  readonly id: number;
  private readonly lot: number;
  private readonly inbox: MarketCommand[] = [];
  private readonly open = new Map<number, OpenOrder>();
  private sequence = 0;
  private trades = 0;

  constructor(id: number, lot: number) {
    this.id = id;
    this.lot = lot;
  }

  receive(command: MarketCommand): void {
    this.inbox.push(command);
  }

  /** Has it nothing left to take and nothing open? */
  get isDone(): boolean {
    return this.inbox.length === 0 && this.open.size === 0;
  }

  answer(whim: Whim): MarketAnswer | null {
    this.sequence += 1;
    if (whim.act === "take") return this.take();
    if (whim.act === "reference") {
      return { kind: "reference", instrument: this.id, price: 1 + whim.first };
    }
    const order = pick([...this.open.values()], whim.first);
    if (!order) return null;
    if (whim.act === "end") return this.end(order, Code.IMMEDIATE_REMAINDER);
    if (whim.act === "rest") return this.rest(order);
    if (whim.act === "tradeOutside") return this.tradeOutside(order, whim);
    const other = pick(
      [...this.open.values()].filter((other) => canTrade(order, other)),
      whim.second,
    );
    return other ? this.trade(order, other, whim.third) : null;
  }

  private take(): MarketAnswer | null {
    const command = this.inbox.shift();
    if (!command || command.kind === "list") return null;
    if (command.kind === "enter") {
      this.open.set(command.orderId, { ...command, leaves: command.quantity, isFresh: true });
      return null;
    }
    const { orderId } = command;
    const { sequence } = this;
    const order = this.open.get(orderId);
    const request = command.kind === "cancel" ? OrderRequest.Cancel : OrderRequest.Reduce;
    if (!order) return { kind: "refused", orderId, request, code: Code.TOO_LATE, sequence };
    if (command.kind === "cancel") return this.end(order, Code.CANCELLED_BY_CLIENT);
    const { leaves } = command;
    if (leaves >= order.leaves) {
      return { kind: "refused", orderId, request, code: Code.REDUCE_NOT_BELOW_LEAVES, sequence };
    }
    order.leaves = leaves;
    return { kind: "reduced", orderId, leaves, sequence };
  }

  private rest(order: OpenOrder): MarketAnswer | null {
    if (!order.isFresh) return null;
    order.isFresh = false;
    return {
      kind: "rested",
      orderId: order.orderId,
      leaves: order.leaves,
      sequence: this.sequence,
    };
  }

  private end(order: OpenOrder, code: Code): MarketAnswer {
    const { orderId, leaves } = order;
    this.open.delete(orderId);
    return { kind: "ended", orderId, leaves, code, sequence: this.sequence };
  }

  private trade(taker: OpenOrder, maker: OpenOrder, choice: number): MarketAnswer {
    const quantity = this.someOf(Math.min(taker.leaves, maker.leaves), choice);
    this.lower(taker, quantity);
    this.lower(maker, quantity);
    return this.report(taker, maker.orderId, maker.price, quantity, maker.leaves);
  }

  /** A trade with an order of another shard, at the limit or better by what the whim says. */
  private tradeOutside(order: OpenOrder, whim: Whim): MarketAnswer {
    const quantity = this.someOf(order.leaves, whim.third);
    const better = whim.second % order.price;
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
      makerOrder,
      takerOrder: taker.orderId,
      makerLeaves,
      takerLeaves: taker.leaves,
      sequence: this.sequence,
    };
  }

  private lower(order: OpenOrder, quantity: number): void {
    order.leaves -= quantity;
    if (order.leaves === 0) this.open.delete(order.orderId);
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
