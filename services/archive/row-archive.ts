/**
 * Archiving of trades and of orders that have ended: to files that are read again, and loaded into tables of the session; what these say
 * is compared with the rows and added to the sums, in the transaction that deletes the rows. A market's trades go first, in their
 * order, when both shards have taken them; an order goes when all its trades are gone.
 */
import { join } from "node:path";
import type pg from "pg";
import { CLIENT_ORDER_ID_FREE_AFTER_MICROS } from "../../actors/kernel/limits.js";
import { FiledRows, KEYS, type Range } from "./filed-rows.js";
import { ArchiveError } from "./format.js";
import { FILE_TRIES_MAX } from "./limits.js";
import { putAside, sha256Of } from "./lines.js";
import { type FiledRow, readRows, type RowHead, type RowKind, writeRows } from "./row-file.js";
import { FROM_THE_OLDEST, type OrderSearch, ordersForFile, tradesForFile } from "./row-pages.js";
import { addFiled, rowArchivesOf, WRONG_FILED } from "./row-tables.js";
import { inReadersTurn } from "./tables.js";

/** Of the numbers in files' names, so that these are in order. */
const FILE_DIGITS = 6;

export interface RowFile {
  readonly kind: RowKind;
  readonly actor: string;
  readonly file: string;
  readonly rows: number;
  readonly sha256: string;
}

interface Actor {
  readonly actor: number;
  readonly name: string;
}

/** A client has used the id of one of the orders again meanwhile, or somebody else holds a row. */
class ChangedMeanwhile extends ArchiveError {
  constructor(name: string) {
    super(
      "ARCHIVE_ORDERS_CHANGE",
      `old orders of ${name} are held or changed by others; nothing of that file was deleted; try again later`,
    );
  }
}

export class RowArchive {
  private readonly client: pg.ClientBase;
  private readonly folder: string;
  private readonly before: number;
  private readonly filed: FiledRows;

  private constructor(client: pg.ClientBase, folder: string, before: number, filed: FiledRows) {
    this.client = client;
    this.folder = folder;
    this.before = before;
    this.filed = filed;
  }

  /** For what is of times before `before` (microseconds since 1970). */
  static async open(client: pg.ClientBase, folder: string, before: number): Promise<RowArchive> {
    return new RowArchive(client, folder, before, await FiledRows.open(client));
  }

  async trades(market: Actor, onFile: (file: RowFile) => void): Promise<void> {
    for (;;) {
      const previous = (await rowArchivesOf(this.client, "trades", market.actor)).at(-1);
      const after = previous?.last ?? 0;
      const pages = tradesForFile(this.client, market.actor, after, this.before);
      const file = await this.archive("trades", market, pages, after);
      if (!file) return;
      onFile(file);
    }
  }

  async orders(shard: Actor, onFile: (file: RowFile) => void): Promise<void> {
    const before = await this.freeBefore(shard);
    for (let search = FROM_THE_OLDEST, tries = 1; !search.isOver; ) {
      try {
        const found: { search: OrderSearch } = { search };
        const file = await this.archive("orders", shard, this.searched(shard, before, found), 0);
        if (file) onFile(file);
        search = found.search;
        tries = 1;
      } catch (error) {
        if (!(error instanceof ChangedMeanwhile) || tries === FILE_TRIES_MAX) throw error;
        tries += 1;
      }
    }
  }

  private async *searched(
    shard: Actor,
    before: number,
    found: { search: OrderSearch },
  ): AsyncGenerator<FiledRow[]> {
    found.search = yield* ordersForFile(this.client, shard.actor, found.search, before);
  }

  /**
   * Who has ended before has a client order id that is free in every batch that the shard will ever commit: none is of an earlier time than
   * its last. So no clock is believed (R10, R12); the orders of a shard that does nothing wait until it does something.
   */
  private async freeBefore({ actor }: Actor): Promise<number> {
    const text = "SELECT time FROM actors WHERE actor = $1";
    const { time } = (await this.client.query<{ time: number }>(text, [actor])).rows[0]!;
    return Math.min(this.before, time - CLIENT_ORDER_ID_FREE_AFTER_MICROS);
  }

  /** Null: there are no rows. `after`: the last of the trades that went before. */
  private async archive(
    kind: RowKind,
    { actor, name }: Actor,
    pages: AsyncGenerator<FiledRow[]>,
    after: number,
  ): Promise<RowFile | null> {
    const first = await pages.next();
    if (first.done) return null;
    const previous = (await rowArchivesOf(this.client, kind, actor)).at(-1);
    const number = (previous?.number ?? 0) + 1;
    const file = `${name}-${String(number).padStart(FILE_DIGITS, "0")}.${kind}.jsonl.gz`;
    const path = join(this.folder, file);
    await putAside(path);
    const head: RowHead = { kind, actor, number, previous: previous?.sha256 ?? "" };
    await writeRows(path, head, startingWith(first.value, pages));
    const sha256 = await sha256Of(path);
    // Only what can be read again is deleted.
    await this.filed.clear();
    const range = await this.filed.add(kind, readRows(path, sha256, head));
    await this.filed.analyze();
    await this.judge(kind, name, after, range);
    await inReadersTurn(this.client, async () => {
      await addFiled(this.client, { ...head, ...range, file, sha256 });
      await this.remove(kind, name, range.rows);
    });
    return { kind, actor: name, file, rows: range.rows, sha256 };
  }

  private async judge(kind: RowKind, name: string, after: number, range: Range): Promise<void> {
    const { first, last, rows } = range;
    if (kind === "trades" && (first !== after + 1 || last !== after + rows)) {
      throw notWhole(`${name}: trades ${first} to ${last}, ${rows} of them, follow ${after}`);
    }
    const wrong = (await this.client.query<{ order: number }>(WRONG_FILED[kind])).rows[0];
    if (wrong) throw notWhole(`${name}: what order ${wrong.order} and its trades say differs`);
  }

  /** Rows that another session is about to change are not waited for: it may wait for others of them. */
  private async remove(kind: RowKind, name: string, expected: number): Promise<void> {
    const key = KEYS[kind];
    const { rowCount } = await this.client.query(
      `DELETE FROM ${kind} USING (
         SELECT t.actor, t.${key} FROM ${kind} t JOIN filed_${kind} f ON f.actor = t.actor AND f.${key} = t.${key}
         WHERE ROW(t.*) IS NOT DISTINCT FROM ROW(f.*) FOR UPDATE OF t SKIP LOCKED
       ) same WHERE ${kind}.actor = same.actor AND ${kind}.${key} = same.${key}`,
    );
    if (rowCount === expected) return;
    if (kind === "orders") throw new ChangedMeanwhile(name);
    throw notWhole(`${name}: ${rowCount} trades are what the file says, of ${expected}`);
  }
}

async function* startingWith(
  first: FiledRow[],
  others: AsyncGenerator<FiledRow[]>,
): AsyncGenerator<FiledRow[]> {
  yield first;
  yield* others;
}

function notWhole(what: string): ArchiveError {
  return new ArchiveError("ARCHIVE_NOT_WHOLE", `${what}; nothing was deleted; run the audit`);
}
