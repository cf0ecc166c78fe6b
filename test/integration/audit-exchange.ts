/**
 * A small exchange written by hand into real tables: two shards, one market, a buyer on the first shard and a seller on
 * the second. The buyer's order of 20 at 50 rested, was filled by 10 and rests on; the seller's of 10 is done.
 */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import pg from "pg";
import { encodeFrame } from "../../actors/kernel/frame.js";
import { isLedgerShard } from "../../actors/kernel/ids.js";
import { encodeLedgerCommand, type LedgerCommand } from "../../actors/ledger/messages.js";
import { encodeMarketCommand, type MarketCommand } from "../../actors/market/messages.js";
import { PROJECT_ROOT } from "../../services/servers/project-root.js";
import { startTestPostgres, type TestServer } from "../helpers/servers.js";

export const BUYER = 7;
export const SELLER = 8;
export const MARKET = 1025;
export const BUY_ORDER = 1 * 1024 + 1;
export const SELL_ORDER = 1 * 1024 + 2;
export const TRADE = 1;

const MIGRATIONS = join(PROJECT_ROOT, "deploy", "postgres", "migrations");

/** Byte strings of the journal, each written out by the account events' own layout. */
const OPENED = "01 01 01 01";
const ACCEPTED_BUY = "03 01 01 03 8108 02 6231 8108 01 01 01 32 14";
const ACCEPTED_SELL = "03 01 01 03 8208 02 7331 8108 02 01 01 32 0a";
const DEPOSITED_QUOTE = "02 01 01 02 02 904e 01 6b";
const DEPOSITED_BASE = "02 01 01 02 01 64 01 6b";
const RESTED_BUY = "07 8108 14 02";
const FILLED_BUY = "08 8108 01 8108 01 01 32 0a 0a 03";
const FILLED_SELL = "08 8208 01 8108 02 02 32 0a 00 03";

/** Frames of the market's batch log, each with its length in front: version, token, source, first number, how many. */
const LISTED = "1b 01 000000000000f03f 01 01 01 0e 01 8108 0158 01 02 00 00 01 01 01 32 02";
const ENTERED_BUY = "15 01 000000000000f03f 02 01 01 08 02 8108 07 01 01 32 14";
const ENTERED_SELL = "15 01 000000000000f03f 04 01 01 08 02 8208 08 02 01 32 0a";

function bytes(...events: string[]): string {
  return `'\\x${events.join("").replaceAll(" ", "")}'`;
}

const ROWS = `
  INSERT INTO exchange (ledger_shards) VALUES (2);
  INSERT INTO assets (name, decimals) VALUES ('BASE', 0), ('QUOTE', 0);
  INSERT INTO actors (actor, name, kind, token, batch, position) VALUES
    (1, 'ledger.1', 'ledger', 2, 4, 40), (2, 'ledger.2', 'ledger', 1, 3, 30), (${MARKET}, 'market.X', 'market', 1, 2, 20);
  INSERT INTO instruments VALUES (${MARKET}, 'X', 1, 2, 0, 0, 1, 1, 1, 50);
  INSERT INTO links (actor, peer, token, received, sent, base_in, base_out, quote_in, quote_out) VALUES
    (1, ${MARKET}, 1, 2, 1, 10, 0, 0, 500), (2, ${MARKET}, 1, 1, 1, 0, 10, 500, 0),
    (${MARKET}, 1, 2, 1, 2, 0, 0, 0, 0), (${MARKET}, 2, 1, 1, 1, 0, 0, 0, 0), (1, -1, 1, 3, 0, 0, 0, 0, 0);
  INSERT INTO batch_log (actor, batch, token, anchor, position_before, position_after, time, hash, commands)
    SELECT actor, n, CASE WHEN actor = 1 AND n > 2 THEN 2 ELSE 1 END, 1, (n - 1) * 10, n * 10, n, 0, ''
    FROM actors, generate_series(1, actors.batch) AS n;
  UPDATE batch_log SET commands = ${bytes(LISTED, ENTERED_BUY)} WHERE actor = ${MARKET} AND batch = 1;
  UPDATE batch_log SET commands = ${bytes(ENTERED_SELL)} WHERE actor = ${MARKET} AND batch = 2;
  INSERT INTO accounts VALUES (${BUYER}, 1, 1), (${SELLER}, 2, 1);
  INSERT INTO balances VALUES
    (1, ${BUYER}, 1, 10, 0), (1, ${BUYER}, 2, 9500, 500), (2, ${SELLER}, 1, 90, 0), (2, ${SELLER}, 2, 500, 0);
  INSERT INTO deposits VALUES (1, ${BUYER}, 'k', 2, 10000, 2), (2, ${SELLER}, 'k', 1, 100, 2);
  INSERT INTO shard_totals VALUES (1, 2, 10000), (2, 1, 100);
  INSERT INTO orders VALUES
    (${BUY_ORDER}, 1, ${BUYER}, 'b1', ${MARKET}, 1, 1, 1, 50, 20, 10, 10, 3, 0, 3, 5, 1, 4),
    (${SELL_ORDER}, 2, ${SELLER}, 's1', ${MARKET}, 2, 1, 1, 50, 10, 10, 0, 4, 0, 3, 4, 1, 3);
  INSERT INTO journal
    (actor, batch, token, time, account, first_sequence, last_sequence, events, assets, total_changes, held_changes) VALUES
    (1, 1, 1, 1, ${BUYER}, 1, 2, ${bytes(OPENED, DEPOSITED_QUOTE)}, '{2}', '{10000}', '{0}'),
    (1, 2, 1, 2, ${BUYER}, 3, 3, ${bytes(ACCEPTED_BUY)}, '{2}', '{0}', '{1000}'),
    (1, 3, 2, 3, ${BUYER}, 4, 4, ${bytes(RESTED_BUY)}, '{}', '{}', '{}'),
    (1, 4, 2, 4, ${BUYER}, 5, 5, ${bytes(FILLED_BUY)}, '{1,2}', '{10,-500}', '{0,-500}'),
    (2, 1, 1, 1, ${SELLER}, 1, 2, ${bytes(OPENED, DEPOSITED_BASE)}, '{1}', '{100}', '{0}'),
    (2, 2, 1, 2, ${SELLER}, 3, 3, ${bytes(ACCEPTED_SELL)}, '{1}', '{0}', '{10}'),
    (2, 3, 1, 3, ${SELLER}, 4, 4, ${bytes(FILLED_SELL)}, '{1,2}', '{-10,500}', '{-10,0}');
  INSERT INTO book VALUES (${MARKET}, ${BUY_ORDER}, ${BUYER}, 1, 50, 10, 1, 10);
  INSERT INTO trades VALUES (${MARKET}, ${TRADE}, 2, 3, 2, 50, 10, 2, ${BUY_ORDER}, ${SELL_ORDER}, ${BUYER}, ${SELLER}, 2, 1);
`;

/** A row of the outbox with one command. */
export function letter(
  from: number,
  to: number,
  number: number,
  command: LedgerCommand | MarketCommand,
): string {
  const payload = isLedgerShard(to)
    ? encodeLedgerCommand(command as LedgerCommand)
    : encodeMarketCommand(command as MarketCommand);
  const frame = Buffer.from(encodeFrame(from, number, [payload])).toString("hex");
  return `INSERT INTO outbox VALUES (${from}, ${to}, ${number}, ${number}, '\\x${frame}')`;
}

const SECOND_TRADE = {
  kind: "trade",
  instrument: MARKET,
  tradeId: 2,
  price: 50,
  quantity: 5,
  takerSide: 2,
  isAuction: false,
  makerOrder: BUY_ORDER,
  takerOrder: SELL_ORDER,
  makerLeaves: 5,
  takerLeaves: 0,
  sequence: 4,
} as const;

/** Another trade, of which both shards are told and neither has taken it. */
export const TRADE_UNDER_WAY = `
  INSERT INTO trades VALUES (${MARKET}, 2, 2, 4, 3, 50, 5, 2, ${BUY_ORDER}, ${SELL_ORDER}, ${BUYER}, ${SELLER}, 3, 2);
  UPDATE book SET leaves = 5, shown = 5;
  UPDATE links SET sent = sent + 1 WHERE actor = ${MARKET};
  ${letter(MARKET, 1, 3, SECOND_TRADE)};
  ${letter(MARKET, 2, 2, SECOND_TRADE)}`;

const OTHER_FRAME = encodeFrame(MARKET, 2, [encodeLedgerCommand({ ...SECOND_TRADE, quantity: 4 })]);
/** The second letter of that trade, with another quantity. */
export const OTHER_LETTER = `SELECT '\\x${Buffer.from(OTHER_FRAME).toString("hex")}'::bytea AS frame`;

const TRANSFER = { sender: BUYER, key: "t" };

/** The buyer transfers 100 to the seller, whose shard has not taken it. */
export const TRANSFER_UNDER_WAY = `
  INSERT INTO transfers VALUES (1, ${BUYER}, 't', ${SELLER}, 2, 100, 1, 0, 5, 5);
  UPDATE shard_totals SET transferred_out = 100 WHERE actor = 1 AND asset = 2;
  UPDATE balances SET total = 9400 WHERE account = ${BUYER} AND asset = 2;
  UPDATE journal SET total_changes = '{10,-600}' WHERE account = ${BUYER} AND last_sequence = 5;
  INSERT INTO links VALUES (1, 2, 1, 0, 1);
  ${letter(1, 2, 1, { kind: "credit", ...TRANSFER, recipient: SELLER, asset: 2, amount: 100 })}`;

/** The recipient's shard has taken it and says so, or why not. */
export function answered(code: number): string {
  return `INSERT INTO links VALUES (2, 1, 1, 1, 1) ON CONFLICT DO NOTHING;
    ${letter(2, 1, 1, { kind: "credited", ...TRANSFER, code })}`;
}

/** It was given; the answer is under way. */
export const TRANSFER_GIVEN = `
  INSERT INTO credits VALUES (2, ${SELLER}, 4, ${BUYER}, 't', 2, 100);
  INSERT INTO shard_totals VALUES (2, 2, 0, 100, 0);
  UPDATE balances SET total = 600 WHERE account = ${SELLER} AND asset = 2;
  UPDATE journal SET total_changes = '{-10,600}' WHERE account = ${SELLER} AND last_sequence = 4;
  ${answered(0)}`;

export interface HandBuiltExchange {
  readonly url: string;
  /** Runs a statement, or several, against the tables as any hand could. */
  run(statements: string): Promise<void>;
  /** Puts the consistent rows back. */
  reset(): Promise<void>;
  stop(): Promise<void>;
}

export async function startHandBuiltExchange(): Promise<HandBuiltExchange> {
  const server: TestServer = await startTestPostgres({ durable: false });
  const client = new pg.Client({ connectionString: server.url });
  await client.connect();
  const files = readdirSync(MIGRATIONS).sort((a, b) => a.localeCompare(b));
  const schema = files.map((file) => readFileSync(join(MIGRATIONS, file), "utf8")).join(";\n");
  const run = async (statements: string): Promise<void> => {
    await client.query(statements);
  };
  await run(schema);
  const { rows } = await client.query<{ tables: string }>(
    "SELECT string_agg(tablename, ', ') AS tables FROM pg_tables WHERE schemaname = 'public'",
  );
  return {
    url: server.url,
    run,
    reset: () => run(`TRUNCATE ${rows[0]!.tables} RESTART IDENTITY; ${ROWS}`),
    stop: async () => {
      await client.end();
      await server.stop();
    },
  };
}
