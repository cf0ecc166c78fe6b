import { expect, it } from "vitest";
import { wrongSums } from "../../chaos/checker/sums.js";
import type { OrderRow, Source, Tables } from "../../chaos/checker/tables.js";

const [BASE, QUOTE] = [1, 2];
const INSTRUMENT = {
  instrument: 7,
  symbol: "X",
  base_asset: BASE,
  quote_asset: QUOTE,
  notional_factor: 2,
};
/** Buys 3 at 100: 600 in the quote asset. */
const ORDER: OrderRow = {
  order_id: 1,
  account: 1,
  client_order_id: "a",
  instrument: 7,
  side: 1,
  price: 100,
  quantity: 3,
  leaves: 3,
  status: 3,
  created: 1,
  updated: 1,
  pair: null,
  maker_fee: null,
  taker_fee: null,
  maker_value: null,
  taker_value: null,
  fees: null,
};

/** By how much accounts that hold so much of an asset hold too much for these orders. */
async function heldTooMuch(held: number, asset: number, orders: OrderRow[]): Promise<bigint> {
  const total = 1_000;
  const rows: Partial<{ [Name in keyof Tables]: Tables[Name][] }> = {
    balances: [{ account: 1, asset, total, held }],
    deposits: [{ account: 1, asset, amount: total }],
  };
  const source: Source = {
    async *pages(table) {
      yield rows[table] ?? [];
    },
  };
  const wrong = await wrongSums(source, orders, new Map([[7, INSTRUMENT]]));
  expect(wrong.every(({ kind }) => kind === "held")).toBe(true);
  return wrong[0]?.wrong ?? 0n;
}

it("an order holds what it may cost: a buyer money, a seller what is sold", async () => {
  expect(await heldTooMuch(600, QUOTE, [ORDER])).toBe(0n);
  expect(await heldTooMuch(599, QUOTE, [ORDER])).toBe(-1n);
  expect(await heldTooMuch(3, BASE, [{ ...ORDER, side: 2 }])).toBe(0n);
});

it("it holds its fees by the higher rate, less what it has paid", async () => {
  const traded = { maker_value: 500, taker_value: 0, fees: 1 };
  const order = { ...ORDER, maker_fee: 1_000, taker_fee: 2_000, ...traded };
  // (500 + 600) × 0.2 % is 2.2: 3, and one more for rounding, less the one that was paid.
  expect(await heldTooMuch(603, QUOTE, [order])).toBe(0n);
});

it("it holds only what takers pay where makers are paid", async () => {
  const traded = { maker_value: 9_000, taker_value: 1_000, fees: 0 };
  const order = { ...ORDER, maker_fee: -100, taker_fee: 400, ...traded };
  // 1,600 × 0.04 % and 1,000 × 0.04 % are both 1 when rounded up.
  expect(await heldTooMuch(600, QUOTE, [order])).toBe(0n);
  expect(await heldTooMuch(601, QUOTE, [{ ...order, taker_value: 2_000 }])).toBe(0n);
});

it("two that are a pair hold what the larger one may cost", async () => {
  const first = { ...ORDER, pair: 9 };
  const other = { ...ORDER, order_id: 9, price: 110, pair: 1 };
  expect(await heldTooMuch(660, QUOTE, [first, other])).toBe(0n);
  expect(await heldTooMuch(660, QUOTE, [other, first])).toBe(0n);
  expect(await heldTooMuch(1_260, QUOTE, [ORDER, { ...other, pair: 0 }])).toBe(0n);
});

it("sums beyond what a number holds are exact", async () => {
  const order = { ...ORDER, price: 2 ** 52 + 1, leaves: 3 };
  expect(await heldTooMuch(0, QUOTE, [order])).toBe(-(2n ** 52n + 1n) * 6n);
});
