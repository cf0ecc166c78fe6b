import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, beforeEach, expect, it } from "vitest";
import { check, type CheckReport } from "../../chaos/checker/check.js";
import { Database } from "../../chaos/checker/database.js";
import { Extract } from "../../chaos/checker/extract.js";
import { PROJECT_ROOT } from "../../services/servers/project-root.js";
import {
  BUY_ORDER,
  BUYER,
  type HandBuiltExchange,
  MARKET,
  SELL_ORDER,
  SELLER,
  startHandBuiltExchange,
  TRADE,
} from "./audit-exchange.js";

const BUY_FILL = ["filled", BUY_ORDER, TRADE, "X", 50, 10, 10];
const SELL_FILL = ["filled", SELL_ORDER, TRADE, "X", 50, 10, 0];

const BUYER_LOG = [
  { kind: "submitted", account: BUYER, clientOrderId: "b1" },
  {
    kind: "accepted",
    account: BUYER,
    clientOrderId: "b1",
    orderId: BUY_ORDER,
    sequence: 3,
    token: 1,
  },
  { kind: "event", account: BUYER, sequence: 3, token: 1, content: ["accepted", BUY_ORDER] },
  { kind: "event", account: BUYER, sequence: 4, token: 2, content: ["rested", BUY_ORDER, 20] },
  { kind: "event", account: BUYER, sequence: 5, token: 2, content: BUY_FILL },
  { kind: "event", account: BUYER, sequence: 5, token: 2, content: BUY_FILL },
  { kind: "end" },
];
const SELLER_LOG = [
  { kind: "submitted", account: SELLER, clientOrderId: "s1" },
  {
    kind: "accepted",
    account: SELLER,
    clientOrderId: "s1",
    orderId: SELL_ORDER,
    sequence: 3,
    token: 1,
  },
  { kind: "event", account: SELLER, sequence: 3, token: 1, content: ["accepted", SELL_ORDER] },
  { kind: "event", account: SELLER, sequence: 4, token: 1, content: SELL_FILL },
  { kind: "end" },
];

let exchange: HandBuiltExchange;
let folder: string;

function writeLog(name: string, lines: readonly object[], cutOff = ""): void {
  const text = lines.map((line) => `${JSON.stringify(line)}\n`).join("");
  writeFileSync(join(folder, `${name}.jsonl`), text + cutOff);
}

async function judge(): Promise<CheckReport> {
  const database = await Database.connect(exchange.url);
  try {
    return await check(folder, database, "plain");
  } finally {
    await database.close();
  }
}

beforeAll(async () => {
  exchange = await startHandBuiltExchange();
  folder = mkdtempSync(join(tmpdir(), "palisade-checker-"));
});
afterAll(async () => {
  rmSync(folder, { recursive: true, force: true });
  await exchange?.stop();
});
beforeEach(async () => {
  await exchange.reset();
  rmSync(join(folder, "books.ndjson"), { force: true });
  writeLog("buyer", BUYER_LOG);
  writeLog("seller", SELLER_LOG);
});

it("finds nothing wrong where nothing is", async () => {
  const report = await judge();
  expect(report.examples).toEqual([]);
  expect(report).toMatchObject({
    ok: true,
    lost: 0,
    duplicated: 0,
    staleCommits: 0,
    gaps: 0,
    contradicted: 0,
    conserved: true,
    repriced: 1,
    mispriced: 0,
    booksRewritten: 0,
    counted: { submitted: 2, accepted: 2, fillsTold: 2, eventsCompared: 5, orders: 2, trades: 1 },
  });
});

it("finds the same in the rows that it has extracted", async () => {
  await exchange.run(`DELETE FROM orders WHERE order_id = ${SELL_ORDER};
    UPDATE balances SET total = total + 1 WHERE account = ${BUYER} AND asset = 1`);
  const database = await Database.connect(exchange.url);
  await Extract.write(database, join(folder, "tables"));
  await database.close();
  const again = await check(folder, new Extract(join(folder, "tables")), "plain");
  expect(again).toMatchObject({ ok: false, lost: 1, conserved: false });
  expect(again).toEqual(await judge());
});

it("waits longer between two pages than the exchange lets its own connections wait", async () => {
  await exchange.run("ALTER DATABASE postgres SET idle_in_transaction_session_timeout = 50");
  const database = await Database.connect(exchange.url);
  try {
    for (const table of ["orders", "trades"] as const) {
      for await (const page of database.pages(table)) {
        await sleep(200);
        expect(page.length).toBeGreaterThan(0);
      }
    }
  } finally {
    await database.close();
    await exchange.run("ALTER DATABASE postgres RESET idle_in_transaction_session_timeout");
  }
});

it("judges nothing of which some is in archive files", async () => {
  await exchange.run("INSERT INTO archives VALUES (1, 1, 2, 1, 1, 10, 5, 3, 'a-file', 'its sum')");
  await expect(judge()).rejects.toThrow("ARCHIVED");
});

it("reads a log whose last line was cut off by a kill", async () => {
  writeLog("seller", SELLER_LOG.slice(0, -1), '{"kind":"eve');
  expect(await judge()).toMatchObject({ ok: true, counted: { eventsTold: 6 } });
});

it("is red where a line cannot be read that no kill explains, and names it", async () => {
  const text = SELLER_LOG.map((line) => `${JSON.stringify(line)}\n`);
  writeFileSync(
    join(folder, "seller.jsonl"),
    [...text.slice(0, 1), "{\n", ...text.slice(1)].join(""),
  );
  const report = await judge();
  expect(report).toMatchObject({ ok: false, lost: 0, details: { unreadableLines: 1 } });
  expect(report.examples).toEqual(["line 2 of seller.jsonl is no line of a client's log"]);
});

it("counts an accepted order that is deleted as lost", async () => {
  await exchange.run(`DELETE FROM orders WHERE order_id = ${SELL_ORDER}`);
  const report = await judge();
  expect(report).toMatchObject({ ok: false, lost: 1, duplicated: 0, staleCommits: 0 });
  expect(report.details).toMatchObject({ acceptedWithoutOrder: 1 });
});

it("counts a deleted trade as lost", async () => {
  await exchange.run("DELETE FROM trades");
  // Both sides are told, and settled: each is one fill.
  const report = await judge();
  expect(report).toMatchObject({ ok: false, lost: 2, duplicated: 0 });
  expect(report.details).toMatchObject({ fillsWithoutTrade: 2, fillsSettledTwice: 0 });
});

it("counts a settlement whose trade nobody has as lost, also where no client was told of it", async () => {
  writeLog(
    "seller",
    SELLER_LOG.filter((line) => !JSON.stringify(line).includes("filled")),
  );
  await exchange.run("DELETE FROM trades");
  const report = await judge();
  expect(report).toMatchObject({ ok: false, lost: 2, duplicated: 0 });
});

it("counts a fill that is there twice as duplicated", async () => {
  await exchange.run(`INSERT INTO trades SELECT actor, 2, batch, sequence, time, price, quantity, taker_side,
    maker_order, taker_order, maker_account, taker_account, maker_number, taker_number FROM trades`);
  const report = await judge();
  expect(report.ok).toBe(false);
  expect(report.duplicated).toBe(1);
});

it("counts a fill that the journal settled twice as duplicated", async () => {
  await exchange.run(`INSERT INTO journal SELECT actor, 5, token, time, account, 6, 6, events, assets,
    total_changes, held_changes FROM journal WHERE account = ${BUYER} AND last_sequence = 5`);
  const report = await judge();
  expect(report.details).toMatchObject({ fillsSettledTwice: 1, untoldAtEnd: 1 });
});

it("counts a trade whose price somebody has changed, saying what it should be", async () => {
  await exchange.run("UPDATE trades SET price = 51");
  const report = await judge();
  expect(report).toMatchObject({ ok: false, repriced: 1, mispriced: 1 });
  expect(report.examples).toContain(
    `market.X: trade 1 should be 10 at 50 between ${BUY_ORDER} and taker ${SELL_ORDER} (side 2) in batch 2, ` +
      `and is 10 at 51 between ${BUY_ORDER} and taker ${SELL_ORDER} (side 2) in batch 2`,
  );
});

it("counts a trade that is missing, and one that no two orders make", async () => {
  await exchange.run("DELETE FROM trades");
  expect(await judge()).toMatchObject({ ok: false, repriced: 0, mispriced: 1 });
  await exchange.reset();
  await exchange.run("UPDATE trades SET trade_id = 2");
  expect(await judge()).toMatchObject({ ok: false, repriced: 1, mispriced: 2 });
});

it("counts an order that is left out of the book, of the log, or that the log cannot have put there", async () => {
  await exchange.run("DELETE FROM book");
  const { mispriced, examples } = await judge();
  expect(mispriced).toBe(1);
  expect(examples).toContain(
    `market.X: after batch 2 order ${BUY_ORDER} should rest with 10 at 50 on side 1, and is not in the book`,
  );
  await exchange.reset();
  await exchange.run(`UPDATE batch_log SET commands = '' WHERE actor = ${MARKET} AND batch = 2`);
  // The trade is made by nobody, and the whole buy order rests.
  expect(await judge()).toMatchObject({ ok: false, mispriced: 2 });
  await exchange.reset();
  await exchange.run(`UPDATE batch_log SET batch = 3 WHERE actor = ${MARKET} AND batch = 2`);
  expect((await judge()).examples).toContain("market.X: the batch log has 3 behind 1");
});

it("counts a book of before a fault that the log gives otherwise", async () => {
  const order = { actor: MARKET, order_id: BUY_ORDER, side: 1, price: 50, leaves: 20 };
  const noted = (books: object[]) =>
    writeFileSync(
      join(folder, "books.ndjson"),
      books.map((book) => JSON.stringify(book)).join("\n"),
    );
  const book = { actor: MARKET, batch: 1, orders: [order] };
  noted([book]);
  expect(await judge()).toMatchObject({ ok: true, booksRewritten: 0, counted: { booksNoted: 1 } });
  noted([{ ...book, orders: [{ ...order, leaves: 19 }] }]);
  expect(await judge()).toMatchObject({ ok: false, mispriced: 0, booksRewritten: 1 });
  noted([{ ...book, batch: 7 }]);
  expect((await judge()).examples).toEqual(["market.X: there is no batch 7 any more"]);
});

it("counts a stale batch", async () => {
  await exchange.run(`INSERT INTO batch_log SELECT actor, 5, 1, anchor, 40, 50, time, hash, commands
    FROM batch_log WHERE actor = 1 AND batch = 4`);
  expect(await judge()).toMatchObject({ ok: false, lost: 0, duplicated: 0, staleCommits: 1 });
});

it("counts a batch of a token after a higher one was raised, though that has committed nothing", async () => {
  const raised = (batch: number) =>
    exchange.run(`INSERT INTO claims VALUES (1, 9, 'node-2', 'node-2#1', 'test', 5, ${batch})
      ON CONFLICT (actor, token) DO UPDATE SET batch = excluded.batch`);
  await raised(4);
  expect(await judge()).toMatchObject({ ok: true, staleCommits: 0 });
  await raised(2);
  expect(await judge()).toMatchObject({ ok: false, lost: 0, duplicated: 0, staleCommits: 2 });
});

it("counts a client id that was accepted as two orders", async () => {
  const again = { kind: "accepted", account: SELLER, clientOrderId: "s1", orderId: 4098 };
  writeLog("seller", [...SELLER_LOG, again]);
  expect(await judge()).toMatchObject({ ok: false, duplicated: 1, lost: 1 });
});

it("counts a number told twice with different contents, and one that was not told", async () => {
  const other = {
    kind: "event",
    account: SELLER,
    sequence: 3,
    token: 1,
    content: ["rested", 1, 1],
  };
  writeLog("seller", [...SELLER_LOG, other]);
  writeLog(
    "buyer",
    BUYER_LOG.filter((line) => line.sequence !== 4),
  );
  expect(await judge()).toMatchObject({ ok: false, duplicated: 1, gaps: 1 });
});

it("counts what a client was told otherwise than its journal has it, and what it does not have at all", async () => {
  const told = (sequence: number, ...content: unknown[]) => {
    const line = { kind: "event", account: SELLER, sequence, token: 1, content };
    writeLog("seller", [...SELLER_LOG.slice(0, -2), line]);
  };
  told(4, "ended", SELL_ORDER, 10);
  const report = await judge();
  expect(report).toMatchObject({ ok: false, lost: 0, contradicted: 1 });
  expect(report.details).toMatchObject({ eventsToldOtherwise: 1 });
  expect(report.examples[0]).toContain(
    `account ${SELLER} was told ["ended",${SELL_ORDER},10] as 4`,
  );
  told(5, "ended", SELL_ORDER, 10);
  expect(await judge()).toMatchObject({ ok: false, lost: 1, contradicted: 0, gaps: 1 });
});

it("counts an order that lives although its client was told that it ends", async () => {
  const answer = {
    kind: "answered",
    account: BUYER,
    request: 1,
    code: "OK",
    sequence: 0,
    token: 1,
  };
  writeLog("buyer", [{ ...answer, orderId: BUY_ORDER }, ...BUYER_LOG]);
  expect(await judge()).toMatchObject({ ok: false, lost: 0, contradicted: 1 });
});

it("counts an order that was refused to its client and lives", async () => {
  const refused = { kind: "refused", account: SELLER, clientOrderId: "s1", code: "UNAVAILABLE" };
  const events = SELLER_LOG.filter((line) => line.kind !== "accepted");
  writeLog("seller", [refused, ...events]);
  expect(await judge()).toMatchObject({ ok: false, contradicted: 1 });
});

it("sees money that nobody deposited, and an exchange that is not at rest", async () => {
  await exchange.run(`UPDATE balances SET total = total + 1 WHERE account = ${BUYER} AND asset = 1;
    UPDATE links SET sent = sent + 1 WHERE actor = ${MARKET} AND peer = 1`);
  expect(await judge()).toMatchObject({ ok: false, conserved: false, quiet: false });
});

/** What the buyer has of what is paid with, by its balance and by its journal, of which another row says the rest. */
const buyerHas = (total: number, held: number): string =>
  `UPDATE balances SET total = ${total}, held = ${held} WHERE account = ${BUYER} AND asset = 2;
   UPDATE journal SET assets = '{2}', total_changes = '{${total - 9_500}}', held_changes = '{${held - 500}}'
   WHERE account = ${BUYER} AND first_sequence = 4;`;

it("sees a balance that its journal does not say, and a journal with a gap", async () => {
  await exchange.run(`UPDATE balances SET total = total + 5 WHERE account = ${BUYER} AND asset = 2;
    UPDATE balances SET total = total - 5 WHERE account = ${SELLER} AND asset = 2`);
  expect(await judge()).toMatchObject({
    ok: false,
    conserved: false,
    details: { balancesUnlikeJournal: 2 },
  });
  await exchange.reset();
  await exchange.run(`DELETE FROM journal WHERE account = ${BUYER} AND first_sequence = 4`);
  expect(await judge()).toMatchObject({ ok: false, conserved: true, journalGaps: 1 });
});

it("sees a hold that is not what orders may cost; a pair may cost what its larger order does", async () => {
  const other = BUY_ORDER + 1_024;
  const hold = async (held: number): Promise<string[]> => {
    await exchange.run(buyerHas(9_500, held));
    const { conserved, examples } = await judge();
    expect(conserved).toBe(examples.every((line) => !line.includes("held of asset")));
    return examples.filter((line) => line.includes("held of asset"));
  };
  await exchange.run(`UPDATE orders SET pair = ${other} WHERE order_id = ${BUY_ORDER};
    INSERT INTO orders SELECT (jsonb_populate_record(o, '{"order_id":${other},"client_order_id":"b2","price":60,
      "quantity":10,"filled":0,"pair":${BUY_ORDER}}')).* FROM orders o WHERE order_id = ${BUY_ORDER}`);
  expect(await hold(600)).toEqual([]);
  expect(await hold(1_100)).toEqual(["what all accounts have held of asset 2 is wrong by 500"]);
  await exchange.run(`UPDATE orders SET status = 5 WHERE order_id = ${other}`);
  expect(await hold(500)).toEqual([]);
});

it("counts what is to leave as held, and what has left as gone", async () => {
  await exchange.run(
    `INSERT INTO withdrawals VALUES (1, ${BUYER}, 'w', 2, 100, 2, 5, 5); ${buyerHas(9_500, 600)}`,
  );
  expect(await judge()).toMatchObject({ conserved: true });
  await exchange.run("UPDATE withdrawals SET status = 3");
  expect(await judge()).toMatchObject({ conserved: false });
  await exchange.run(buyerHas(9_400, 500));
  expect(await judge()).toMatchObject({ conserved: true });
});

it("shares no code with the exchange, nor does what it reads the log with", () => {
  const home = join(PROJECT_ROOT, "chaos", "checker");
  const files = new Set(readdirSync(home).map((name) => join(home, name)));
  const foreign: string[] = [];
  for (const file of files) {
    for (const [, path] of readFileSync(file, "utf8").matchAll(/from "([^"]+)"/g)) {
      if (path!.startsWith(".")) files.add(join(dirname(file), path!.replace(/\.js$/, ".ts")));
      else if (!/^(node:|pg$)/.test(path!)) foreign.push(path!);
    }
  }
  const read = ["bytes.ts", "decode-market.ts", "decode.ts", "paper-market.ts"];
  const beyond = [...files].filter((file) => dirname(file) !== home);
  expect(beyond.map((file) => basename(file)).sort()).toEqual(read);
  expect(foreign).toEqual([]);
});
