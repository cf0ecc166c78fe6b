import { describe, expect, it } from "vitest";
import { InvariantError } from "../../actors/kernel/assert.js";
import { Code } from "../../actors/kernel/codes.js";
import { UNITS_MAX } from "../../actors/kernel/limits.js";
import { Liquidity, OrderRequest, OrderStatus, Side } from "../../actors/kernel/order.js";
import { wrappingSum } from "../../actors/ledger/flows.js";
import { type AmendOrder, NO_NEW_TERMS, type TradeReport } from "../../actors/ledger/messages.js";
import { ALICE, BASE, BOB, INSTRUMENT, MARKET, QUOTE, Teller } from "../helpers/ledger.js";

const FUNDS = { base: 1_000, quote: 1_000_000 };

/** An order of a shard that is not this one. */
const ELSEWHERE = 77 * 1_024 + 2;

function trade(changes: Partial<TradeReport>): TradeReport {
  return {
    kind: "trade",
    instrument: MARKET,
    tradeId: 1,
    price: 100,
    quantity: 10,
    takerSide: Side.Buy,
    isAuction: false,
    makerOrder: ELSEWHERE,
    takerOrder: ELSEWHERE,
    makerLeaves: 0,
    takerLeaves: 0,
    sequence: 5,
    ...changes,
  };
}

describe("a trade", () => {
  it("settles both sides where both are of this shard, the maker's first", () => {
    const teller = new Teller(FUNDS);
    const maker = teller.placed({ account: BOB, side: Side.Sell, price: 90, quantity: 30 });
    const taker = teller.placed({ price: 100, quantity: 20 });
    const { events, effects } = teller.answer(
      trade({ price: 90, makerOrder: maker, takerOrder: taker, makerLeaves: 20, takerLeaves: 10 }),
    );
    const settled = { tradeId: 1, instrument: MARKET, price: 90, quantity: 10 };
    const common = { kind: "filled", ...settled, fee: 0 };
    expect(events).toEqual([
      {
        ...common,
        orderId: maker,
        side: Side.Sell,
        liquidity: Liquidity.Maker,
        leaves: 20,
        sequence: 5,
      },
      {
        ...common,
        orderId: taker,
        side: Side.Buy,
        liquidity: Liquidity.Taker,
        leaves: 10,
        sequence: 5,
      },
    ]);
    // 10 at 90, not at the 100 that was held; what is open stays held at 100.
    expect(teller.balance(ALICE, QUOTE)).toEqual([1_000_000 - 90 * 10 * 3, 100 * 10 * 3]);
    expect(teller.balance(ALICE, BASE)).toEqual([1_010, 0]);
    expect(teller.balance(BOB, BASE)).toEqual([990, 20]);
    expect(teller.balance(BOB, QUOTE)).toEqual([1_000_000 + 2_700, 0]);
    expect(teller.order(taker)).toMatchObject({ status: 3, filled: 10, leaves: 10 });
    expect(teller.tables.rows("flows")).toEqual([
      { peer: MARKET, base_in: 10, base_out: 10, quote_in: 2_700, quote_out: 2_700 },
    ]);
    expect(effects.rows["orders_new"]).toBeUndefined();
    expect(teller.shard.fills).toBe(2);
  });

  it("settles only the side of this shard where the other is elsewhere", () => {
    const teller = new Teller(FUNDS);
    const buy = teller.placed();
    const { events } = teller.answer(trade({ takerOrder: buy }));
    expect(events).toMatchObject([{ orderId: buy, liquidity: Liquidity.Taker, leaves: 0 }]);
    expect(teller.order(buy)).toMatchObject({ status: OrderStatus.Filled, filled: 10, code: 0 });
    const sell = teller.placed({ clientOrderId: "s", side: Side.Sell, price: 95 });
    teller.answer(trade({ makerOrder: sell, price: 95, takerSide: Side.Buy }));
    expect(teller.balance(ALICE, QUOTE)).toEqual([1_000_000 - 3_000 + 2_850, 0]);
    expect(teller.balance(ALICE, BASE)).toEqual([1_000, 0]);
    expect(teller.tables.rows("flows")).toEqual([
      { peer: MARKET, base_in: 10, base_out: 10, quote_in: 2_850, quote_out: 3_000 },
    ]);
  });

  it("stops the shard when it does not fit its books", () => {
    const teller = new Teller(FUNDS);
    const buy = teller.placed();
    const bad: Partial<TradeReport>[] = [
      { takerOrder: ELSEWHERE },
      { takerOrder: 9 * 1_024 + 1 },
      { takerOrder: buy, price: 105 },
      { takerOrder: buy, takerLeaves: 1 },
      { takerOrder: buy, quantity: 0, takerLeaves: 10 },
      { takerOrder: buy, takerSide: Side.Sell },
      { takerOrder: buy, instrument: MARKET + 1 },
    ];
    for (const changes of bad) {
      expect(() => teller.answer(trade(changes)), JSON.stringify(changes)).toThrow(InvariantError);
    }
    teller.answer(trade({ takerOrder: buy }));
    expect(() => teller.answer(trade({ takerOrder: buy }))).toThrow("has ended");
  });
});

describe("an order's life", () => {
  const ended = (orderId: number, leaves: number) =>
    ({
      kind: "ended",
      orderId,
      leaves,
      code: Code.CANCELLED_BY_CLIENT,
      sequence: 9,
    }) as const;

  it("rests as new, or as partially filled when it took first", () => {
    const teller = new Teller(FUNDS);
    const orderId = teller.placed({ quantity: 20 });
    const { events } = teller.answer({ kind: "rested", orderId, leaves: 20, sequence: 3 });
    expect(events).toEqual([{ kind: "rested", orderId, leaves: 20, sequence: 3 }]);
    expect(teller.order(orderId)).toMatchObject({ status: OrderStatus.New });
    const taker = teller.placed({ clientOrderId: "t", quantity: 20 });
    teller.answer(trade({ takerOrder: taker, takerLeaves: 10 }));
    teller.answer({ kind: "rested", orderId: taker, leaves: 10, sequence: 3 });
    expect(teller.order(taker)).toMatchObject({ status: OrderStatus.PartiallyFilled, leaves: 10 });
  });

  it("ends with the market's code and nothing held", () => {
    const teller = new Teller(FUNDS);
    const orderId = teller.placed({ quantity: 20 });
    teller.answer(trade({ takerOrder: orderId, takerLeaves: 10 }));
    const { events } = teller.answer(ended(orderId, 10));
    expect(events).toEqual([ended(orderId, 10)]);
    expect(teller.order(orderId)).toMatchObject({
      status: OrderStatus.Cancelled,
      filled: 10,
      leaves: 0,
      code: Code.CANCELLED_BY_CLIENT,
    });
    expect(teller.balance(ALICE, QUOTE)).toEqual([997_000, 0]);
    expect(teller.shard.ordersCancelled).toBe(1);
    expect(() => teller.answer(ended(orderId, 10))).toThrow(InvariantError);
  });

  it("is reduced, and what is left costs less", () => {
    const teller = new Teller(FUNDS);
    const orderId = teller.placed({ quantity: 30 });
    teller.answer({ kind: "rested", orderId, leaves: 30, sequence: 3 });
    const reduced = { kind: "reduced", orderId, leaves: 10, code: Code.OK, sequence: 4 } as const;
    expect(teller.answer(reduced).events).toEqual([reduced]);
    expect(teller.balance(ALICE, QUOTE)).toEqual([1_000_000, 3_000]);
    expect(teller.order(orderId)).toMatchObject({ status: 2, quantity: 30, leaves: 10 });
    for (const leaves of [0, 10, 20]) {
      expect(() => teller.answer({ ...reduced, leaves })).toThrow(InvariantError);
    }
    teller.answer(trade({ makerOrder: orderId, takerSide: Side.Sell }));
    expect(teller.order(orderId)).toMatchObject({ status: OrderStatus.Filled, filled: 10 });
    expect(teller.balance(ALICE, QUOTE)).toEqual([997_000, 0]);
  });

  it("is told of a refusal also after its end", () => {
    const teller = new Teller(FUNDS);
    const orderId = teller.placed();
    teller.answer(trade({ takerOrder: orderId }));
    const { status } = teller.order(orderId);
    const refused = {
      kind: "refused",
      orderId,
      request: OrderRequest.Cancel,
      code: Code.TOO_LATE,
      sequence: 6,
    } as const;
    expect(teller.answer(refused).events).toEqual([refused]);
    expect(teller.order(orderId)).toMatchObject({ status, last_sequence: 6 });
    expect(() => teller.answer({ ...refused, orderId: orderId + 1_024 })).toThrow("never issued");
  });

  it("belongs to its own market", () => {
    const teller = new Teller(FUNDS);
    teller.answer(
      { kind: "instrument", instrument: { ...INSTRUMENT, id: MARKET + 1 } },
      MARKET + 1,
    );
    const orderId = teller.placed();
    expect(() => teller.answer(ended(orderId, 10), MARKET + 1)).toThrow("is not at market");
    const stranger = { kind: "reference", instrument: MARKET, price: 5 } as const;
    expect(() => teller.answer(stranger, MARKET + 1)).toThrow("speaks for");
    const swapped = { ...INSTRUMENT, baseAsset: QUOTE, quoteAsset: BASE };
    expect(() => teller.answer({ kind: "instrument", instrument: swapped })).toThrow("has changed");
  });
});

describe("a request to an order that is there", () => {
  const amend = (teller: Teller, changes: Partial<AmendOrder>) =>
    teller.ask({
      kind: "amend",
      account: ALICE,
      request: OrderRequest.Cancel,
      orderId: 0,
      clientOrderId: "a",
      leaves: 0,
      ...NO_NEW_TERMS,
      ...changes,
    });
  const reduce = (teller: Teller, leaves: number) =>
    amend(teller, { request: OrderRequest.Reduce, leaves });

  it("is passed on to the market, by either name, a cancel once", () => {
    const teller = new Teller(FUNDS);
    const orderId = teller.placed({ quantity: 30 });
    const byClientId = amend(teller, {});
    expect(byClientId.events).toMatchObject([{ kind: "requested", orderId, request: 1 }]);
    expect(byClientId.sends).toEqual([{ kind: "cancel", orderId }]);
    const byId = amend(teller, { orderId, clientOrderId: "" });
    expect(byId.events).toMatchObject([{ kind: "requested", orderId, request: 1 }]);
    expect(byId.sends).toEqual([]);
    const reduced = reduce(teller, 20);
    expect(reduced.events).toMatchObject([{ kind: "requested", orderId, request: 2 }]);
    expect(reduced.sends).toEqual([{ kind: "reduce", orderId, leaves: 20 }]);
    // Nothing is released before the market's answer.
    expect(teller.balance(ALICE, QUOTE)).toEqual([1_000_000, 9_000]);
    expect(teller.order(orderId)).toMatchObject({ last_sequence: 7, leaves: 30 });
  });

  it("is refused when it makes no sense", () => {
    const teller = new Teller(FUNDS);
    const orderId = teller.placed({ quantity: 30 });
    const code = (changes: Partial<AmendOrder>) => amend(teller, changes).replies[0]?.code;
    expect(code({ account: 999 })).toBe(Code.UNKNOWN_ACCOUNT);
    expect(code({ clientOrderId: "" })).toBe(Code.CLIENT_ORDER_ID_MISSING);
    expect(code({ clientOrderId: "b" })).toBe(Code.UNKNOWN_ORDER);
    expect(code({ orderId: orderId + 1_024 })).toBe(Code.UNKNOWN_ORDER);
    expect(code({ account: BOB, orderId })).toBe(Code.UNKNOWN_ORDER);
    for (const leaves of [0, 30, 40]) {
      expect(reduce(teller, leaves).replies).toMatchObject([
        { code: Code.REDUCE_NOT_BELOW_QUANTITY, orderId },
      ]);
    }
    expect(reduce(teller, 15).replies).toMatchObject([{ code: Code.QUANTITY_OFF_LOT }]);
    teller.place({ clientOrderId: "rejected", price: 1 });
    expect(code({ clientOrderId: "rejected" })).toBe(Code.ORDER_ALREADY_FINAL);
    teller.answer(trade({ takerOrder: orderId, quantity: 30 }));
    expect(amend(teller, {}).replies).toMatchObject([
      { code: Code.ORDER_ALREADY_FINAL, orderId, repeated: false },
    ]);
  });
});

describe("running totals", () => {
  it("wrap where they would leave the exact integers", () => {
    expect(wrappingSum(3, 4)).toBe(7);
    expect(wrappingSum(UNITS_MAX, 0)).toBe(UNITS_MAX);
    expect(wrappingSum(UNITS_MAX - 1, 1)).toBe(UNITS_MAX);
    expect(wrappingSum(UNITS_MAX, 1)).toBe(0);
    expect(wrappingSum(UNITS_MAX, UNITS_MAX)).toBe(UNITS_MAX - 1);
  });
});
