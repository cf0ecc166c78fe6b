/** The audit works out by itself, in SQL, what orders must hold; here for orders whose amend is under way. */
import { afterAll, beforeAll, expect, it } from "vitest";
import { Side } from "../../actors/kernel/order.js";
import { heldAmount } from "../../actors/ledger/holds.js";
import { COST } from "../../services/audit/rules.js";
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
