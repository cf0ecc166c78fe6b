import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ratesOf } from "../../actors/kernel/fees.js";
import { instrumentProblem, notional } from "../../actors/kernel/instrument.js";
import { Side } from "../../actors/kernel/order.js";
import { charge, heldForFees } from "../../actors/ledger/charges.js";
import { heldAmount, holdOf, type PendingAmend } from "../../actors/ledger/holds.js";
import { INSTRUMENT } from "../helpers/ledger.js";

const PRICES = { min: 1, max: 30 };

const amends = fc.record({
  side: fc.constantFrom(Side.Buy, Side.Sell),
  price: fc.integer(PRICES),
  leaves: fc.integer({ min: 1, max: 40 }),
  newPrice: fc.integer(PRICES),
  change: fc.integer({ min: -39, max: 40 }),
  /** Quantities that trade, or (below zero) are reduced, before the market answers. */
  before: fc.array(fc.integer({ min: -5, max: 10 }), { maxLength: 12 }),
});

const rates = fc.record({
  makerFee: fc.integer({ min: -20_000, max: 100_000 }),
  takerFee: fc.integer({ min: 0, max: 100_000 }),
});
/** Rates of some tiers, as an instrument may have them, and the tier of an account. */
const tiers = fc
  .record({ own: rates, feeTiers: fc.array(rates, { maxLength: 3 }), tier: fc.nat(4) })
  .map(({ own, feeTiers, tier }) => ({ instrument: { ...INSTRUMENT, ...own, feeTiers }, tier }))
  .filter(({ instrument }) => instrumentProblem(instrument) === undefined);
const fills = fc.array(
  fc.record({
    quantity: fc.integer({ min: 1, max: 10 }),
    better: fc.nat(5),
    isMaker: fc.boolean(),
  }),
  { maxLength: 12 },
);

/** What a buyer pays at most for a quantity at a limit, and a seller parts with. */
function costOf(side: Side, price: number, quantity: number): number {
  return side === Side.Buy ? notional(INSTRUMENT, price, quantity) : quantity;
}

describe("what is held while an amend is on its way", () => {
  it("falls with each trade by what it may cost or more, and covers what either terms cost", () => {
    let races = 0;
    fc.assert(
      fc.property(amends, ({ side, price, leaves: first, newPrice, change, before }) => {
        let leaves = first;
        const held = (amend: PendingAmend | null) =>
          heldAmount(INSTRUMENT, side, price, leaves, amend);
        const amend = { price: newPrice, change };
        expect(held(null)).toBe(costOf(side, price, leaves));
        let now = held(amend);
        const expectCovered = (): void => {
          expect(now).toBeGreaterThanOrEqual(costOf(side, price, leaves));
          if (leaves === 0 || leaves + change < 1) return;
          expect(now).toBeGreaterThanOrEqual(costOf(side, newPrice, leaves + change));
        };
        expectCovered();
        for (const step of before) {
          const quantity = Math.min(Math.abs(step), leaves);
          leaves -= quantity;
          const after = held(amend);
          if (step > 0) races += 1;
          if (step > 0) expect(now - after).toBeGreaterThanOrEqual(costOf(side, price, quantity));
          expect(after).toBeLessThanOrEqual(now);
          now = after;
          expectCovered();
        }
        if (leaves === 0) expect(now).toBe(0);
      }),
      { numRuns: 2_000 },
    );
    expect(races).toBeGreaterThan(1_000);
  });

  it("is no more than the worst that can happen, but for what is added where all else has traded", () => {
    fc.assert(
      fc.property(amends, ({ side, price, leaves, newPrice, change }) => {
        const outcomes = [costOf(side, price, leaves)];
        for (let traded = 0; traded <= leaves; traded++) {
          const left = leaves - traded + change;
          if (left < 1) continue;
          outcomes.push(costOf(side, price, traded) + costOf(side, newPrice, left));
        }
        const amend = { price: newPrice, change };
        const held = heldAmount(INSTRUMENT, side, price, leaves, amend);
        expect(held).toBe(Math.max(...outcomes));
      }),
      { numRuns: 2_000 },
    );
  });
});

describe("what a buyer's order holds with its fees, of whatever tier its account is", () => {
  it("falls with each trade by what that costs and is charged, also while an amend is on its way", () => {
    let charged = 0;
    fc.assert(
      fc.property(amends, tiers, fills, (terms, { instrument, tier }, fills) => {
        const { price, leaves: first, newPrice, change } = terms;
        const rates = ratesOf(instrument, tier);
        const order = { ...rates, makerValue: 0, takerValue: 0, fees: 0 };
        const held = (leaves: number, amend: PendingAmend | null): number => {
          const cost = heldAmount(instrument, Side.Buy, price, leaves, amend);
          return cost === 0 ? 0 : cost + heldForFees(order, cost);
        };
        expect(held(first, null)).toBe(holdOf(instrument, rates, Side.Buy, price, first));
        const amend = { price: newPrice, change };
        let leaves = first;
        let now = held(leaves, amend);
        for (const { quantity: wanted, better, isMaker } of fills) {
          const quantity = Math.min(wanted, leaves);
          const value = notional(instrument, Math.max(price - better, 1), quantity);
          const fee = charge(order, isMaker, value);
          leaves -= quantity;
          const after = held(leaves, amend);
          expect(now - after).toBeGreaterThanOrEqual(value + fee);
          // Whatever the market answers, what is open then can be paid for.
          expect(after).toBeGreaterThanOrEqual(held(leaves, null));
          now = after;
          if (fee !== 0) charged += 1;
        }
      }),
      { numRuns: 2_000 },
    );
    expect(charged).toBeGreaterThan(1_000);
  });
});
