/**
 * A market as one would play it with pencil and paper, from the commands that its batches have applied: by price, then by
 * time, at the maker's price. Knows the formats and nothing of the exchange's code.
 */
import { Unreadable } from "./bytes.js";
import { readMarketCommand, type SeenEnter, type SeenFrame } from "./decode.js";
import { readOperatorCommand, type SeenRules, type SeenStanding } from "./decode-market.js";

export const BUY = 1;
export const SELL = 2;
const LIMIT = 1;
const MARKET = 2;
const GOOD_TILL_CANCEL = 1;
const IMMEDIATE_OR_CANCEL = 2;
const GOOD_TILL_DATE = 4;
const CONTINUOUS = 1;
const CLOSED = 9;
/** Phases in which orders gather for an auction: nobody here knows how. */
const COLLECTING: ReadonlySet<number> = new Set([2, 3, 4, 5]);
const TYPES: ReadonlySet<number> = new Set([LIMIT, MARKET]);
const TIMES_IN_FORCE: ReadonlySet<number> = new Set([
  GOOD_TILL_CANCEL,
  IMMEDIATE_OR_CANCEL,
  GOOD_TILL_DATE,
]);
const BASIS_POINTS = 10_000;
/** Of a market that nobody has set any for. */
const FIRST_RULES: SeenRules = {
  staticBandBps: 2_000,
  dynamicBandBps: 0,
  breakerBps: 0,
  breakerWindowSeconds: 300,
  breakerHaltSeconds: [60, 300, 900],
  orderQuantityMax: 1_000_000_000_000,
  orderValueMax: 9_007_199_254_740_991,
};

export interface Resting {
  readonly orderId: number;
  readonly account: number;
  readonly side: number;
  readonly price: number;
  readonly expires: number;
  leaves: number;
}

export interface PaperTrade {
  readonly price: number;
  readonly quantity: number;
  readonly makerOrder: number;
  readonly takerOrder: number;
  readonly takerSide: number;
}

export class PaperMarket {
  readonly entered = new Set<number>();
  private readonly orders = new Map<number, Resting>();
  /** The orders of each side, the best first; of those at one price, the oldest. */
  private readonly bids: Resting[] = [];
  private readonly asks: Resting[] = [];
  private isListed = false;
  private time = 0;
  private phase = CONTINUOUS;
  private rules = FIRST_RULES;
  private lastPrice = 0;
  /** What the static band is taken around. The version before stored none: whoever goes on from it begins with another. */
  sessionReference = 0;

  get standing(): SeenStanding {
    const { phase, sessionReference, lastPrice, rules } = this;
    return { phase, sessionReference, lastPrice, rules };
  }

  get resting(): ReadonlyMap<number, Resting> {
    return this.orders;
  }

  /** The best price of a side, or nothing. */
  best(side: number): Resting | undefined {
    return this.sideOf(side)[0];
  }

  /** Applies a batch; gives what it trades. Before its commands, what has expired by its time is taken off. */
  apply(time: number, frames: readonly SeenFrame[]): PaperTrade[] {
    this.time = time;
    for (const { orderId, expires } of this.orders.values()) {
      if (expires !== 0 && expires <= time) this.remove(orderId);
    }
    const trades: PaperTrade[] = [];
    for (const { source, commands } of frames) {
      for (const payload of commands) {
        if (source < 0) this.obey(payload);
        else this.command(payload, trades);
      }
    }
    return trades;
  }

  /** What operators order, through a slot. */
  private obey(payload: Uint8Array): void {
    const command = readOperatorCommand(payload);
    if (command?.kind === "list") {
      this.isListed = true;
      if (this.lastPrice === 0) this.sessionReference = command.referencePrice;
    } else if (command?.kind === "rules") {
      const { dynamicBandBps, breakerBps } = command.rules;
      if (dynamicBandBps + breakerBps > 0) {
        throw new Unreadable("its bounds follow its trades, which is not matched again here");
      }
      this.rules = command.rules;
    } else if (command?.kind === "phase") {
      if (COLLECTING.has(command.phase)) {
        throw new Unreadable("its orders gather for an auction, which is not matched again here");
      }
      const beginsSession = this.phase === CLOSED && command.phase !== CLOSED;
      if (beginsSession && this.lastPrice > 0) this.sessionReference = this.lastPrice;
      this.phase = command.phase;
    } else if (command?.kind === "schedule") {
      if (command.entries > 0) {
        throw new Unreadable("its phases follow a schedule, which is not kept here");
      }
    } else if (command?.kind === "mass-cancel") {
      this.removeAll(command.account, command.side);
    }
  }

  private removeAll(account: number, side: number): void {
    for (const order of this.orders.values()) {
      const isMeant = [0, order.account].includes(account) && [0, order.side].includes(side);
      if (isMeant) this.remove(order.orderId);
    }
  }

  private command(payload: Uint8Array, trades: PaperTrade[]): void {
    const command = readMarketCommand(payload);
    if (command.kind === "enter") this.enter(command, trades);
    else if (command.kind === "cancel") this.remove(command.orderId);
    else this.reduce(command.orderId, command.leaves);
  }

  private enter(taker: SeenEnter, trades: PaperTrade[]): void {
    this.entered.add(taker.orderId);
    const { orderId, type, timeInForce } = taker;
    if (!TYPES.has(type) || !TIMES_IN_FORCE.has(timeInForce)) {
      throw new Unreadable(`order ${orderId} is of a kind that is not matched again here`);
    }
    if (!this.takes(taker)) return;
    const limit = this.limitOf(taker);
    let open = taker.quantity;
    while (open > 0) {
      const maker = this.best(taker.side === BUY ? SELL : BUY);
      if (!maker) break;
      if (taker.side === BUY ? maker.price > limit : maker.price < limit) break;
      const quantity = Math.min(open, maker.leaves);
      open -= quantity;
      maker.leaves -= quantity;
      if (maker.leaves === 0) this.remove(maker.orderId);
      this.lastPrice = maker.price;
      trades.push({
        price: maker.price,
        quantity,
        makerOrder: maker.orderId,
        takerOrder: taker.orderId,
        takerSide: taker.side,
      });
    }
    if (open > 0 && timeInForce !== IMMEDIATE_OR_CANCEL) {
      const { account, side, price, expires } = taker;
      this.rest({ orderId, account, side, price, expires, leaves: open });
    }
  }

  /** Nobody here has orders for any phase but continuous trading. */
  private takes(order: SeenEnter): boolean {
    const { timeInForce, expires, type, price, quantity } = order;
    const { orderQuantityMax, orderValueMax } = this.rules;
    if (!this.isListed || this.phase !== CONTINUOUS) return false;
    if (timeInForce === GOOD_TILL_DATE && expires <= this.time) return false;
    if (quantity > orderQuantityMax || price * quantity > orderValueMax) return false;
    const [lowest, highest] = this.band();
    return type !== LIMIT || (price >= lowest && price <= highest);
  }

  /** A market order stops at the band. */
  private limitOf({ type, side, price }: SeenEnter): number {
    if (type === LIMIT) return price;
    const [lowest, highest] = this.band();
    return side === BUY ? Math.min(price, highest) : Math.max(price, lowest);
  }

  private band(): readonly [lowest: number, highest: number] {
    const { sessionReference, rules } = this;
    const bps = rules.staticBandBps;
    if (bps === 0 || sessionReference === 0) return [0, Infinity];
    const width = Math.floor((sessionReference * bps) / BASIS_POINTS);
    return [sessionReference - width, sessionReference + width];
  }

  /** Behind every order that is as good, or better. */
  private rest(order: Resting): void {
    const side = this.sideOf(order.side);
    const isWorse = ({ price }: Resting) =>
      order.side === BUY ? price < order.price : price > order.price;
    let [from, to] = [0, side.length];
    while (from < to) {
      const middle = (from + to) >> 1;
      if (isWorse(side[middle]!)) to = middle;
      else from = middle + 1;
    }
    side.splice(from, 0, order);
    this.orders.set(order.orderId, order);
  }

  private remove(orderId: number): void {
    const order = this.orders.get(orderId);
    if (!order) return;
    this.orders.delete(orderId);
    const side = this.sideOf(order.side);
    side.splice(side.indexOf(order), 1);
  }

  private reduce(orderId: number, leaves: number): void {
    const order = this.orders.get(orderId);
    if (!order || leaves >= order.leaves) return;
    if (leaves === 0) this.remove(orderId);
    else order.leaves = leaves;
  }

  private sideOf(side: number): Resting[] {
    return side === BUY ? this.bids : this.asks;
  }
}
