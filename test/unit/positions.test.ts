/** What trades come to, by average cost. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { flat, type Position, trade } from "../../services/audit/positions.js";

type Trade = readonly [quantity: number, value: number];

function after(...trades: readonly Trade[]): Position {
  const position = flat();
  for (const [quantity, value] of trades) trade(position, BigInt(quantity), BigInt(value));
  return position;
}

describe("a position", () => {
  it.each<[string, readonly Trade[], number, number, number]>([
    [
      "is what was bought, at what it cost",
      [
        [10, 500],
        [20, 1_300],
      ],
      30,
      1_800,
      0,
    ],
    [
      "closes at its average cost",
      [
        [10, 500],
        [10, 700],
        [-5, 400],
      ],
      15,
      900,
      100,
    ],
    [
      "ends with nothing left of its cost",
      [
        [3, 100],
        [-1, 40],
        [-1, 40],
        [-1, 40],
      ],
      0,
      0,
      20,
    ],
    [
      "may be short, and is bought back",
      [
        [-10, 600],
        [4, 200],
      ],
      -6,
      360,
      40,
    ],
    [
      "turns: what is left over opens the other way",
      [
        [10, 500],
        [-15, 900],
      ],
      -5,
      300,
      100,
    ],
    [
      "turns from short to long",
      [
        [-10, 500],
        [15, 900],
      ],
      5,
      300,
      -100,
    ],
    [
      "loses",
      [
        [10, 500],
        [-10, 450],
      ],
      0,
      0,
      -50,
    ],
  ])("%s", (_, trades, quantity, cost, realised) => {
    expect(after(...trades)).toMatchObject({
      quantity: BigInt(quantity),
      cost: BigInt(cost),
      realised: BigInt(realised),
    });
  });

  it("gains what was brought beyond what was paid, once it is closed, whatever the trades were", () => {
    const trades = fc.array(
      fc.tuple(fc.integer({ min: 1, max: 50 }), fc.integer({ min: 1, max: 9 }), fc.boolean()),
      { minLength: 1, maxLength: 30 },
    );
    fc.assert(
      fc.property(trades, (trades) => {
        const position = flat();
        let cash = 0n;
        for (const [quantity, price, isBuy] of trades) {
          const value = BigInt(quantity * price);
          trade(position, isBuy ? BigInt(quantity) : -BigInt(quantity), value);
          cash += isBuy ? -value : value;
          // Paid and brought is what was gained and what is in the position.
          const inIt = position.quantity >= 0n ? position.cost : -position.cost;
          expect(cash).toBe(position.realised - inIt);
          expect(position.cost >= 0n).toBe(true);
          if (position.quantity === 0n) expect(position.cost).toBe(0n);
        }
      }),
    );
  });
});
