/** The rows that say what was archived, and to which files. */
import type pg from "pg";
import { ArchiveError } from "./format.js";
import type { ArchiveSums, BatchEnd } from "./sums.js";

/** Of a session that needs what is archived and what is not to stay as it is: "paud" in ASCII. */
export const READERS_LOCK_KEY = 0x70617564;

export interface ArchiveRow {
  readonly actor: number;
  readonly first: number;
  readonly end: BatchEnd;
  readonly journalRows: number;
  readonly file: string;
  readonly sha256: string;
}

interface StoredRow extends Omit<ArchiveRow, "end"> {
  readonly batch: number;
  readonly token: number;
  readonly anchor: number;
  readonly position: number;
  readonly time: number;
}

const COLUMNS = `actor, first_batch AS first, last_batch AS batch, token, anchor, position, time,
  journal_rows AS "journalRows", file, sha256`;

/** An actor's files, in their order. */
export async function archivesOf(client: pg.ClientBase, actor: number): Promise<ArchiveRow[]> {
  const text = `SELECT ${COLUMNS} FROM archives WHERE actor = $1 ORDER BY last_batch`;
  return (await client.query<StoredRow>(text, [actor])).rows.map(rowOf);
}

/** Every actor's files, actor by actor. */
export async function allArchives(client: pg.ClientBase): Promise<ArchiveRow[]> {
  const text = `SELECT ${COLUMNS} FROM archives ORDER BY actor, last_batch`;
  return (await client.query<StoredRow>(text)).rows.map(rowOf);
}

/** How far the journal of each of these accounts was archived; those that were not are left out. */
export async function archivedSequences(
  client: pg.ClientBase,
  actor: number,
): Promise<Map<number, number>> {
  const { rows } = await client.query<{ account: number; sequence: number }>(
    "SELECT account, sequence FROM archived_accounts WHERE actor = $1",
    [actor],
  );
  return new Map(rows.map(({ account, sequence }) => [account, sequence]));
}

export interface NewArchive {
  readonly actor: number;
  readonly first: number;
  readonly file: string;
  readonly sha256: string;
  /** What was read in the file. */
  readonly sums: ArchiveSums;
}

/** Notes a file and what it adds up to, and deletes the rows that it has: all of it, or nothing. */
export function replaceByFile(client: pg.ClientBase, archive: NewArchive): Promise<void> {
  return inReadersTurn(client, async () => {
    await note(client, archive);
    await remove(client, archive);
  });
}

/** One transaction, while nobody reads what is archived and what is not in several statements: they have it as it was, or as it is then. */
export async function inReadersTurn(
  client: pg.ClientBase,
  work: () => Promise<void>,
): Promise<void> {
  await client.query("BEGIN");
  try {
    await client.query("SELECT pg_advisory_xact_lock($1)", [READERS_LOCK_KEY]);
    await work();
    await client.query("COMMIT");
  } catch (error) {
    // Of a connection that is gone there is nothing to roll back.
    await client.query("ROLLBACK").catch(() => undefined);
    throw error;
  }
}

async function note(client: pg.ClientBase, archive: NewArchive): Promise<void> {
  const { actor, first, file, sha256, sums } = archive;
  const { batch, token, anchor, position, time } = sums.end;
  await client.query(
    `INSERT INTO archives (actor, first_batch, last_batch, token, anchor, position, time, journal_rows, file, sha256)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`,
    [actor, first, batch, token, anchor, position, time, sums.journalRows, file, sha256],
  );
  const accounts = [...sums.sequences.keys()];
  const columns = [
    accounts,
    [...sums.sequences.values()],
    accounts.map((account) => sums.counted.get(account)!),
  ];
  await client.query(
    `INSERT INTO archived_accounts (account, actor, sequence, counted)
     SELECT account, $1, sequence, counted FROM unnest($2::bigint[], $3::bigint[], $4::text[]) AS u (account, sequence, counted)
     ON CONFLICT (account) DO UPDATE SET sequence = excluded.sequence, counted = excluded.counted`,
    [actor, ...columns],
  );
  const changes = [...sums.balances].flatMap(([account, assets]) =>
    [...assets].map(([asset, { total, held }]) => [account, asset, total, held] as const),
  );
  await client.query(
    `INSERT INTO archived_balances AS b (account, asset, total, held)
     SELECT * FROM unnest($1::bigint[], $2::integer[], $3::bigint[], $4::bigint[])
     ON CONFLICT (account, asset) DO UPDATE SET total = b.total + excluded.total, held = b.held + excluded.held`,
    [0, 1, 2, 3].map((at) => changes.map((change) => change[at])),
  );
}

async function remove(client: pg.ClientBase, { actor, first, sums }: NewArchive): Promise<void> {
  const range = [actor, first, sums.end.batch];
  const where = "WHERE actor = $1 AND batch BETWEEN $2 AND $3";
  const journal = await client.query(`DELETE FROM journal ${where}`, range);
  const batches = await client.query(`DELETE FROM batch_log ${where}`, range);
  if (journal.rowCount === sums.journalRows && batches.rowCount === sums.batches) return;
  throw new ArchiveError(
    "ARCHIVE_NOT_WHOLE",
    `of actor ${actor} there are ${batches.rowCount} batches with ${journal.rowCount} journal rows, and in the file ` +
      `${sums.batches} with ${sums.journalRows}; nothing was deleted; run the audit`,
  );
}

function rowOf({ batch, token, anchor, position, time, ...rest }: StoredRow): ArchiveRow {
  return { ...rest, end: { batch, token, anchor, position, time } };
}
