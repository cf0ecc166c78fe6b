import { afterAll, beforeAll, beforeEach, expect, it } from "vitest";
import {
  type Period,
  type StatementLine,
  StatementError,
  writeStatement,
} from "../../services/audit/statement.js";
import { BUYER, type HandBuiltExchange, SELLER, startHandBuiltExchange } from "./audit-exchange.js";

const EVER: Period = { from: 0, to: 1_000 };

let exchange: HandBuiltExchange;

beforeAll(async () => {
  exchange = await startHandBuiltExchange();
});
afterAll(() => exchange?.stop());
beforeEach(() => exchange.reset());

async function statementOf(account: number, period = EVER) {
  const lines: string[] = [];
  const write = ({ time, sequence, kind, reference, asset, change, balance }: StatementLine) =>
    lines.push(`${time}/${sequence} ${kind} ${reference}: ${change} ${asset}, ${balance}`);
  const statement = await writeStatement(exchange.url, account, period, (line) => write(line));
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
  // origin 1/1/9, asset 2, 100, key "w", then the status.
  const event = (status: number) => `'\\x1401010902640177${status.toString(16).padStart(2, "0")}'`;
  await exchange.run(`INSERT INTO journal VALUES
    (1, 5, 2, 5, ${BUYER}, 6, 6, ${event(1)}, '{2}', '{0}', '{100}'),
    (1, 6, 2, 6, ${BUYER}, 7, 7, ${event(3)}, '{2}', '{-100}', '{-100}')`);
  expect((await statementOf(BUYER, { from: 5, to: 1_000 })).told).toEqual([
    "6/7 withdrawal w: -100 QUOTE, 9400",
  ]);
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
  await expect(statementOf(BUYER)).rejects.toThrow(StatementError);
});
