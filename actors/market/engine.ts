/**
 * The contract of a matching engine: commands in, the event log out, the rules of `RULEBOOK.md` in between. Two engines keep
 * it: `FastEngine` trades, `NaiveEngine` is the one that a person can check, and that the fast one is checked against. Both work on
 * one `MarketState`, judge by `ladder.ts`, `phase.ts` and `protection.ts`, and share nothing else.
 */
import type { StateHash } from "../kernel/hash.js";
import { OrderType, SelfTrade, type Side, TimeInForce } from "../kernel/order.js";
import type { EventLog } from "./event-log.js";
import type { MarketState, ScheduledPhase } from "./market-state.js";
import type { OrderEntry } from "./order-entry.js";
import type { Phase } from "./phase.js";
import type { MarketRules } from "./rules.js";

/** An open order as it stands: on the book, or waiting (then `shown` is 0). */
export interface OpenOrder {
  readonly orderId: number;
  readonly account: number;
  readonly owner: number;
  readonly side: Side;
  readonly type: OrderType;
  readonly timeInForce: TimeInForce;
  readonly price: number;
  readonly leaves: number;
  readonly shown: number;
  readonly priority: number;
  readonly stopPrice: number;
  readonly display: number;
  readonly expires: number;
  /** The other of its pair; 0: it has none, or none any more. */
  readonly pair: number;
  readonly selfTrade: SelfTrade;
  readonly postOnly: boolean;
  /** Of a stop that follows the last trade: how far behind; else 0. */
  readonly trail: number;
}

/** What an amend asks for. 0 keeps what is; `change` is added to the leaves. */
export interface AmendRequest {
  readonly orderId: number;
  readonly price: number;
  readonly change: number;
  readonly stopPrice: number;
  readonly display: number;
}

/** Takes the open orders whose rows a batch must write. */
export interface OrderRows {
  /**
   * `hasNewTerms`: what the table `book` does not hold of it was changed since it was stored, and is perhaps as it was again;
   * or it is gone, if the order is ordinary now.
   * The order may be filled again for the next call: whoever keeps something of it copies it.
   */
  changed(order: OpenOrder, isNew: boolean, hasNewTerms: boolean): void;
  /** `isOrdinary`: as it was stored. */
  removed(orderId: number, isOrdinary: boolean): void;
}

export interface MatchingEngine {
  readonly state: MarketState;
  readonly log: EventLog;

  // Commands. Each takes the next number of the sequence.
  enter(entry: OrderEntry): void;
  cancel(orderId: number): void;
  reduce(orderId: number, leaves: number): void;
  amend(request: AmendRequest): void;
  /** Account 0: everybody's; side 0: both. */
  massCancel(account: number, side: Side | 0): void;
  /** `until`: when it ends by itself, into continuous trading; 0: it does not. */
  changePhase(phase: Phase, until: number): void;
  setRules(rules: MarketRules): void;
  setSchedule(schedule: readonly ScheduledPhase[]): void;

  /** Does what is due by the time of the batch that begins (7.2). In microseconds since 1970; never decreases. */
  advance(time: number): void;
  /** When something will be due; `Infinity`: never. A time that has passed: there is more to do at once. */
  due(): number;

  // Reading.
  find(orderId: number): OpenOrder | undefined;
  /** What stands on a side of the book, the order that trades first in front. */
  book(side: Side): OpenOrder[];
  /** What waits, in order of arrival. */
  waiting(): OpenOrder[];
  /** How many orders stand on a side of the book. */
  count(side: Side): number;

  // Storing.
  /** The open orders that changed since the last call and are to be written, in no order; they count as stored then. */
  takeRows(rows: OrderRows): void;
  /** Puts back an order that was stored: those of a price by priority, else in any order. */
  restore(order: OpenOrder): void;
  /** After the last `restore`. Throws when the orders cannot have been stored so. */
  finishLoading(): void;

  /** Adds what it holds to a hash: the same for the same orders, whatever the engine and however it came to them. */
  addTo(hash: StateHash): void;
  checkInvariants(): void;
}

/** Is there nothing to know of an order but what the rows of the table `book` say? */
export function isOrdinary(order: OpenOrder): boolean {
  return (
    order.type === OrderType.Limit &&
    order.timeInForce === TimeInForce.GoodTillCancel &&
    order.owner === order.account &&
    order.selfTrade === SelfTrade.Allow &&
    order.display === 0 &&
    order.pair === 0 &&
    !order.postOnly
  );
}
