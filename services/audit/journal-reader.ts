/** The rows of one account's journal: in the database, and before that in the archive files of its shard, where their folder is named. */
import { join } from "node:path";
import type pg from "pg";
import { openArchive } from "../archive/file.js";
import { type ArchiveRow, archivesOf } from "../archive/tables.js";

/** Rows of the journal that are held in memory at once. */
const PAGE_ROWS = 1_000;

/** Microseconds since 1970; `to` is no part of it. */
export interface Period {
  readonly from: number;
  readonly to: number;
}

export interface JournalRow {
  readonly time: number;
  readonly first: number;
  readonly last: number;
  readonly events: Buffer;
  readonly assets: readonly number[];
  readonly changes: readonly number[];
}

/** What is asked for lies in archive files, at least in part. */
export class JournalArchivedError extends Error {}

export class JournalReader {
  private readonly client: pg.Client;
  private readonly account: number;
  /** Those of its shard, if something of it was archived. */
  private readonly archives: readonly ArchiveRow[];
  private readonly folder: string | undefined;

  private constructor(
    client: pg.Client,
    account: number,
    archives: readonly ArchiveRow[],
    folder: string | undefined,
  ) {
    this.client = client;
    this.account = account;
    this.archives = archives;
    this.folder = folder;
  }

  /** `folder`: where the archive files are, if they are to be read. */
  static async open(
    client: pg.Client,
    account: number,
    folder: string | undefined,
  ): Promise<JournalReader> {
    const { rows } = await client.query<{ actor: number }>(
      "SELECT actor FROM archived_accounts WHERE account = $1",
      [account],
    );
    const archives = rows[0] ? await archivesOf(client, rows[0].actor) : [];
    return new JournalReader(client, account, archives, folder);
  }

  /** What the account has now, and what is held of it, by asset. */
  async balances(): Promise<Map<number, { readonly total: number; readonly held: number }>> {
    const { rows } = await this.client.query<{ asset: number; total: number; held: number }>(
      "SELECT asset, total, held FROM balances WHERE account = $1",
      [this.account],
    );
    return new Map(rows.map((row) => [row.asset, row]));
  }

  /** What the journal adds up to before a time, by asset. Throws as `rows` does. */
  async balancesBefore(time: number): Promise<Map<number, number>> {
    const isArchived = this.isArchived(time);
    const { rows } = await this.client.query<{ asset: number; total: number }>(
      `SELECT asset, sum(total)::bigint AS total FROM (
         SELECT c.asset, c.total FROM journal j, unnest(j.assets, j.total_changes) AS c (asset, total)
         WHERE j.account = $1 AND j.time < $2
         UNION ALL SELECT asset, total FROM archived_balances WHERE account = $1 AND NOT $3
       ) changes GROUP BY asset ORDER BY asset`,
      [this.account, time, isArchived],
    );
    const balances = new Map(rows.map(({ asset, total }) => [asset, total]));
    if (!isArchived) return balances;
    for await (const { assets, changes } of this.archived({ from: 0, to: time })) {
      assets.forEach((asset, at) => {
        balances.set(asset, (balances.get(asset) ?? 0) + changes[at]!);
      });
    }
    return balances;
  }

  /** Its rows of a period. Throws `JournalArchivedError` where no folder was named, and `ArchiveError`. */
  async *rows(period: Period): AsyncGenerator<JournalRow> {
    if (this.isArchived(period.from)) yield* this.archived(period);
    yield* this.kept(period);
  }

  /** Was something archived that is of this time or later? */
  private isArchived(time: number): boolean {
    const last = this.archives.at(-1);
    return last !== undefined && time <= last.end.time;
  }

  private async *archived({ from, to }: Period): AsyncGenerator<JournalRow> {
    if (this.folder === undefined) throw this.archivedError();
    for (const { file, sha256, end } of this.archives) {
      if (end.time < from) continue;
      const { batches } = await openArchive(join(this.folder, file), sha256);
      for await (const { time, journal } of batches) {
        if (time < from || time >= to) continue;
        for (const row of journal) {
          if (row.account === this.account) yield { ...row, time, changes: row.totalChanges };
        }
      }
    }
  }

  private archivedError(): JournalArchivedError {
    const { time } = this.archives.at(-1)!.end;
    const until = new Date(Math.floor(time / 1_000) + 1).toISOString();
    return new JournalArchivedError(
      `the journal of account ${this.account} before ${until} is in archive files; name their folder with --archives`,
    );
  }

  private async *kept({ from, to }: Period): AsyncGenerator<JournalRow> {
    for (let after = 0; ; ) {
      const { rows } = await this.client.query<JournalRow>(
        `SELECT time, first_sequence AS first, last_sequence AS last, events, assets, total_changes AS changes
         FROM journal WHERE account = $1 AND last_sequence > $2 AND time >= $3 AND time < $4
         ORDER BY last_sequence LIMIT ${PAGE_ROWS}`,
        [this.account, after, from, to],
      );
      yield* rows;
      if (rows.length < PAGE_ROWS) return;
      after = rows.at(-1)!.last;
    }
  }
}
