import { describe, expect, it } from "vitest";
import { Code } from "../../actors/kernel/codes.js";
import {
  CLIENT_ORDER_ID_LENGTH_MAX,
  OPEN_ORDERS_PER_ACCOUNT_MAX,
  PRICE_UNITS_MAX,
  QUANTITY_UNITS_MAX,
} from "../../actors/kernel/limits.js";
import { OrderStatus, OrderType, Side, TimeInForce } from "../../actors/kernel/order.js";
import { encodeLedgerCommand, type PlaceOrder } from "../../actors/ledger/messages.js";
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

/** The ladder from the top; each rung's order is well but for what the rung and those below it find. */
const RUNGS: readonly (readonly [code: keyof typeof Code, changes: Partial<PlaceOrder>])[] = [
  ["DEADLINE_PASSED", { deadline: NOON - 1, instrument: 9_999 }],
  ["UNKNOWN_SYMBOL", { instrument: 9_999, side: 9 }],
  ["INVALID_SIDE", { side: 0, type: 9 }],
  ["INVALID_ORDER_TYPE", { type: 3, timeInForce: 9 }],
  ["INVALID_TIME_IN_FORCE", { timeInForce: 3, quantity: 0 }],
  ["QUANTITY_NOT_POSITIVE", { quantity: 0, price: 0 }],
  ["QUANTITY_OFF_LOT", { quantity: 15, price: 0 }],
  ["QUANTITY_TOO_LARGE", { quantity: QUANTITY_UNITS_MAX + 10, price: 0 }],
  ["MARKET_ORDER_WITH_PRICE", { type: OrderType.Market, price: 7 }],
  ["PRICE_NOT_POSITIVE", { price: 0 }],
  ["PRICE_OFF_TICK", { price: 101 }],
  ["PRICE_TOO_LARGE", { price: PRICE_UNITS_MAX + 5, quantity: QUANTITY_UNITS_MAX }],
  ["NOTIONAL_TOO_LARGE", { price: PRICE_UNITS_MAX, quantity: QUANTITY_UNITS_MAX }],
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
        side: Side.Buy,
        timeInForce: TimeInForce.GoodTillCancel,
        price: 100,
        quantity: 10,
      },
    ]);
    expect(teller.shard.links.of(MARKET).sent).toBe(1);
    expect(Object.keys(effects.rows)).toEqual(["balances", "orders_new", "journal"]);
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

describe("a market order", () => {
  const market = (side: Side, reference: number, tick = INSTRUMENT.tick) => {
    const teller = new Teller({ base: 10, quote: 10_000_000 });
    teller.answer({
      kind: "instrument",
      instrument: { ...INSTRUMENT, tick, referencePrice: tick },
    });
    teller.answer({ kind: "reference", instrument: MARKET, price: reference });
    return teller.place({ side, type: OrderType.Market, price: 0 }).sends[0];
  };

  it("travels as an immediate order limited by the band, rounded inside to a tick", () => {
    const timeInForce = TimeInForce.ImmediateOrCancel;
    expect(market(Side.Buy, 1_000)).toMatchObject({ price: 1_200, timeInForce });
    expect(market(Side.Sell, 1_000)).toMatchObject({ price: 800, timeInForce });
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
    const { events } = teller.place({ type: OrderType.Market, price: 0 });
    expect(events[0]).toMatchObject({ kind: "accepted", price: 1_200 });
    expect(teller.balance(ALICE, QUOTE)).toEqual([FUNDS.quote, 1_200 * 10 * 3]);
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
  });
}
