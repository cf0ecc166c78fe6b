/** What trades cost besides their price. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { InvariantError } from "../../actors/kernel/assert.js";
import { Code } from "../../actors/kernel/codes.js";
import { feeOn } from "../../actors/kernel/fees.js";
import { houseAccountOf } from "../../actors/kernel/ids.js";
import { instrumentProblem } from "../../actors/kernel/instrument.js";
import { UNITS_MAX } from "../../actors/kernel/limits.js";
import { OrderRequest, OrderType, Side, TimeInForce } from "../../actors/kernel/order.js";
import { charge, heldForFees, mostFees } from "../../actors/ledger/charges.js";
import { NO_NEW_TERMS } from "../../actors/ledger/messages.js";
import { ALICE, BASE, BOB, INSTRUMENT, MARKET, QUOTE, SHARD, Teller } from "../helpers/ledger.js";

const FUNDS = { base: 1_000, quote: 1_000_000 };
const HOUSE = houseAccountOf(SHARD);
const rate = fc.integer({ min: 0, max: 100_000 });

describe("a fee", () => {
  it("is exact, rounded up; a rebate rounded down", () => {
    expect(feeOn(1_000_000, 400)).toBe(400);
    expect(feeOn(1_000_001, 400)).toBe(401);
    expect(feeOn(999_999, -400)).toBe(-399);
    expect(feeOn(0, 400)).toBe(0);
    fc.assert(
      fc.property(fc.maxSafeNat(), rate, (value, rate) => {
        const parts = BigInt(value) * BigInt(rate);
        expect(BigInt(feeOn(value, rate))).toBe((parts + 999_999n) / 1_000_000n);
        expect(BigInt(-feeOn(value, -rate) || 0)).toBe(parts / 1_000_000n);
      }),
    );
  });

  it("of a buyer never comes to more than is held, however he is filled", () => {
    const fills = fc.array(
      fc.record({ cost: fc.nat(5_000), better: fc.nat(100), isMaker: fc.boolean() }),
      { minLength: 1, maxLength: 30 },
    );
    const rates = fc
      .record({ takerFee: rate, makerFee: fc.integer({ min: -100_000, max: 100_000 }) })
      .filter(({ takerFee, makerFee }) => makerFee >= -takerFee);
    fc.assert(
      fc.property(fills, rates, (fills, rates) => {
        const order = { ...rates, makerValue: 0, takerValue: 0, fees: 0 };
        let cost = fills.reduce((sum, fill) => sum + fill.cost, 0);
        let held = mostFees(rates, cost);
        for (const fill of fills) {
          cost -= fill.cost;
          const value = Math.max(0, fill.cost - fill.better);
          const fee = charge(order, fill.isMaker, value);
          const left = heldForFees(order, cost);
          // What is released pays the fee, and the rest stays enough for what may come.
          expect(held - left).toBeGreaterThanOrEqual(fee);
          expect(left).toBeGreaterThanOrEqual(0);
          held = left;
        }
      }),
      { numRuns: 2_000 },
    );
  });

  it("is counted on all that an order has traded, so that many small fills cost no more than one", () => {
    const order = { makerFee: 0, takerFee: 400, makerValue: 0, takerValue: 0, fees: 0 };
    const fees = Array.from({ length: 2_500 }, () => charge(order, false, 1));
    expect(fees.reduce((sum, fee) => sum + fee, 0)).toBe(1);
    expect(order).toMatchObject({ takerValue: 2_500, fees: 1 });
  });

  it("begins its sum anew before that is no longer exact", () => {
    const order = { makerFee: 0, takerFee: 400, makerValue: 0, takerValue: UNITS_MAX - 5, fees: 7 };
    expect(charge(order, false, 10_000)).toBe(4);
    expect(order).toMatchObject({ takerValue: 10_000, fees: 11 });
  });
});

describe("an instrument's fees", () => {
  it.each([
    [{ takerFee: -1 }, "the taker's fee"],
    [{ takerFee: 100_001 }, "the taker's fee"],
    [{ makerFee: 100_001 }, "the maker's fee"],
    [{ takerFee: 5, makerFee: -6 }, "the maker's fee"],
    [{ takerFee: 0.5 }, "whole millionths"],
  ])("%j are none", (fees, problem) => {
    expect(instrumentProblem({ ...INSTRUMENT, ...fees })).toContain(problem);
  });

  it("may give back what the taker pays, and no more", () => {
    expect(instrumentProblem({ ...INSTRUMENT, takerFee: 5, makerFee: -5 })).toBeUndefined();
  });
});

/** A teller at whose market makers are given 1 % and takers pay 2 %. */
class Charging extends Teller {
  private trades = 0;

  constructor(makerFee = -10_000, takerFee = 20_000) {
    super(FUNDS);
    this.answer({ kind: "instrument", instrument: { ...INSTRUMENT, makerFee, takerFee } });
  }

  /** Bob sells to Alice, who comes to him; so much at a price. */
  trade(makerOrder: number, takerOrder: number, price: number, quantity: number, left: number[]) {
    this.trades += 1;
    return this.answer({
      kind: "trade",
      instrument: MARKET,
      tradeId: this.trades,
      price,
      quantity,
      takerSide: Side.Buy,
      isAuction: false,
      makerOrder,
      takerOrder,
      makerLeaves: left[0]!,
      takerLeaves: left[1]!,
      sequence: 5,
    });
  }

  get house(): number {
    return this.balance(HOUSE, QUOTE)[0];
  }
}

describe("a trade", () => {
  it("charges the taker and gives to the maker, and the house has the rest", () => {
    const teller = new Charging();
    const maker = teller.placed({ account: BOB, side: Side.Sell, price: 90, quantity: 30 });
    const taker = teller.placed({ price: 100, quantity: 20 });
    // 20 at 100 and three units each: 6,000, and 2 % of it.
    expect(teller.balance(ALICE, QUOTE)).toEqual([1_000_000, 6_120]);
    const { events } = teller.trade(maker, taker, 90, 10, [20, 10]);
    const value = 90 * 10 * 3;
    expect(events).toHaveLength(4);
    expect(events).toMatchObject([
      { kind: "filled", orderId: maker, fee: -27 },
      { kind: "fee", orderId: maker, fee: -27, asset: QUOTE },
      { kind: "fee", orderId: taker, fee: 54 },
      { kind: "filled", orderId: taker, fee: 54 },
    ]);
    expect(teller.balance(BOB, QUOTE)).toEqual([1_000_000 + value + 27, 0]);
    // What is open may cost 3,000, and 2 % of all, less what was paid of that.
    expect(teller.balance(ALICE, QUOTE)).toEqual([1_000_000 - value - 54, 3_000 + 60]);
    expect(teller.house).toBe(27);
    expect(teller.order(taker)).toMatchObject({ taker_value: value, fees: 54, taker_fee: 20_000 });
    teller.restart();
    teller.trade(maker, taker, 90, 10, [10, 0]);
    expect(teller.balance(ALICE, QUOTE)).toEqual([1_000_000 - 2 * (value + 54), 0]);
    expect(teller.balance(ALICE, BASE)).toEqual([1_020, 0]);
    expect(teller.house).toBe(54);
  });

  it("leaves nothing held when the order ends, whatever was charged", () => {
    const teller = new Charging(300, 700);
    const maker = teller.placed({ account: BOB, side: Side.Sell, price: 90, quantity: 30 });
    const taker = teller.placed({ price: 100, quantity: 20 });
    teller.trade(maker, taker, 90, 10, [20, 10]);
    const code = Code.CANCELLED_BY_CLIENT;
    teller.answer({ kind: "ended", orderId: taker, leaves: 10, code, sequence: 6 });
    expect(teller.balance(ALICE, QUOTE)[1]).toBe(0);
  });

  it("may leave the house owing in one shard what it has in another", () => {
    const teller = new Charging();
    const maker = teller.placed({ account: BOB, side: Side.Sell, price: 90, quantity: 10 });
    teller.trade(maker, 77 * 1_024 + 2, 90, 10, [0, 0]);
    expect(teller.house).toBe(-27);
    teller.restart();
    expect(teller.house).toBe(-27);
  });

  it("costs an order what its rates were when it was accepted", () => {
    const teller = new Charging();
    const maker = teller.placed({ account: BOB, side: Side.Sell, price: 90, quantity: 30 });
    const taker = teller.placed({ price: 100, quantity: 10 });
    const instrument = { ...INSTRUMENT, makerFee: 0, takerFee: 100_000 };
    teller.answer({ kind: "instrument", instrument });
    teller.trade(maker, taker, 90, 10, [20, 0]);
    expect(teller.order(taker)).toMatchObject({ fees: 54 });
    const later = teller.placed({ price: 100, quantity: 10, clientOrderId: "later" });
    expect(teller.order(later)).toMatchObject({ taker_fee: 100_000, maker_fee: 0 });
  });

  it("never charges a buyer what is not held: that is a bug, and stops the shard", () => {
    const teller = new Charging();
    const taker = teller.placed({ price: 100, quantity: 10 });
    expect(() => teller.trade(77 * 1_024 + 2, taker, 105, 10, [0, 0])).toThrow(InvariantError);
  });
});

describe("an order of an instrument with fees", () => {
  const { quote } = FUNDS;
  const most = (cost: number) => cost + feeOn(cost, 20_000);

  it("is rejected when the fees cannot be paid too", () => {
    const teller = new Charging();
    const terms = { price: 1_000, quantity: 330 };
    expect(most(990_000)).toBeGreaterThan(quote);
    expect(teller.place(terms).events).toMatchObject([{ code: Code.INSUFFICIENT_FUNDS }]);
    expect(teller.place({ ...terms, quantity: 320, clientOrderId: "b" }).events).toMatchObject([
      { kind: "accepted" },
    ]);
  });

  it("holds them at the band's edge, and through amends", () => {
    const teller = new Charging();
    const stop = { type: OrderType.Stop, price: 0, stopPrice: 500 };
    teller.placed(stop);
    expect(teller.balance(ALICE, QUOTE)[1]).toBe(most(600 * 10 * 3));
    const orderId = teller.placed({ clientOrderId: "b" });
    const amend = { kind: "amend", account: ALICE, request: OrderRequest.Amend } as const;
    const named = { orderId, clientOrderId: "", leaves: 0, ...NO_NEW_TERMS };
    teller.ask({ ...amend, ...named, quantity: 30 });
    expect(teller.balance(ALICE, QUOTE)[1]).toBe(most(600 * 10 * 3) + most(100 * 30 * 3));
  });

  it("is too large when its fees are", () => {
    const teller = new Charging(0, 100_000);
    const terms = { price: 10 ** 12, quantity: 3_000, timeInForce: TimeInForce.GoodTillCancel };
    expect(3 * 10 ** 12 * 3_000).toBeLessThan(UNITS_MAX);
    expect(teller.place(terms).events).toMatchObject([{ code: Code.NOTIONAL_TOO_LARGE }]);
  });
});
