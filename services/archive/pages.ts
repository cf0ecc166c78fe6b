/** Batches of an actor with their journal rows, as the tables have them. No row of an old batch ever changes, so no snapshot is held. */
import type pg from "pg";
import { ArchiveError, type ArchivedBatch, type ArchivedRow } from "./format.js";
import { BATCHES_PER_ARCHIVE, BATCHES_PER_PAGE, JOURNAL_ROWS_PER_ARCHIVE } from "./limits.js";

interface JournalRow extends ArchivedRow {
  readonly batch: number;
  readonly token: number;
  readonly time: number;
}

const BATCHES = `
  SELECT batch, token, anchor, position_before AS "positionBefore", position_after AS "positionAfter",
    time, hash, commands, replies
  FROM batch_log WHERE actor = $1 AND batch > $2 AND batch <= $3 ORDER BY batch LIMIT ${BATCHES_PER_PAGE}`;

const JOURNAL = `
  SELECT batch, token, time, account, first_sequence AS first, last_sequence AS last, events,
    assets, total_changes AS "totalChanges", held_changes AS "heldChanges", counted, warnings
  FROM journal WHERE actor = $1 AND batch > $2 AND batch <= $3 ORDER BY batch, account`;

/** What one file takes of the batches after `after` up to `upTo`, a page at a time. */
export async function* pagesForFile(
  client: pg.ClientBase,
  actor: number,
  after: number,
  upTo: number,
): AsyncGenerator<ArchivedBatch[]> {
  let [batches, journalRows] = [0, 0];
  for (let last = after; last < upTo; ) {
    const page = await pageAfter(client, actor, last, upTo);
    if (page.length === 0) return;
    yield page;
    last = page.at(-1)!.batch;
    batches += page.length;
    for (const { journal } of page) journalRows += journal.length;
    if (batches >= BATCHES_PER_ARCHIVE || journalRows >= JOURNAL_ROWS_PER_ARCHIVE) return;
  }
}

async function pageAfter(
  client: pg.ClientBase,
  actor: number,
  after: number,
  upTo: number,
): Promise<ArchivedBatch[]> {
  const { rows } = await client.query<Omit<ArchivedBatch, "journal">>(BATCHES, [
    actor,
    after,
    upTo,
  ]);
  const last = rows.at(-1)?.batch;
  if (last === undefined) return [];
  const journal = await client.query<JournalRow>(JOURNAL, [actor, after, last]);
  const byBatch = new Map<number, JournalRow[]>();
  for (const row of journal.rows) {
    const of = byBatch.get(row.batch) ?? [];
    byBatch.set(row.batch, of);
    of.push(row);
  }
  return rows.map((batch) => {
    const of = byBatch.get(batch.batch) ?? [];
    if (of.every(({ token, time }) => token === batch.token && time === batch.time)) {
      return { ...batch, journal: of };
    }
    throw new ArchiveError(
      "ARCHIVE_NOT_WHOLE",
      `a journal row of batch ${batch.batch} of actor ${actor} is of another token or time; run the audit`,
    );
  });
}
