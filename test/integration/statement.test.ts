import { afterAll, beforeAll, beforeEach, expect, it } from "vitest";
import { ByteWriter } from "../../actors/kernel/bytes.js";
import { Liquidity, Side } from "../../actors/kernel/order.js";
import { type AccountEvent, encodeAccountEvent } from "../../actors/ledger/account-events.js";
import { JournalError } from "../../services/audit/account-journal.js";
import type { Period } from "../../services/audit/journal-reader.js";
import { readPositions } from "../../services/audit/positions.js";
import { type StatementLine, writeStatement } from "../../services/audit/statement.js";
import {
  BUYER,
  type HandBuiltExchange,
  MARKET,
  SELL_ORDER,
  SELLER,
  startHandBuiltExchange,
} from "./audit-exchange.js";

const EVER: Period = { from: 0, to: 1_000 };

let exchange: HandBuiltExchange;

beforeAll(async () => {
  exchange = await startHandBuiltExchange();
});
afterAll(() => exchange?.stop());
beforeEach(() => exchange.reset());

/** An event's bytes as SQL has them. */
function hex(event: AccountEvent): string {
  const writer = new ByteWriter();
  encodeAccountEvent(writer, event);
  return `'\\x${Buffer.from(writer.take()).toString("hex")}'`;
}

async function statementOf(account: number, period = EVER) {
  const lines: string[] = [];
  const write = ({ time, sequence, kind, reference, asset, change, balance }: StatementLine) =>
    lines.push(`${time}/${sequence} ${kind} ${reference}: ${change} ${asset}, ${balance}`);
  const begun: object[] = [];
  const writer = { begin: (opening: object) => void begun.push(opening), line: write };
  const statement = await writeStatement(exchange.url, account, period, writer);
  expect(begun).toEqual(statement ? [statement.opening] : []);
  return { ...statement, told: lines };
}

it("has a line for each change of what an account has, with what it has then", async () => {
  expect(await statementOf(BUYER)).toEqual({
    account: BUYER,
    opening: {},
    closing: { QUOTE: "9500", BASE: "10" },
    lines: 3,
    told: [
      "1/2 deposit k: 10000 QUOTE, 10000",
      "4/5 bought X 1: 10 BASE, 10",
      "4/5 bought X 1: -500 QUOTE, 9500",
    ],
  });
  expect((await statementOf(SELLER)).told).toEqual([
    "1/2 deposit k: 100 BASE, 100",
    "3/4 sold X 1: -10 BASE, 90",
    "3/4 sold X 1: 500 QUOTE, 500",
  ]);
});

it("begins with what there was, and has only what came within its time", async () => {
  const after = await statementOf(BUYER, { from: 2, to: 1_000 });
  expect(after).toMatchObject({ opening: { QUOTE: "10000" }, lines: 2 });
  const before = await statementOf(BUYER, { from: 0, to: 4 });
  expect(before).toMatchObject({ opening: {}, closing: { QUOTE: "10000" }, lines: 1 });
});

it("has what has left once it is settled", async () => {
  const origin = { slot: 1, token: 1, number: 9 };
  const event = (status: number) =>
    hex({ kind: "withdrawal", origin, asset: 2, amount: 100, key: "w", status });
  await exchange.run(`INSERT INTO journal VALUES
    (1, 5, 2, 5, ${BUYER}, 6, 6, ${event(1)}, '{2}', '{0}', '{100}'),
    (1, 6, 2, 6, ${BUYER}, 7, 7, ${event(3)}, '{2}', '{-100}', '{-100}')`);
  expect((await statementOf(BUYER, { from: 5, to: 1_000 })).told).toEqual([
    "6/7 withdrawal w: -100 QUOTE, 9400",
  ]);
});

it("has fees and rebates, and what the house got of them", async () => {
  const fill = {
    kind: "filled",
    orderId: SELL_ORDER,
    tradeId: 2,
    instrument: MARKET,
    side: Side.Sell,
    liquidity: Liquidity.Maker,
    price: 50,
    quantity: 10,
    leaves: 0,
    sequence: 9,
  } as const;
  const kept = { orderId: SELL_ORDER, tradeId: 2, instrument: MARKET, asset: 2 } as const;
  await exchange.run(`INSERT INTO journal VALUES
    (2, 4, 1, 9, ${SELLER}, 5, 5, ${hex({ ...fill, fee: 2 })}, '{1,2}', '{-10,498}', '{0,0}'),
    (2, 5, 1, 10, ${SELLER}, 6, 6, ${hex({ ...fill, fee: -1 })}, '{1,2}', '{-10,501}', '{0,0}'),
    (2, 5, 1, 10, 10, 1, 1, ${hex({ kind: "fee", ...kept, fee: 2 })}, '{2}', '{2}', '{0}');
    INSERT INTO accounts VALUES (10, 2, 1)`);
  const { told } = await statementOf(SELLER, { from: 9, to: 1_000 });
  expect(told.filter((line) => line.includes("fee"))).toEqual([
    "9/5 fee X 2: -2 QUOTE, 998",
    "10/6 fee X 2: 1 QUOTE, 1499",
  ]);
  expect((await statementOf(10)).told).toEqual(["10/1 fee X 2: 2 QUOTE, 2"]);
});

it("and the positions are read out of the same journal", async () => {
  const one = { symbol: "X", averagePrice: "50", cost: "500", realised: "0", fees: "0", fills: 1 };
  const buyers = { ...one, quantity: "10", available: "10", held: "0" };
  expect(await readPositions(exchange.url, BUYER)).toEqual([buyers]);
  await exchange.run(`UPDATE balances SET held = 30 WHERE account = ${SELLER} AND asset = 1`);
  const sellers = { ...one, quantity: "-10", available: "60", held: "30" };
  expect(await readPositions(exchange.url, SELLER)).toEqual([sellers]);
  expect(await readPositions(exchange.url, 999)).toBeNull();
});

it("is read in pages, however long it is", async () => {
  await exchange.run(`INSERT INTO journal SELECT 1, 5 + n, 2, 10, ${BUYER}, 5 + n, 5 + n,
    '\\x020101010201016b', '{2}', '{1}', '{0}' FROM generate_series(1, 2500) AS n`);
  expect(await statementOf(BUYER)).toMatchObject({ lines: 2_503, closing: { QUOTE: "12000" } });
});

it("is refused where the journal's events and its amounts differ, and where there is no account", async () => {
  expect((await statementOf(999)).account).toBeUndefined();
  await exchange.run(
    `UPDATE journal SET total_changes = '{10,-499}' WHERE account = ${BUYER} AND last_sequence = 5`,
  );
  await expect(statementOf(BUYER)).rejects.toThrow(JournalError);
});
