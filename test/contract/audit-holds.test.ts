/** The audit works out by itself, in SQL, what orders must hold; here for orders whose amend is under way, and for pairs. */
import { afterAll, beforeAll, expect, it } from "vitest";
import { Side } from "../../actors/kernel/order.js";
import { heldForFees } from "../../actors/ledger/charges.js";
import { heldAmount } from "../../actors/ledger/holds.js";
import { COST, HELD_BY_ORDERS } from "../../services/audit/rules.js";
import { Random } from "../../services/participants/random.js";
import { INSTRUMENT } from "../helpers/ledger.js";
import { type TestDatabase, TestDatabases } from "./postgres.js";

const ORDERS = 2_000;

let databases: TestDatabases;
let database: TestDatabase;

beforeAll(async () => {
  databases = await TestDatabases.start();
  database = await databases.make();
});

afterAll(async () => {
  await database?.close();
  await databases?.stop();
});

it("holds for an amend that is under way are to the audit what they are to a ledger shard", async () => {
  const random = new Random(7);
  const { notionalFactor } = INSTRUMENT;
  const orders = Array.from({ length: ORDERS }, () => {
    const leaves = random.whole(1, 50);
    const amend = random.chance(0.7)
      ? { price: random.whole(1, 40), change: random.whole(-49, 50) }
      : null;
    const side = random.chance(0.7) ? Side.Buy : Side.Sell;
    return { side, price: random.whole(1, 40), leaves, amend };
  });
  const rows = orders.map(
    ({ side, price, leaves, amend }, at) =>
      `(${at}, ${side}, ${price}::bigint, ${leaves}::bigint, ${amend?.price ?? "NULL"}::bigint, ` +
      `${amend?.change ?? "NULL"}::bigint)`,
  );
  const found = await database.query<{ cost: number }>(
    `SELECT (${COST})::bigint AS cost
     FROM (VALUES ${rows.join(", ")}) o (at, side, price, leaves, amend_price, amend_change)
     CROSS JOIN (VALUES (${notionalFactor})) i (notional_factor) ORDER BY at`,
  );
  const expected = orders.map(({ side, price, leaves, amend }) =>
    heldAmount(INSTRUMENT, side, price, leaves, amend),
  );
  expect(found.map(({ cost }) => cost)).toEqual(expected);
});

it("fees are held for too; a pair is held for once, and what its end is known of not at all", async () => {
  const random = new Random(8);
  const { notionalFactor, quoteAsset, baseAsset } = INSTRUMENT;
  const rows: string[] = [];
  const expected: { account: number; asset: number; held: number }[] = [];
  for (let account = 1; account <= ORDERS / 2; account++) {
    const side = random.chance(0.6) ? Side.Buy : Side.Sell;
    const [first, second] = [2 * account, 2 * account + 1];
    const leg = (orderId: number, pair: number, done: number): number => {
      const price = random.whole(1, 40);
      const leaves = random.whole(1, 50);
      const amend = random.chance(0.3) ? { price: random.whole(1, 40), change: 5 } : null;
      const fees = {
        makerFee: random.pick([0, -20_000, 1_500]),
        takerFee: random.pick([20_000, 50_000]),
        makerValue: random.whole(0, 9_999),
        takerValue: random.whole(0, 9_999),
        fees: 0,
      };
      rows.push(
        `(${orderId}::bigint, ${account}::bigint, 1, ${side}, ${price}::bigint, ${leaves}::bigint, ` +
          `${amend?.price ?? "NULL"}::bigint, ${amend?.change ?? "NULL"}::bigint, ${pair}::bigint, ${done}, ` +
          `${fees.makerFee}::integer, ${fees.takerFee}::integer, ${fees.makerValue}::bigint, ${fees.takerValue}::bigint)`,
      );
      if (done === 1) return 0;
      const cost = heldAmount(INSTRUMENT, side, price, leaves, amend);
      return side === Side.Buy ? cost + heldForFees(fees, cost) : cost;
    };
    const asset = side === Side.Buy ? quoteAsset : baseAsset;
    const done = random.chance(0.3) ? 1 : 0;
    const held = [leg(first, second, 0)];
    // The other one may have ended, and one that lives alone may be of no pair at all.
    if (random.chance(0.7)) held.push(leg(second, first, done));
    const alone = leg(-first, 0, 0);
    expected.push({ account, asset, held: Math.max(...held) + alone });
  }
  const found = await database.query<{ account: number; asset: number; held: number }>(
    `WITH seen_orders (order_id, account, instrument, side, price, leaves, amend_price, amend_change, pair, pair_done,
         maker_fee, taker_fee, maker_value, taker_value)
       AS (VALUES ${rows.join(", ")}),
     instruments (instrument, quote_asset, base_asset, notional_factor)
       AS (VALUES (1, ${quoteAsset}, ${baseAsset}, ${notionalFactor}))
     SELECT account, asset, held::bigint FROM (${HELD_BY_ORDERS}) h ORDER BY account`,
  );
  expect(found).toEqual(expected);
});
