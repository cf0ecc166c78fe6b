/** What trades cost besides their price. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { InvariantError } from "../../actors/kernel/assert.js";
import { Code } from "../../actors/kernel/codes.js";
import { feeOn, ratesOf } from "../../actors/kernel/fees.js";
import { houseAccountOf } from "../../actors/kernel/ids.js";
import { instrumentProblem } from "../../actors/kernel/instrument.js";
import { UNITS_MAX } from "../../actors/kernel/limits.js";
import { OrderRequest, OrderType, Side, TimeInForce } from "../../actors/kernel/order.js";
import { charge, heldForFees, mostFees } from "../../actors/ledger/charges.js";
import { NO_LIMITS } from "../../actors/ledger/limit-terms.js";
import { NO_NEW_TERMS } from "../../actors/ledger/messages.js";
import {
  ALICE,
  BASE,
  BOB,
  codeOf,
  INSTRUMENT,
  MARKET,
  QUOTE,
  SHARD,
  Teller,
} from "../helpers/ledger.js";

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

  it.each([
    [[{ makerFee: -6, takerFee: 9 }], "the taker of any tier pays: 5"],
    [[{ makerFee: 0, takerFee: 1 }], "the taker of any tier pays: 1"],
    [[{ makerFee: 0, takerFee: 100_001 }], "the taker's fee"],
    [[{ makerFee: 0, takerFee: 5.5 }], "whole millionths"],
    [Array.from({ length: 16 }, () => ({ makerFee: 0, takerFee: 5 })), "at most 15 tiers"],
  ])("of other tiers %j are none, beside a rebate of 2 and a taker's 5", (feeTiers, problem) => {
    const instrument = { ...INSTRUMENT, makerFee: -2, takerFee: 5, feeTiers };
    expect(instrumentProblem(instrument)).toContain(problem);
  });

  it("are those of the account's tier, or of the last that there is", () => {
    const [first, second] = [
      { makerFee: -5, takerFee: 7 },
      { makerFee: 3, takerFee: 5 },
    ];
    const instrument = { ...INSTRUMENT, makerFee: -2, takerFee: 9, feeTiers: [first, second] };
    expect(instrumentProblem(instrument)).toBeUndefined();
    expect(ratesOf(instrument, 0)).toMatchObject({ makerFee: -2, takerFee: 9 });
    expect([1, 2, 3, 15].map((tier) => ratesOf(instrument, tier))).toEqual([
      first,
      second,
      second,
      second,
    ]);
    expect(ratesOf(INSTRUMENT, 15)).toMatchObject({ makerFee: 0, takerFee: 0 });
  });

  it("never have the house give more for a trade than it takes, whatever tiers meet", () => {
    const rates = fc.record({
      makerFee: fc.integer({ min: -3_000, max: 3_000 }),
      takerFee: fc.integer({ min: 0, max: 6_000 }),
    });
    let allowed = 0;
    fc.assert(
      fc.property(
        rates,
        fc.array(rates, { maxLength: 3 }),
        fc.nat(10 ** 9),
        (own, feeTiers, value) => {
          const instrument = { ...INSTRUMENT, ...own, feeTiers };
          if (instrumentProblem(instrument)) return;
          allowed += 1;
          for (const { makerFee } of [own, ...feeTiers]) {
            for (const { takerFee } of [own, ...feeTiers]) {
              expect(feeOn(value, makerFee) + feeOn(value, takerFee)).toBeGreaterThanOrEqual(0);
            }
          }
        },
      ),
      { numRuns: 1_000 },
    );
    expect(allowed).toBeGreaterThan(100);
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

  tier(tier: number, account: number) {
    const terms = { tier, limits: NO_LIMITS, resetsLimits: false };
    return this.ask({ kind: "set-tier", account, ...terms });
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

  it("costs each side what its account's tier pays, and an order what it paid when it was accepted", () => {
    const teller = new Charging();
    const feeTiers = [
      { makerFee: -5_000, takerFee: 15_000 },
      { makerFee: -10_000, takerFee: 10_000 },
    ];
    const instrument = { ...INSTRUMENT, makerFee: 0, takerFee: 20_000, feeTiers };
    teller.answer({ kind: "instrument", instrument });
    const sell = { account: BOB, side: Side.Sell, price: 90, quantity: 30 };
    const before = teller.placed({ ...sell, clientOrderId: "before" });
    expect(teller.tier(1, BOB).events).toMatchObject([{ kind: "account-tier", tier: 1 }]);
    teller.tier(9, ALICE);
    teller.restart();
    const after = teller.placed({ ...sell, clientOrderId: "after" });
    const taker = teller.placed({ price: 100, quantity: 20 });
    expect(teller.balance(ALICE, QUOTE)[1]).toBe(6_000 + 60);
    expect(teller.order(taker)).toMatchObject({ maker_fee: -10_000, taker_fee: 10_000 });
    teller.tier(0, ALICE);
    const value = 90 * 10 * 3;
    teller.trade(before, taker, 90, 10, [20, 10]);
    expect(teller.house).toBe(value / 100);
    teller.trade(after, taker, 90, 10, [20, 0]);
    expect(teller.house).toBe((2 * value) / 100 - Math.floor(value / 200));
    expect(teller.order(taker)).toMatchObject({ fees: (2 * value) / 100 });
    expect(teller.balance(ALICE, QUOTE)[1]).toBe(0);
  });

  it("never charges a buyer what is not held: that is a bug, and stops the shard", () => {
    const teller = new Charging();
    const taker = teller.placed({ price: 100, quantity: 10 });
    expect(() => teller.trade(77 * 1_024 + 2, taker, 105, 10, [0, 0])).toThrow(InvariantError);
  });
});

describe("the tier of an account", () => {
  it("is one of those that there are, and the same again changes nothing", () => {
    const teller = new Charging();
    expect(codeOf(teller.tier(16, ALICE))).toBe("INVALID_ACCOUNT_TIER");
    expect(codeOf(teller.tier(0, ALICE))).toBe("OK again");
    expect(codeOf(teller.tier(15, ALICE))).toBeUndefined();
    expect(codeOf(teller.tier(15, ALICE))).toBe("OK again");
    expect(codeOf(teller.tier(1, 999))).toBe("UNKNOWN_ACCOUNT");
  });

  it("adds nothing to the state's hash when it is the one that all had (R13)", () => {
    const teller = new Charging();
    const before = teller.shard.stateHash();
    teller.tier(3, ALICE);
    const changed = teller.shard.stateHash();
    teller.restart();
    expect(teller.shard.stateHash()).toBe(changed);
    const plain = new Charging();
    plain.ask({ kind: "set-group", account: ALICE, group: 3 });
    plain.ask({ kind: "set-group", account: ALICE, group: 0 });
    teller.tier(0, ALICE);
    expect(teller.shard.stateHash()).toBe(plain.shard.stateHash());
    expect(new Set([before, changed, teller.shard.stateHash()]).size).toBe(3);
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

  it("may be one that only its account's tier can pay for, and its pair too", () => {
    const teller = new Charging(0, 100_000);
    const feeTiers = [{ makerFee: 0, takerFee: 10_000 }];
    const instrument = { ...INSTRUMENT, makerFee: 0, takerFee: 100_000, feeTiers };
    teller.answer({ kind: "instrument", instrument });
    const terms = { price: 1_000, quantity: 320 };
    expect(teller.place(terms).events).toMatchObject([{ code: Code.INSUFFICIENT_FUNDS }]);
    teller.tier(1, ALICE);
    teller.placed({ ...terms, clientOrderId: "b" });
    expect(teller.balance(ALICE, QUOTE)[1]).toBe(960_000 + 9_600);
    teller.tier(0, ALICE);
    // An amend is held for at the rates of the order.
    const amend = { kind: "amend", account: ALICE, request: OrderRequest.Amend } as const;
    const named = { orderId: 0, clientOrderId: "b", leaves: 0, ...NO_NEW_TERMS };
    teller.ask({ ...amend, ...named, quantity: 330 });
    expect(teller.balance(ALICE, QUOTE)[1]).toBe(990_000 + 9_900);
  });

  it("is too large when its fees are", () => {
    const teller = new Charging(0, 100_000);
    const terms = { price: 10 ** 12, quantity: 3_000, timeInForce: TimeInForce.GoodTillCancel };
    expect(3 * 10 ** 12 * 3_000).toBeLessThan(UNITS_MAX);
    expect(teller.place(terms).events).toMatchObject([{ code: Code.NOTIONAL_TOO_LARGE }]);
  });
});
