import { afterAll, beforeAll, beforeEach, expect, it } from "vitest";
import { houseAccountOf } from "../../actors/kernel/ids.js";
import { MarketState } from "../../actors/market/market-state.js";
import { Phase } from "../../actors/market/phase.js";
import { audit } from "../../services/audit/audit.js";
import { PAGE_FRAMES } from "../../services/audit/letters.js";
import { IMPOSSIBLE_AMOUNTS } from "../../services/audit/row-rules.js";
import { RULES } from "../../services/audit/rules.js";
import {
  answered,
  BUYER,
  type HandBuiltExchange,
  letter,
  MARKET,
  SELL_ORDER,
  SELLER,
  startHandBuiltExchange,
  TRADE_UNDER_WAY,
  TRANSFER_GIVEN,
  TRANSFER_UNDER_WAY,
} from "./audit-exchange.js";
import { IMPOSSIBLE } from "./audit-amounts.js";
import { DAMAGES, DAY_MICROS, takenAgain } from "./audit-damages.js";

let exchange: HandBuiltExchange;

beforeAll(async () => {
  exchange = await startHandBuiltExchange();
});
afterAll(() => exchange?.stop());
beforeEach(() => exchange.reset());

it("passes an exchange whose books balance", async () => {
  const report = await audit(exchange.url);
  expect(report.firstViolation).toBeNull();
  expect(report).toMatchObject({ ok: true, conserved: true, journalGaps: 0 });
  expect(report.rows).toMatchObject({ accounts: 2, orders: 2, trades: 1, settled_sides: 2 });
});

it("counts a trade as in flight until the shard's mark has reached its number", async () => {
  await exchange.run(TRADE_UNDER_WAY);
  const report = await audit(exchange.url);
  expect(report.firstViolation).toBeNull();
  expect(report).toMatchObject({ ok: true, rows: { trades: 2, settled_sides: 2 } });
});

it("lets rows of the outbox stay that are confirmed", async () => {
  await exchange.run(TRADE_UNDER_WAY);
  await exchange.run(letter(MARKET, 1, 2, { kind: "reference", instrument: MARKET, price: 50 }));
  expect((await audit(exchange.url)).firstViolation).toBeNull();
});

it("lets a book be crossed by orders that wait, and by all while the market collects", async () => {
  await exchange.run(`
    UPDATE orders SET quantity = 11, leaves = 1, status = 3 WHERE order_id = ${SELL_ORDER};
    UPDATE balances SET held = 1 WHERE account = ${SELLER} AND asset = 1;
    UPDATE journal SET held_changes = '{-9,0}' WHERE account = ${SELLER} AND last_sequence = 4;
    INSERT INTO book VALUES (${MARKET}, ${SELL_ORDER}, ${SELLER}, 2, 50, 1, 2, 0);
    INSERT INTO order_terms VALUES (${MARKET}, ${SELL_ORDER}, ${SELLER}, 3, 1, 40, 0, 0, 0, 0, 0);
  `);
  expect((await audit(exchange.url)).firstViolation).toBeNull();
  await exchange.run("UPDATE book SET shown = leaves");
  expect((await audit(exchange.url)).firstViolation).toMatchObject({ rule: "crossedBooks" });
  const state = new MarketState();
  state.phase = Phase.OpeningAuction;
  const hex = Buffer.from(state.encode()).toString("hex");
  await exchange.run(`UPDATE actors SET state = '\\x${hex}' WHERE actor = ${MARKET}`);
  expect((await audit(exchange.url)).firstViolation).toBeNull();
});

it("finds nothing wrong with fees that the house has got", async () => {
  const house = houseAccountOf(2);
  await exchange.run(`UPDATE orders SET maker_fee = 0, taker_fee = 4000, maker_value = 0, taker_value = 500, fees = 2
      WHERE order_id = ${SELL_ORDER};
    UPDATE balances SET total = 498 WHERE account = ${SELLER} AND asset = 2;
    UPDATE journal SET total_changes = '{-10,498}' WHERE account = ${SELLER} AND last_sequence = 4;
    INSERT INTO accounts VALUES (${house}, 2, 4);
    INSERT INTO balances VALUES (2, ${house}, 2, 2, 0);
    INSERT INTO journal VALUES (2, 3, 1, 3, ${house}, 1, 1, '\\x1782080181080204', '{2}', '{2}', '{0}')`);
  expect((await audit(exchange.url)).firstViolation).toBeNull();
});

it("counts the fees of an order that was told of a late request after its snapshot", async () => {
  const house = houseAccountOf(2);
  await exchange.run(`UPDATE orders SET maker_fee = 0, taker_fee = 4000, maker_value = 0, taker_value = 500, fees = 2
      WHERE order_id = ${SELL_ORDER};
    UPDATE balances SET total = 498 WHERE account = ${SELLER} AND asset = 2;
    UPDATE journal SET total_changes = '{-10,498}' WHERE account = ${SELLER} AND last_sequence = 4;
    INSERT INTO accounts VALUES (${house}, 2, 4);
    INSERT INTO balances VALUES (2, ${house}, 2, 2, 0);
    INSERT INTO journal VALUES (2, 3, 1, 3, ${house}, 1, 1, '\\x1782080181080204', '{2}', '{2}', '{0}')`);
  // The journal row of that number is none of the snapshot's.
  await exchange.run(
    `UPDATE orders SET last_sequence = last_sequence + 1 WHERE order_id = ${SELL_ORDER}`,
  );
  expect((await audit(exchange.url)).violations).toMatchObject({ settlements: 0, journalGaps: 1 });
});

it("finds nothing wrong with what leaves, held and then gone", async () => {
  const moved = (total: number, held: number) =>
    exchange.run(`UPDATE journal SET total_changes = '{10,${total}}', held_changes = '{0,${held}}'
      WHERE account = ${BUYER} AND last_sequence = 5`);
  await exchange.run(`INSERT INTO withdrawals VALUES (1, ${BUYER}, 'w', 2, 100, 2, 5, 5);
    UPDATE balances SET held = 600 WHERE account = ${BUYER} AND asset = 2`);
  await moved(-500, -400);
  expect((await audit(exchange.url)).firstViolation).toBeNull();
  await exchange.run(`UPDATE withdrawals SET status = 3; UPDATE shard_totals SET deposits = 9900 WHERE actor = 1;
    UPDATE balances SET total = 9400, held = 500 WHERE account = ${BUYER} AND asset = 2`);
  await moved(-600, -500);
  expect((await audit(exchange.url)).firstViolation).toBeNull();
});

it("finds nothing wrong with a transfer that is under way, given, settled", async () => {
  await exchange.run(TRANSFER_UNDER_WAY);
  expect((await audit(exchange.url)).firstViolation).toBeNull();
  await exchange.run(TRANSFER_GIVEN);
  expect((await audit(exchange.url)).firstViolation).toBeNull();
  await exchange.run(`UPDATE transfers SET status = 2;
    INSERT INTO links VALUES (1, 2, 1, 1, 1) ON CONFLICT (actor, peer) DO UPDATE SET received = 1`);
  expect((await audit(exchange.url)).firstViolation).toBeNull();
});

it("finds nothing wrong with what leaves another shard than it came in at", async () => {
  await exchange.run(TRANSFER_UNDER_WAY);
  await exchange.run(TRANSFER_GIVEN);
  await exchange.run(`INSERT INTO withdrawals VALUES (2, ${SELLER}, 'w', 2, 100, 3, 4, 4);
    UPDATE shard_totals SET deposits = -100 WHERE actor = 2 AND asset = 2;
    UPDATE balances SET total = 500 WHERE account = ${SELLER} AND asset = 2;
    UPDATE journal SET total_changes = '{-10,500}' WHERE account = ${SELLER} AND last_sequence = 4`);
  expect((await audit(exchange.url)).firstViolation).toBeNull();
});

it("reads an answer that has a page of others before it", async () => {
  await exchange.run(TRANSFER_UNDER_WAY);
  await exchange.run(TRANSFER_GIVEN);
  const last = PAGE_FRAMES + 1;
  const answer = { kind: "credited", sender: BUYER, code: 0 } as const;
  const others = Array.from({ length: PAGE_FRAMES }, (_, at) =>
    letter(2, 1, at + 1, { ...answer, key: `other ${at}` }),
  );
  await exchange.run(`DELETE FROM outbox WHERE actor = 2; ${others.join(";")};
    ${letter(2, 1, last, { ...answer, key: "t" })};
    UPDATE links SET sent = ${last} WHERE actor = 2 AND peer = 1`);
  expect((await audit(exchange.url)).firstViolation).toBeNull();
  await exchange.run(`DELETE FROM outbox WHERE last = ${last} AND actor = 2;
    ${letter(2, 1, last, { ...answer, key: "another" })}`);
  expect((await audit(exchange.url)).firstViolation).toMatchObject({ rule: "transfersUnderWay" });
});

it("finds nothing wrong with a transfer that was refused, while the answer is under way", async () => {
  await exchange.run(TRANSFER_UNDER_WAY);
  await exchange.run(answered(143));
  expect((await audit(exchange.url)).firstViolation).toBeNull();
  await exchange.run(`DELETE FROM outbox WHERE actor = 2; ${answered(0)}`);
  expect((await audit(exchange.url)).firstViolation).toMatchObject({ rule: "transfersUnderWay" });
});

it("finds nothing wrong with a transfer that came back", async () => {
  await exchange.run(`INSERT INTO transfers VALUES (1, ${BUYER}, 't', ${SELLER}, 2, 100, 3, 143, 4, 5);
    UPDATE shard_totals SET transferred_out = 100, transferred_in = 100 WHERE actor = 1 AND asset = 2`);
  expect((await audit(exchange.url)).firstViolation).toBeNull();
});

it("has nothing against a client order id that was another's a day ago", async () => {
  await exchange.run(takenAgain(DAY_MICROS));
  expect(await audit(exchange.url)).toMatchObject({ ok: true, firstViolation: null });
});

it.each([...DAMAGES, ...IMPOSSIBLE])(
  "sees $what and names the row",
  async ({ statement, rule, row }) => {
    await exchange.run(statement);
    const report = await audit(exchange.url);
    expect(report.ok).toBe(false);
    expect(report.violations[rule]).toBeGreaterThan(0);
    expect(report.firstViolation).toMatchObject({ rule, row });
  },
);

it("has a damage for each of its rules", () => {
  const damaged = new Set([...DAMAGES, ...IMPOSSIBLE].map(({ rule }) => rule));
  expect(RULES.map(({ name }) => name).filter((name) => !damaged.has(name))).toEqual([]);
});

it("has a damage for each table that has impossible amounts", () => {
  const damaged = new Set(IMPOSSIBLE.map(({ row }) => row.of_table));
  expect(damaged).toEqual(new Set(IMPOSSIBLE_AMOUNTS.map(({ table }) => table)));
});
