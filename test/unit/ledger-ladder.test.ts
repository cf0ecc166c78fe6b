import { describe, expect, it } from "vitest";
import { Code } from "../../actors/kernel/codes.js";
import {
  CLIENT_ORDER_ID_LENGTH_MAX,
  OPEN_ORDERS_PER_ACCOUNT_MAX,
  PRICE_UNITS_MAX,
  QUANTITY_UNITS_MAX,
} from "../../actors/kernel/limits.js";
import { OrderStatus, OrderType, SelfTrade, Side, TimeInForce } from "../../actors/kernel/order.js";
import {
  encodeLedgerCommand,
  NO_OTHER_TERMS,
  type PlaceOrder,
} from "../../actors/ledger/messages.js";
import {
  ALICE,
  BASE,
  give,
  INSTRUMENT,
  MARKET,
  NOON,
  QUOTE,
  SLOT,
  Teller,
} from "../helpers/ledger.js";

const FUNDS = { base: 1_000, quote: 1_000_000 };

const HUGE = { price: PRICE_UNITS_MAX, quantity: QUANTITY_UNITS_MAX };

/** The ladder from the top; each rung's order is well but for what the rung and those below it find. */
const RUNGS: readonly (readonly [code: keyof typeof Code, changes: Partial<PlaceOrder>])[] = [
  ["DEADLINE_PASSED", { deadline: NOON - 1, instrument: 9_999 }],
  ["UNKNOWN_SYMBOL", { instrument: 9_999, side: 9 }],
  ["INVALID_SIDE", { side: 0, type: 9 }],
  ["INVALID_ORDER_TYPE", { type: 9, timeInForce: 9 }],
  ["INVALID_TIME_IN_FORCE", { timeInForce: 9, selfTrade: 9 }],
  ["INVALID_SELF_TRADE_MODE", { selfTrade: 9, quantity: 0 }],
  ["QUANTITY_NOT_POSITIVE", { quantity: 0, price: 0 }],
  ["QUANTITY_OFF_LOT", { quantity: 15, price: 0 }],
  ["QUANTITY_TOO_LARGE", { quantity: QUANTITY_UNITS_MAX + 10, price: 0 }],
  ["PRICE_OFF_TICK", { price: 101, stopPrice: 7 }],
  ["PRICE_TOO_LARGE", { price: PRICE_UNITS_MAX + 5, quantity: QUANTITY_UNITS_MAX }],
  ["STOP_PRICE_WITHOUT_STOP", { stopPrice: 7, display: 5 }],
  ["STOP_PRICE_MISSING", { type: OrderType.Stop, price: 0, display: 5 }],
  ["STOP_PRICE_OFF_TICK", { type: OrderType.StopLimit, stopPrice: 7, display: 5 }],
  ["STOP_PRICE_TOO_LARGE", { type: OrderType.StopLimit, stopPrice: PRICE_UNITS_MAX + 5 }],
  ["DISPLAY_OFF_LOT", { display: 5, postOnly: true, timeInForce: 2 }],
  ["DISPLAY_NOT_BELOW_QUANTITY", { display: 10, postOnly: true, timeInForce: 2 }],
  ["DISPLAY_OF_IMMEDIATE", { quantity: 20, display: 10, postOnly: true, timeInForce: 2 }],
  ["POST_ONLY_NOT_LIMIT", { type: OrderType.StopLimit, stopPrice: 100, postOnly: true }],
  ["POST_ONLY_IMMEDIATE", { timeInForce: 5, postOnly: true, expires: 1 }],
  ["MARKET_ORDER_TIME_IN_FORCE", { type: OrderType.Market, timeInForce: 3, expires: 1 }],
  ["STOP_TIME_IN_FORCE", { type: OrderType.Stop, price: 0, stopPrice: 100, timeInForce: 2 }],
  ["EXPIRY_WITHOUT_DATE", { expires: NOON + 1, price: 0 }],
  ["EXPIRY_MISSING", { timeInForce: TimeInForce.GoodTillDate, price: 0 }],
  ["REPRICES_NOT_POST_ONLY", { reprices: true, timeInForce: TimeInForce.GoodTillDate }],
  ["TRAIL_WITHOUT_STOP", { trail: 7, minQuantity: 5 }],
  ["TRAIL_OFF_TICK", { type: OrderType.StopLimit, stopPrice: 100, trail: 7, minQuantity: 5 }],
  [
    "TRAIL_TOO_LARGE",
    { type: OrderType.Stop, price: 0, stopPrice: 100, trail: PRICE_UNITS_MAX + 5 },
  ],
  ["MIN_QUANTITY_OFF_LOT", { minQuantity: 5, postOnly: true }],
  ["MIN_QUANTITY_ABOVE_QUANTITY", { quantity: 20, minQuantity: 30, postOnly: true }],
  ["MIN_QUANTITY_NOT_IMMEDIATE", { minQuantity: 10, postOnly: true }],
  ["MIN_QUANTITY_NOT_IMMEDIATE", { minQuantity: 10, timeInForce: TimeInForce.FillOrKill }],
  ["MIN_QUANTITY_NOT_IMMEDIATE", { minQuantity: 10, timeInForce: TimeInForce.AtTheClose }],
  ["MIN_QUANTITY_NOT_IMMEDIATE", { minQuantity: 10, type: OrderType.StopLimit, stopPrice: 100 }],
  ["MARKET_ORDER_WITH_PRICE", { type: OrderType.Market, timeInForce: 2, price: 7 }],
  ["PRICE_NOT_POSITIVE", { price: 0, timeInForce: TimeInForce.GoodTillDate, expires: 1 }],
  ["EXPIRY_IN_THE_PAST", { timeInForce: TimeInForce.GoodTillDate, expires: NOON, ...HUGE }],
  ["NOTIONAL_TOO_LARGE", HUGE],
  ["INSUFFICIENT_FUNDS", { price: 100_000, quantity: 10 }],
];

describe("a new order is rejected", () => {
  it.each(RUNGS)("with %s, which takes a journal number and keeps the id", (name, changes) => {
    const teller = new Teller(FUNDS);
    const { events, replies, sends } = teller.place(changes);
    expect(replies).toEqual([]);
    expect(sends).toEqual([]);
    expect(events).toEqual([
      {
        kind: "rejected",
        origin: { slot: SLOT, token: 1, number: expect.any(Number) },
        orderId: 1_025,
        clientOrderId: "a",
        code: Code[name],
      },
    ]);
    const { status, code, leaves } = teller.order(1_025);
    expect([status, code, leaves]).toEqual([OrderStatus.Rejected, Code[name], 0]);
    expect(teller.balance(ALICE, QUOTE)).toEqual([FUNDS.quote, 0]);
    // The same id again: the first answer, though the order is now a good one.
    expect(teller.place().replies[0]).toMatchObject({
      code: Code[name],
      orderId: 1_025,
      repeated: true,
    });
  });

  it("with TOO_MANY_OPEN_ORDERS at the limit", () => {
    const teller = new Teller({ base: OPEN_ORDERS_PER_ACCOUNT_MAX * 10 + 10 });
    for (let count = 0; count < OPEN_ORDERS_PER_ACCOUNT_MAX; count++) {
      give(teller.shard, -SLOT, sell(`n${count}`), NOON);
    }
    teller.commit();
    const { events } = teller.place({ side: Side.Sell, clientOrderId: "one more" });
    expect(events[0]).toMatchObject({ kind: "rejected", code: Code.TOO_MANY_OPEN_ORDERS });
  });

  it("outside any journal where there is no account or no id to keep", () => {
    const teller = new Teller(FUNDS);
    const place = (changes: Partial<PlaceOrder>) => teller.place(changes).replies[0]?.code;
    expect(place({ account: 999 })).toBe(Code.UNKNOWN_ACCOUNT);
    expect(place({ account: 999, deadline: 1 })).toBe(Code.DEADLINE_PASSED);
    expect(place({ clientOrderId: "" })).toBe(Code.CLIENT_ORDER_ID_MISSING);
    expect(place({ clientOrderId: "", deadline: 1 })).toBe(Code.DEADLINE_PASSED);
    expect(place({ account: 0 })).toBe(Code.MALFORMED_COMMAND);
    expect(place({ account: 2 ** 48 + 1 })).toBe(Code.MALFORMED_COMMAND);
    expect(place({ clientOrderId: "a\u0000b" })).toBe(Code.MALFORMED_COMMAND);
    expect(place({ clientOrderId: "x".repeat(CLIENT_ORDER_ID_LENGTH_MAX + 1) })).toBe(
      Code.MALFORMED_COMMAND,
    );
    expect(teller.tables.rows("orders")).toEqual([]);
  });
});

describe("an accepted order", () => {
  it("holds what it can cost, has a record, and goes to its market", () => {
    const teller = new Teller(FUNDS);
    const { events, sends, effects } = teller.place({ deadline: NOON });
    expect(events[0]).toMatchObject({ kind: "accepted", orderId: 1_025, price: 100, quantity: 10 });
    expect(teller.balance(ALICE, QUOTE)).toEqual([FUNDS.quote, 100 * 10 * 3]);
    expect(sends).toEqual([
      {
        kind: "enter",
        orderId: 1_025,
        account: ALICE,
        owner: ALICE,
        side: Side.Buy,
        type: OrderType.Limit,
        timeInForce: TimeInForce.GoodTillCancel,
        price: 100,
        quantity: 10,
        pair: 0,
        ...NO_OTHER_TERMS,
      },
    ]);
    expect(teller.shard.links.of(MARKET).sent).toBe(1);
    expect(Object.keys(effects.rows)).toEqual(["balances_changed", "orders_new", "journal"]);
    expect(teller.order(1_025)).toMatchObject({
      status: OrderStatus.PendingNew,
      client_order_id: "a",
      filled: 0,
      leaves: 10,
      code: Code.OK,
      first_sequence: 4,
      last_sequence: 4,
      created: NOON,
    });
  });

  it("may cost all there is, and not one unit more", () => {
    const teller = new Teller({ quote: 3_000, base: 10 });
    expect(teller.place().events[0]).toMatchObject({ kind: "accepted" });
    const sell = { side: Side.Sell, price: 5 };
    const codes = [
      teller.place({ clientOrderId: "b", price: 5 }),
      teller.place({ clientOrderId: "c", ...sell }),
      teller.place({ clientOrderId: "d", ...sell }),
    ].map(({ events }) => events[0]);
    expect(codes).toMatchObject([
      { kind: "rejected", code: Code.INSUFFICIENT_FUNDS },
      { kind: "accepted" },
      { kind: "rejected", code: Code.INSUFFICIENT_FUNDS },
    ]);
    expect(teller.balance(ALICE, BASE)).toEqual([10, 10]);
  });

  it("is not repeated under its client order id, whatever has become of it", () => {
    const teller = new Teller(FUNDS);
    const orderId = teller.placed();
    const first = { orderId, code: Code.OK, repeated: true };
    expect(teller.place({ price: 5 }).replies).toMatchObject([first]);
    teller.answer({ kind: "rested", orderId, leaves: 10, sequence: 1 });
    const ended = {
      kind: "ended",
      orderId,
      leaves: 10,
      code: Code.BOOK_FULL,
      sequence: 2,
    } as const;
    teller.answer(ended);
    expect(teller.place({ deadline: 1 }).replies).toMatchObject([first]);
    teller.restart();
    expect(teller.place().replies).toMatchObject([first]);
    expect(teller.tables.rows("orders")).toHaveLength(1);
  });
});

const SENT_AS_MARKET = { type: OrderType.Market, timeInForce: TimeInForce.ImmediateOrCancel };
const MARKET_ORDER = { ...SENT_AS_MARKET, price: 0 };

describe("a market order", () => {
  const market = (side: Side, reference: number, tick = INSTRUMENT.tick) => {
    const teller = new Teller({ base: 10, quote: 10_000_000 });
    teller.answer({
      kind: "instrument",
      instrument: { ...INSTRUMENT, tick, referencePrice: tick },
    });
    teller.answer({ kind: "reference", instrument: MARKET, price: reference });
    return teller.place({ side, ...MARKET_ORDER }).sends[0];
  };

  it("is limited by the band, rounded inside to a tick", () => {
    expect(market(Side.Buy, 1_000)).toMatchObject({ price: 1_200, ...SENT_AS_MARKET });
    expect(market(Side.Sell, 1_000)).toMatchObject({ price: 800, ...SENT_AS_MARKET });
    expect(market(Side.Buy, 1_005)).toMatchObject({ price: 1_205 });
    expect(market(Side.Sell, 1_005)).toMatchObject({ price: 805 });
    expect(market(Side.Buy, 999, 7)).toMatchObject({ price: 1_197 });
    expect(market(Side.Sell, 999, 7)).toMatchObject({ price: 805 });
  });

  it("has a limit of one tick at least", () => {
    expect(market(Side.Sell, 5)).toMatchObject({ price: 5 });
    expect(market(Side.Buy, 3)).toMatchObject({ price: 5 });
  });

  it("holds a buyer's money at that limit and says so", () => {
    const teller = new Teller(FUNDS);
    const { events } = teller.place(MARKET_ORDER);
    expect(events[0]).toMatchObject({ kind: "accepted", price: 1_200 });
    expect(teller.balance(ALICE, QUOTE)).toEqual([FUNDS.quote, 1_200 * 10 * 3]);
  });
});

describe("a stop", () => {
  const stop = { type: OrderType.Stop, price: 0, stopPrice: 500 };

  it("is held at the band's edge around its stop price, and travels with it", () => {
    const teller = new Teller(FUNDS);
    const { events, sends } = teller.place(stop);
    expect(events[0]).toMatchObject({ kind: "accepted", price: 600, stopPrice: 500 });
    expect(sends[0]).toMatchObject({ type: OrderType.Stop, price: 600, stopPrice: 500 });
    expect(teller.balance(ALICE, QUOTE)).toEqual([FUNDS.quote, 600 * 10 * 3]);
    const sell = teller.place({ ...stop, side: Side.Sell, clientOrderId: "s", stopPrice: 505 });
    expect(sell.sends[0]).toMatchObject({ price: 405, stopPrice: 505 });
    expect(teller.balance(ALICE, BASE)).toEqual([FUNDS.base, 10]);
  });

  it("with a limit is held at the limit", () => {
    const teller = new Teller(FUNDS);
    const limited = { type: OrderType.StopLimit, price: 510, stopPrice: 500 };
    expect(teller.place(limited).sends[0]).toMatchObject({ ...limited });
    expect(teller.balance(ALICE, QUOTE)).toEqual([FUNDS.quote, 510 * 10 * 3]);
  });
});

describe("an order's other terms", () => {
  it("go to its market, are told, and are kept", () => {
    const teller = new Teller(FUNDS);
    const terms = {
      timeInForce: TimeInForce.GoodTillDate,
      quantity: 30,
      display: 10,
      expires: NOON + 1,
      selfTrade: SelfTrade.Decrement,
      postOnly: true,
    };
    const { events, sends, effects } = teller.place(terms);
    expect(events[0]).toMatchObject({ kind: "accepted", ...terms });
    expect(sends[0]).toMatchObject({ kind: "enter", owner: ALICE, ...terms });
    expect(Object.keys(effects.rows)).toEqual([
      "balances_changed",
      "orders_new_with_terms",
      "journal",
    ]);
    teller.restart();
    expect(teller.order(1_025)).toMatchObject({
      display: 10,
      expires: NOON + 1,
      self_trade: SelfTrade.Decrement,
      post_only: 1,
      stop_price: 0,
    });
  });
});

/** A good order's bytes, for many in one batch. */
function sell(clientOrderId: string): Uint8Array {
  return encodeLedgerCommand({
    kind: "place",
    account: ALICE,
    deadline: 0,
    clientOrderId,
    instrument: MARKET,
    side: Side.Sell,
    type: OrderType.Limit,
    timeInForce: TimeInForce.GoodTillCancel,
    price: 100,
    quantity: 10,
    ...NO_OTHER_TERMS,
  });
}
