/** The evidence of a drill that never was: two orders that have met, in the clients' words and in the database's rows. */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync, gzipSync } from "node:zlib";
import { decodeFrame, encodeFrame } from "../../actors/kernel/frame.js";
import { shardOfOrder } from "../../actors/kernel/ids.js";
import { Side, TimeInForce } from "../../actors/kernel/order.js";
import { Market } from "../../actors/market/market.js";
import { encodeMarketCommand, plainOrder } from "../../actors/market/messages.js";
import { check } from "../../chaos/checker/check.js";
import { Extract } from "../../chaos/checker/extract.js";
import type { JournalRow, Source, TableName, Tables } from "../../chaos/checker/tables.js";
import { tablesFolder, writeEvidence } from "../../chaos/evidence/folder.js";
import { MANIFEST, type Manifest, writeManifest } from "../../chaos/evidence/manifest.js";
import { recordOf } from "../../chaos/evidence/record.js";
import { OpenBatch } from "../../services/host/open-batch.js";
import { recordLike } from "./drill-record.js";
import { INSTRUMENT, OPERATOR } from "./market.js";

const STARTED_AT = Date.UTC(2026, 0, 31, 12);
const [BUYER, SELLER, MARKET] = [7, 8, 1_025];
export const BUY_ORDER = 1_025;
export const SELL_ORDER = 1_026;

const FILL = { price: 50, quantity: 10 };
const OPEN = { instrument: MARKET, price: 50, created: 3, updated: 4, pair: null };
const NO_FEES = {
  maker_fee: null,
  taker_fee: null,
  maker_value: null,
  taker_value: null,
  fees: null,
};

/** What the market has read: that it is listed, and both orders, each from its shard. */
function marketCommands(): string {
  const batch = new OpenBatch(Market.create(MARKET), 4);
  const take = (source: number, command: Uint8Array) =>
    batch.apply({ ...decodeFrame(encodeFrame(source, 1, [command])), token: 1 }, 0);
  const enter = (orderId: number, account: number, side: Side, quantity: number) => {
    const terms = { orderId, account, side, timeInForce: TimeInForce.GoodTillCancel, price: 50 };
    const order = encodeMarketCommand(plainOrder({ ...terms, quantity }));
    take(shardOfOrder(orderId), order);
  };
  const instrument = { ...INSTRUMENT, referencePrice: FILL.price };
  take(OPERATOR, encodeMarketCommand({ kind: "list", instrument, shards: 2 }));
  enter(BUY_ORDER, BUYER, Side.Buy, 20);
  enter(SELL_ORDER, SELLER, Side.Sell, 10);
  return Buffer.from(batch.takeLog()).toString("hex");
}

/** `changes`: of an asset, what is owned and what is held. */
function journalRow(
  account: number,
  [first_sequence, last_sequence]: readonly [number, number],
  events: string,
  changes: readonly (readonly [number, number, number])[] = [],
): JournalRow {
  return {
    account,
    first_sequence,
    last_sequence,
    events,
    assets: changes.map(([asset]) => asset),
    total_changes: changes.map(([, total]) => total),
    held_changes: changes.map(([, , held]) => held),
  };
}

/** Bytes of the journal by the account events' own layout: opened and deposited, accepted, rested, filled. */
const ROWS: { readonly [Name in TableName]: readonly Tables[Name][] } = {
  actors: [
    { actor: 1, name: "ledger.1", kind: "ledger" },
    { actor: MARKET, name: "market.X", kind: "market" },
  ],
  orders: [
    { ...OPEN, ...NO_FEES, order_id: BUY_ORDER, account: BUYER, client_order_id: "b1", side: 1 },
    { ...OPEN, ...NO_FEES, order_id: SELL_ORDER, account: SELLER, client_order_id: "s1", side: 2 },
  ].map((row) =>
    row.side === 1
      ? { ...row, quantity: 20, leaves: 10, status: 3 }
      : { ...row, quantity: 10, leaves: 0, status: 4 },
  ),
  trades: [
    {
      ...FILL,
      actor: MARKET,
      trade_id: 1,
      sequence: 3,
      batch: 1,
      taker_side: 2,
      maker_order: BUY_ORDER,
      taker_order: SELL_ORDER,
    },
  ],
  journal: [
    journalRow(BUYER, [1, 2], "010101010201010202904e016b", [[2, 10_000, 0]]),
    journalRow(BUYER, [3, 3], "03010103810802623181080101013214", [[2, 0, 1_000]]),
    journalRow(BUYER, [4, 4], "0781081402"),
    journalRow(BUYER, [5, 5], "0881080181080101320a0a03", [
      [1, 10, 0],
      [2, -500, -500],
    ]),
    journalRow(SELLER, [1, 2], "01010101020101020164016b", [[1, 100, 0]]),
    journalRow(SELLER, [3, 3], "0301010382080273318108020101320a", [[1, 0, 10]]),
    journalRow(SELLER, [4, 4], "0882080181080202320a0003", [
      [1, -10, -10],
      [2, 500, 0],
    ]),
  ],
  instruments: [
    { instrument: MARKET, symbol: "X", base_asset: 1, quote_asset: 2, notional_factor: 1 },
  ],
  book: [{ actor: MARKET, order_id: BUY_ORDER, side: 1, price: 50, leaves: 10 }],
  links: [
    { actor: 1, peer: MARKET, received: 2, sent: 1 },
    { actor: MARKET, peer: 1, received: 1, sent: 2 },
  ],
  batch_log: [
    { actor: 1, batch: 1, token: 1, time: 3, commands: null },
    { actor: 1, batch: 2, token: 2, time: 4, commands: null },
    { actor: MARKET, batch: 1, token: 1, time: 4, commands: marketCommands() },
  ],
  claims: [
    { actor: 1, token: 1, batch: 0 },
    { actor: 1, token: 2, batch: 1 },
    { actor: MARKET, token: 1, batch: 0 },
  ],
  balances: [
    { account: BUYER, asset: 1, total: 10, held: 0 },
    { account: BUYER, asset: 2, total: 9_500, held: 500 },
    { account: SELLER, asset: 1, total: 90, held: 0 },
    { account: SELLER, asset: 2, total: 500, held: 0 },
  ],
  deposits: [
    { account: BUYER, asset: 2, amount: 10_000 },
    { account: SELLER, asset: 1, amount: 100 },
  ],
  withdrawals: [],
};

const SOURCE: Source = {
  async *pages(table) {
    yield ROWS[table];
  },
};

/** What a client was told: its order was accepted, rested perhaps, and filled. */
function logOf(account: number, id: string, orderId: number, filledAs: number): string {
  const of = { account, token: 1 };
  const leaves = orderId === BUY_ORDER ? 10 : 0;
  const lines = [
    { kind: "submitted", account, clientOrderId: id, crosses: orderId === SELL_ORDER },
    { kind: "accepted", ...of, clientOrderId: id, orderId, sequence: 3 },
    { kind: "event", ...of, sequence: 3, content: ["accepted", orderId] },
    ...(filledAs === 5
      ? [{ kind: "event", ...of, sequence: 4, content: ["rested", orderId] }]
      : []),
    {
      kind: "event",
      ...of,
      sequence: filledAs,
      content: ["filled", orderId, 1, "X", 50, 10, leaves],
    },
    { kind: "end" },
  ];
  const at = (line: number) => STARTED_AT + 10 + line * 2;
  return lines.map((line, n) => `${JSON.stringify({ ...line, at: at(n) })}\n`).join("");
}

/** Writes it into a folder, as a drill does. */
export async function writeSmallEvidence(folder: string): Promise<void> {
  const logs = join(folder, "..", "logs");
  mkdirSync(logs, { recursive: true });
  writeFileSync(join(logs, "buyer.jsonl"), logOf(BUYER, "b1", BUY_ORDER, 5));
  writeFileSync(join(logs, "seller.jsonl"), logOf(SELLER, "s1", SELL_ORDER, 4));
  await Extract.write(SOURCE, tablesFolder(folder));
  const checked = await check(logs, new Extract(tablesFolder(folder)), "plain");
  const like = await recordLike({ rounds: 1 });
  const { timeline, firstLeaders, leaderChanges, beats } = like;
  const observed = { timeline, firstLeaders, leaderChanges, beats };
  const record = await recordOf({ ...like.found, checked }, observed, {
    startedAt: STARTED_AT,
    lengthMs: like.lengthMs,
    logs,
    seed: 1,
    surroundings: like.surroundings,
    servers: like.servers,
  });
  await writeEvidence(folder, record, logs, null);
}

/** Changes the rows of a table, as a forger would who knows of the sums. */
export async function forge<Name extends TableName>(
  folder: string,
  table: Name,
  change: (rows: Tables[Name][]) => Tables[Name][],
): Promise<void> {
  const path = join(tablesFolder(folder), `${table}.jsonl.gz`);
  const lines = gunzipSync(readFileSync(path)).toString().trimEnd().split("\n");
  const rows = change(lines.map((line) => JSON.parse(line) as Tables[Name]));
  writeFileSync(path, gzipSync(rows.map((row) => `${JSON.stringify(row)}\n`).join("")));
  await sumAgain(folder);
}

/** Changes the text of a client's log, in the same way. */
export async function forgeLog(
  folder: string,
  client: string,
  change: (text: string) => string,
): Promise<void> {
  const path = join(folder, "clients", `${client}.jsonl.gz`);
  writeFileSync(path, gzipSync(change(gunzipSync(readFileSync(path)).toString())));
  await sumAgain(folder);
}

/** Writes the sums of what is there now; of another program, where its commit is given. */
export async function sumAgain(folder: string, otherCommit?: string): Promise<void> {
  const manifest = JSON.parse(readFileSync(join(folder, MANIFEST), "utf8")) as Manifest;
  const { kind, drill, seed, commit } = manifest;
  await writeManifest(folder, { kind, drill, seed, commit: otherCommit ?? commit });
}
