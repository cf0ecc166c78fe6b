import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { notional } from "../../actors/kernel/instrument.js";
import { Side } from "../../actors/kernel/order.js";
import { heldAmount, type PendingAmend } from "../../actors/ledger/holds.js";
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
