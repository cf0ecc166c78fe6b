/**
 * What is under way between actors at the moment of the snapshot: the outbox, frame for frame, read as what it says. A trade or a
 * transfer that is in flight is in one of these letters, or lost. How far receivers had come, and what shards answer each other, is read
 * after the snapshots of all instances, so that whatever a sender has deleted was taken by then.
 */
import type { Client } from "pg";
import { MalformedError } from "../../actors/kernel/bytes.js";
import { decodeFrame, type Frame } from "../../actors/kernel/frame.js";
import { isLedgerShard, LEDGER_SHARDS_MAX } from "../../actors/kernel/ids.js";
import { decodeLedgerCommand, type LedgerCommand } from "../../actors/ledger/messages.js";
import { decodeMarketCommand, isOrderCommand } from "../../actors/market/messages.js";

/** Frames have up to a few hundred kilobytes: so many are decoded at a time. */
export const PAGE_FRAMES = 200;

/** Temporary tables of a session. `seen_outbox` is filled by the snapshot. */
export const LETTER_TABLES = `
  CREATE TEMP TABLE seen_outbox (actor integer, destination integer, first bigint, last bigint, frame bytea);
  -- Each command of it by what it is about; a trade has a row for each of its orders.
  CREATE TEMP TABLE seen_letters (actor integer, destination integer, number bigint, kind text,
    order_id bigint, trade_id bigint, price bigint, quantity bigint,
    account bigint, key text, recipient bigint, asset integer, amount bigint, code integer);
  CREATE TEMP TABLE seen_unreadable (actor integer, destination integer, last bigint);
  -- How far the receivers of actors that are here have come, wherever they are.
  CREATE TEMP TABLE seen_marks (sender integer, receiver integer, received bigint);
  -- What shards, wherever they are, have to say of transfers.
  CREATE TEMP TABLE seen_answers AS SELECT * FROM seen_letters;
`;

interface OutboxRow {
  readonly actor: number;
  readonly destination: number;
  readonly first: number;
  readonly last: number;
  readonly frame: Uint8Array;
}

type Letter = Readonly<Record<string, number | string>>;

/** Fills the sessions' tables of letters, marks and answers, after every instance's snapshot. */
export async function readLetters(clients: readonly Client[]): Promise<void> {
  for (const client of clients) {
    await readOutbox(client);
    const marks = await marksOf(client);
    for (const to of clients) {
      await to.query(
        `INSERT INTO seen_marks SELECT * FROM jsonb_populate_recordset(NULL::seen_marks, $1)
         WHERE sender IN (SELECT actor FROM seen_actors)`,
        [JSON.stringify(marks)],
      );
    }
    await readAnswers(client, clients);
  }
  for (const client of clients) {
    await client.query("ANALYZE seen_letters, seen_marks, seen_answers");
  }
}

async function marksOf(client: Client): Promise<unknown[]> {
  const { rows } = await client.query(
    "SELECT peer AS sender, actor AS receiver, received FROM links WHERE peer > 0",
  );
  return rows;
}

async function readOutbox(client: Client): Promise<void> {
  for await (const rows of pagesOf(client, "seen_outbox")) {
    const letters: Letter[] = [];
    for (const row of rows) {
      const read = lettersIn(row);
      if (read) letters.push(...read);
      else await client.query("INSERT INTO seen_unreadable VALUES ($1, $2, $3)", idOf(row));
    }
    await store(client, "seen_letters", letters);
  }
}

/** From the outbox as it is by now: an answer that goes while it is read has ended its transfer. */
async function readAnswers(from: Client, clients: readonly Client[]): Promise<void> {
  const toShards = `(SELECT * FROM outbox WHERE greatest(actor, destination) <= ${LEDGER_SHARDS_MAX}) o`;
  for await (const rows of pagesOf(from, toShards)) {
    const letters = rows.flatMap((row) => lettersIn(row) ?? []);
    const answers = letters.filter(({ kind }) => kind === "credited");
    for (const to of clients) await store(to, "seen_answers", answers);
  }
}

/** Of an outbox: of a shard that is down there may be more than there is room for in memory. */
async function* pagesOf(client: Client, outbox: string): AsyncGenerator<OutboxRow[]> {
  for (let after = [0, 0, 0]; ; ) {
    const { rows } = await client.query<OutboxRow>(
      `SELECT * FROM ${outbox} WHERE (actor, destination, last) > ($1, $2, $3)
       ORDER BY actor, destination, last LIMIT ${PAGE_FRAMES}`,
      after,
    );
    yield rows;
    const newest = rows.at(-1);
    if (!newest || rows.length < PAGE_FRAMES) return;
    after = idOf(newest);
  }
}

function idOf({ actor, destination, last }: OutboxRow): number[] {
  return [actor, destination, last];
}

async function store(client: Client, table: string, letters: readonly Letter[]): Promise<void> {
  if (letters.length === 0) return;
  await client.query(
    `INSERT INTO ${table} SELECT * FROM jsonb_populate_recordset(NULL::seen_letters, $1)`,
    [JSON.stringify(letters)],
  );
}

/** Nothing: the frame cannot be read, or is another than its row says. */
function lettersIn({ actor, destination, first, last, frame: bytes }: OutboxRow): Letter[] | null {
  try {
    const frame = decodeFrame(bytes);
    if (frame.source !== actor || frame.first !== first || lastOf(frame) !== last) return null;
    return frame.commands.flatMap((payload, at) => {
      const subjects = isLedgerShard(destination)
        ? toldShard(decodeLedgerCommand(payload))
        : toldMarket(payload);
      return subjects.map((subject) => ({ actor, destination, number: first + at, ...subject }));
    });
  } catch (error) {
    if (error instanceof MalformedError) return null;
    throw error;
  }
}

function lastOf({ first, commands }: Frame): number {
  return first + commands.length - 1;
}

function toldMarket(payload: Uint8Array): Letter[] {
  const command = decodeMarketCommand(payload);
  return isOrderCommand(command) ? [{ kind: command.kind, order_id: command.orderId }] : [];
}

function toldShard(command: LedgerCommand): Letter[] {
  switch (command.kind) {
    case "trade": {
      const { kind, tradeId: trade_id, price, quantity, makerOrder, takerOrder } = command;
      return [makerOrder, takerOrder].map((order_id) => {
        return { kind, order_id, trade_id, price, quantity };
      });
    }
    case "credit": {
      const { kind, sender: account, key, recipient, asset, amount } = command;
      return [{ kind, account, key, recipient, asset, amount }];
    }
    case "credited": {
      const { kind, sender: account, key, code } = command;
      return [{ kind, account, key, code }];
    }
    default:
      return "orderId" in command ? [{ kind: command.kind, order_id: command.orderId }] : [];
  }
}
