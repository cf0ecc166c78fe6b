/** Orders that are held for review: which are, what becomes of them, and what it does to money, pairs, amends and failovers. */
import { describe, expect, it } from "vitest";
import { Code, codeName } from "../../actors/kernel/codes.js";
import { sourceOfSlot } from "../../actors/kernel/ids.js";
import { EXPIRIES_AT_ONCE_MAX, REVIEW_TIME_LIMIT_SECONDS } from "../../actors/kernel/limits.js";
import {
  OrderRequest,
  OrderStatus,
  OrderType,
  Side,
  TimeInForce,
} from "../../actors/kernel/order.js";
import {
  encodeLedgerCommand,
  type NewOrder,
  NO_NEW_TERMS,
  NO_OTHER_TERMS,
  type PlaceOrder,
} from "../../actors/ledger/messages.js";
import {
  ALICE,
  BASE,
  BOB,
  codeOf,
  MARKET,
  NOON,
  QUOTE,
  SLOT,
  type Step,
  Teller,
} from "../helpers/ledger.js";

const FUNDS = { base: 1_000, quote: 1_000_000 };
/** What ten at a hundred are worth: an order of just this is not held. */
const LIMIT = 3_000;
const MICROS_PER_SECOND = 1_000_000;
const TIME_LIMIT = REVIEW_TIME_LIMIT_SECONDS * MICROS_PER_SECOND;

/** A desk at which Alice's orders above the limit are held. */
class Desk extends Teller {
  constructor(value = LIMIT) {
    super(FUNDS);
    this.limit(value);
  }

  limit(value: number, account = ALICE, asset = QUOTE): Step {
    return this.ask({ kind: "set-review-limit", account, asset, value });
  }

  /** An order of twenty, which is above the limit. */
  held(changes: Partial<PlaceOrder> = {}): number {
    return this.placed({ quantity: 20, ...changes });
  }

  decide(orderId: number, isApproved: boolean, account = ALICE): Step {
    return this.ask({ kind: "decide-review", account, orderId, clientOrderId: "", isApproved });
  }

  request(orderId: number, request: OrderRequest, terms: object = {}): Step {
    const named = { orderId, clientOrderId: "", leaves: 0, ...NO_NEW_TERMS, ...terms };
    return this.ask({ kind: "amend", account: ALICE, request, ...named });
  }

  pair(quantities: readonly [number, number]): readonly [number, number] {
    const legs = quantities.map(
      (quantity, at): NewOrder => ({
        clientOrderId: `leg-${at}`,
        instrument: MARKET,
        side: Side.Buy,
        type: OrderType.Limit,
        timeInForce: TimeInForce.GoodTillCancel,
        price: 100,
        quantity,
        ...NO_OTHER_TERMS,
      }),
    );
    const { events, sends } = this.ask({
      kind: "place-pair",
      account: ALICE,
      legs: [legs[0]!, legs[1]!],
    });
    expect(events.map(({ kind }) => kind)).toEqual(["accepted", "accepted", "review", "review"]);
    expect(sends).toEqual([]);
    const ids = events.flatMap((event) => (event.kind === "accepted" ? [event.orderId] : []));
    return [ids[0]!, ids[1]!];
  }

  /** Status, code, what is left, and until when it is held. */
  standing(orderId: number): unknown[] {
    const { status, code, leaves, review_until } = this.order(orderId);
    return [status, codeName(code as number), leaves, review_until ?? 0];
  }

  get quote(): [total: number, held: number] {
    return this.balance(ALICE, QUOTE);
  }
}

/** What a step told, in short. */
function told({ events }: Step): unknown[] {
  return events.map((event) => {
    if (event.kind === "ended") return [event.kind, event.orderId, codeName(event.code)];
    return "orderId" in event ? [event.kind, event.orderId] : [event.kind];
  });
}

const PENDING = [OrderStatus.PendingNew, "OK"];

describe("the limit above which orders are held for review", () => {
  it("is told, kept, and the same again changes nothing", () => {
    const desk = new Desk();
    expect(desk.limit(5_000).events).toMatchObject([
      { kind: "review-limit", asset: QUOTE, value: 5_000 },
    ]);
    expect(codeOf(desk.limit(5_000))).toBe("OK again");
    expect(codeOf(desk.limit(0, BOB))).toBe("OK again");
    expect(codeOf(desk.limit(1, ALICE, 0))).toBe("UNKNOWN_ASSET");
    desk.restart();
    expect(codeOf(desk.limit(5_000))).toBe("OK again");
    expect(desk.tables.rows("review_limits")).toMatchObject([{ account: ALICE, value: 5_000 }]);
  });

  it("holds what is worth more, of either side, and of a market order by the limit that is held at", () => {
    const desk = new Desk();
    expect(desk.place({ clientOrderId: "at" }).sends).toHaveLength(1);
    const step = desk.place({ clientOrderId: "above", quantity: 20 });
    expect(step.sends).toEqual([]);
    const orderId = 2 * 1_024 + 1;
    const until = NOON + TIME_LIMIT;
    expect(step.events).toMatchObject([
      { kind: "accepted", orderId, quantity: 20 },
      { kind: "review", orderId, until },
    ]);
    expect(desk.standing(orderId)).toEqual([...PENDING, 20, until]);
    expect(desk.place({ clientOrderId: "sell", side: Side.Sell, quantity: 20 }).sends).toEqual([]);
    const market = { type: OrderType.Market, timeInForce: TimeInForce.ImmediateOrCancel, price: 0 };
    expect(desk.place({ clientOrderId: "market", ...market }).sends).toEqual([]);
    expect(desk.place({ clientOrderId: "of Bob", account: BOB, quantity: 20 }).sends).toHaveLength(
      1,
    );
  });

  it("is of one asset, and lifted by nothing more than 0", () => {
    const desk = new Desk(0);
    desk.limit(1, ALICE, BASE);
    expect(desk.place({ quantity: 20 }).sends).toHaveLength(1);
    desk.limit(LIMIT);
    desk.held({ clientOrderId: "b" });
    desk.limit(0);
    expect(desk.place({ clientOrderId: "c", quantity: 20 }).sends).toHaveLength(1);
  });
});

describe("an order that is held for review", () => {
  it("goes to its market when it is approved, as it was taken, and has its money held all the time", () => {
    const desk = new Desk();
    const orderId = desk.held();
    expect(desk.quote).toEqual([1_000_000, 6_000]);
    const approved = desk.decide(orderId, true);
    expect(approved.events).toMatchObject([{ kind: "reviewed", orderId, isApproved: true }]);
    expect(approved.sends).toMatchObject([{ kind: "enter", orderId, price: 100, quantity: 20 }]);
    expect(desk.standing(orderId)).toEqual([...PENDING, 20, 0]);
    expect(desk.quote).toEqual([1_000_000, 6_000]);
    desk.answer({ kind: "rested", orderId, leaves: 20, sequence: 1 });
    expect(desk.order(orderId)).toMatchObject({ status: OrderStatus.New });
    expect(codeOf(desk.decide(orderId, true))).toBe("ORDER_NOT_UNDER_REVIEW");
    expect(desk.wait(TIME_LIMIT).events).toEqual([]);
  });

  it("ends when it is refused, and gives back what was held", () => {
    const desk = new Desk();
    const orderId = desk.held();
    const refused = desk.decide(orderId, false);
    expect(told(refused)).toEqual([
      ["reviewed", orderId],
      ["ended", orderId, "REVIEW_REFUSED"],
    ]);
    expect(refused.sends).toEqual([]);
    expect(desk.standing(orderId)).toEqual([OrderStatus.Cancelled, "REVIEW_REFUSED", 0, 0]);
    expect(desk.quote).toEqual([1_000_000, 0]);
    expect(codeOf(desk.decide(orderId, false))).toBe("OK again");
    expect(codeOf(desk.decide(orderId, true))).toBe("ORDER_NOT_UNDER_REVIEW");
    expect(codeOf(desk.place({ quantity: 20 }))).toBe("OK again");
  });

  it("is decided on by its client order id too, and only as one of its account", () => {
    const desk = new Desk();
    const orderId = desk.held();
    expect(codeOf(desk.decide(orderId, true, BOB))).toBe("UNKNOWN_ORDER");
    const named = { account: ALICE, orderId: 0, clientOrderId: "a", isApproved: true };
    expect(desk.ask({ kind: "decide-review", ...named }).sends).toHaveLength(1);
  });

  it("is cancelled by its client at once", () => {
    const desk = new Desk();
    const orderId = desk.held();
    const cancelled = desk.request(orderId, OrderRequest.Cancel);
    expect(told(cancelled)).toEqual([
      ["requested", orderId],
      ["ended", orderId, "CANCELLED_BY_CLIENT"],
    ]);
    expect(cancelled.sends).toEqual([]);
    expect(desk.quote).toEqual([1_000_000, 0]);
  });

  it("is cancelled with all others, and is no market's", () => {
    const desk = new Desk();
    const open = desk.placed({ clientOrderId: "open" });
    const orderId = desk.held();
    const step = desk.ask({ kind: "cancel-all", account: ALICE, instrument: 0, side: 0 });
    expect(step.events).toMatchObject([
      { kind: "cancel-all", orders: 2 },
      { kind: "ended", orderId, code: Code.CANCELLED_BY_CLIENT, sequence: 0 },
    ]);
    expect(step.sends).toEqual([{ kind: "cancel", orderId: open }]);
  });

  it.each([
    [OrderRequest.Reduce, { leaves: 10 }],
    [OrderRequest.Amend, { price: 95 }],
  ])("can be changed in no other way: request %i", (request, terms) => {
    const desk = new Desk();
    const orderId = desk.held();
    expect(codeOf(desk.request(orderId, request, terms))).toBe("ORDER_UNDER_REVIEW");
    expect(desk.decide(orderId, true).sends).toMatchObject([{ price: 100, quantity: 20 }]);
  });

  it("ends when its time is over, with or without a command, and not a moment before", () => {
    const desk = new Desk();
    const orderId = desk.held();
    expect(desk.shard.due()).toBe(NOON + TIME_LIMIT);
    expect(desk.wait(TIME_LIMIT - 1).events).toEqual([]);
    const over = desk.wait(1);
    expect(told(over)).toEqual([["ended", orderId, "REVIEW_TIME_OVER"]]);
    expect(desk.standing(orderId)).toEqual([OrderStatus.Expired, "REVIEW_TIME_OVER", 0, 0]);
    expect(desk.quote).toEqual([1_000_000, 0]);
    expect(desk.shard.due()).toBe(Infinity);
    expect(desk.wait(0).events).toEqual([]);
    expect(codeOf(desk.decide(orderId, true))).toBe("ORDER_NOT_UNDER_REVIEW");
  });

  it("does not go on once its time is over, tick or no tick", () => {
    const desk = new Desk();
    const orderId = desk.held();
    desk.time += TIME_LIMIT;
    const late = desk.decide(orderId, true);
    expect(told(late)).toEqual([["ended", orderId, "REVIEW_TIME_OVER"]]);
    expect(codeOf(late)).toBe("ORDER_NOT_UNDER_REVIEW");
    expect(late.sends).toEqual([]);
  });

  it("is one of so many at most that are ended at once; the others do not go on either", () => {
    const desk = new Desk(100);
    for (let at = 0; at <= EXPIRIES_AT_ONCE_MAX; at++) {
      desk.held({ clientOrderId: `held ${at}`, price: 5 });
    }
    const last = { account: ALICE, orderId: 0, clientOrderId: `held ${EXPIRIES_AT_ONCE_MAX}` };
    const command = { kind: "decide-review", deadline: 0, ...last, isApproved: true } as const;
    desk.time += TIME_LIMIT;
    desk.shard.advance(desk.time);
    const envelope = { source: sourceOfSlot(SLOT), token: 1, number: 1e6 };
    desk.shard.apply({ ...envelope, payload: encodeLedgerCommand(command) }, desk.time);
    const step = desk.commit();
    expect(step.events).toHaveLength(EXPIRIES_AT_ONCE_MAX);
    expect(codeOf(step)).toBe("REVIEW_TIME_OVER");
    expect(desk.shard.due()).toBeLessThanOrEqual(desk.time);
    expect(desk.wait(0).events).toHaveLength(1);
    expect(desk.shard.due()).toBe(Infinity);
  });

  it("waits no longer than it is good for", () => {
    const desk = new Desk();
    const expires = NOON + 5 * MICROS_PER_SECOND;
    const orderId = desk.held({ timeInForce: TimeInForce.GoodTillDate, expires });
    const later = desk.held({ clientOrderId: "later" });
    expect(desk.shard.due()).toBe(expires);
    expect(told(desk.wait(5 * MICROS_PER_SECOND))).toEqual([["ended", orderId, "EXPIRED"]]);
    expect(desk.shard.due()).toBe(desk.order(later)["review_until"]);
  });

  it("cannot be approved for an account that may not trade by now, but can be refused", () => {
    const desk = new Desk();
    const orderId = desk.held();
    desk.ask({ kind: "set-account", account: ALICE, state: 3 });
    expect(codeOf(desk.decide(orderId, true))).toBe("ACCOUNT_FROZEN");
    expect(told(desk.decide(orderId, false)).at(-1)).toEqual(["ended", orderId, "REVIEW_REFUSED"]);
  });

  it("counts as an open order, whose account cannot be closed", () => {
    const desk = new Desk();
    desk.ask({
      kind: "set-limits",
      account: ALICE,
      ordersPerDay: 0,
      openOrders: 1,
      requestsPerSecond: 0,
    });
    desk.held();
    expect(desk.place({ clientOrderId: "b" }).events).toMatchObject([
      { kind: "rejected", code: Code.TOO_MANY_OPEN_ORDERS },
    ]);
    expect(codeOf(desk.ask({ kind: "set-account", account: ALICE, state: 4 }))).toBe(
      "ACCOUNT_NOT_EMPTY",
    );
  });

  it("is the same after a failover, and so is when it is due", () => {
    const desk = new Desk();
    const [first, second] = [desk.held(), desk.held({ clientOrderId: "b" })];
    const [hash, due] = [desk.shard.stateHash(), desk.shard.due()];
    desk.restart();
    expect([desk.shard.stateHash(), desk.shard.due()]).toEqual([hash, due]);
    expect(desk.decide(first, true).sends).toMatchObject([{ kind: "enter", orderId: first }]);
    desk.restart();
    expect(told(desk.wait(TIME_LIMIT))).toEqual([["ended", second, "REVIEW_TIME_OVER"]]);
  });
});

describe("a pair of which one order is above the limit", () => {
  it("is held as a whole, once, and goes to its market in its order when either is approved", () => {
    const desk = new Desk();
    const [first, second] = desk.pair([10, 20]);
    expect(desk.quote).toEqual([1_000_000, 6_000]);
    const approved = desk.decide(second, true);
    expect(told(approved)).toEqual([
      ["reviewed", first],
      ["reviewed", second],
    ]);
    expect(approved.sends).toMatchObject([
      { kind: "enter", orderId: first, pair: second },
      { kind: "enter", orderId: second, pair: first },
    ]);
    expect(desk.quote).toEqual([1_000_000, 6_000]);
  });

  it("ends as a whole when either is refused or cancelled, and when its time is over", () => {
    const desk = new Desk();
    const [one, other] = desk.pair([20, 10]);
    expect(told(desk.decide(other, false)).slice(2)).toEqual([
      ["ended", one, "REVIEW_REFUSED"],
      ["ended", other, "REVIEW_REFUSED"],
    ]);
    expect(desk.quote).toEqual([1_000_000, 0]);

    const again = new Desk();
    const [first, second] = again.pair([20, 10]);
    expect(told(again.request(second, OrderRequest.Cancel)).slice(1)).toEqual([
      ["ended", first, "PAIR_DONE"],
      ["ended", second, "CANCELLED_BY_CLIENT"],
    ]);
    expect(again.quote).toEqual([1_000_000, 0]);

    const late = new Desk();
    const [early, last] = late.pair([20, 10]);
    expect(told(late.wait(TIME_LIMIT))).toEqual([
      ["ended", early, "REVIEW_TIME_OVER"],
      ["ended", last, "REVIEW_TIME_OVER"],
    ]);
    expect(late.quote).toEqual([1_000_000, 0]);
  });

  it("is ended once by a cancel of all", () => {
    const desk = new Desk();
    const [first, second] = desk.pair([20, 10]);
    const step = desk.ask({ kind: "cancel-all", account: ALICE, instrument: MARKET, side: 0 });
    expect(told(step)).toEqual([
      ["cancel-all"],
      ["ended", first, "CANCELLED_BY_CLIENT"],
      ["ended", second, "PAIR_DONE"],
    ]);
    expect(step.sends).toEqual([]);
  });
});

describe("an amend of an order that is open", () => {
  it("makes it worth no more than may go without a review, but less than it is at any time", () => {
    const desk = new Desk();
    const small = desk.placed();
    const amend = (orderId: number, terms: object) =>
      codeOf(desk.request(orderId, OrderRequest.Amend, terms));
    expect(amend(small, { quantity: 20 })).toBe("AMEND_NEEDS_REVIEW");
    expect(amend(small, { price: 105 })).toBe("AMEND_NEEDS_REVIEW");
    expect(amend(small, { price: 95 })).toBeUndefined();
    const large = desk.held({ clientOrderId: "large", quantity: 50 });
    desk.decide(large, true);
    expect(amend(large, { quantity: 60 })).toBe("AMEND_NEEDS_REVIEW");
    expect(amend(large, { quantity: 40 })).toBeUndefined();
  });
});
