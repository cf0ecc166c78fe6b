/**
 * Archiving: batches of the log that are older than a time, with their journal rows, trades, and orders that have ended, are written to
 * files, read again from there, and only then deleted; what they add up to stays (R7, R9). Nothing of it is done by an actor, and none is
 * held up: rows that are that old hardly ever change, and are deleted a file at a time. Killed at any moment, it goes on where it was.
 */
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import pg from "pg";
import type { ActorKind } from "../../actors/kernel/ids.js";
import { openArchive, writeArchive } from "./file.js";
import { putAside, sha256Of } from "./lines.js";
import { ArchiveError, type ArchivedBatch } from "./format.js";
import { EXACT_INTEGERS } from "../adapters/postgres/connections.js";
import { ARCHIVED_AGE_HOURS_MIN } from "./limits.js";
import { pagesForFile } from "./pages.js";
import { RowArchive, type RowFile } from "./row-archive.js";
import { ArchiveSums, BEFORE_ALL } from "./sums.js";
import { archivedSequences, archivesOf, replaceByFile } from "./tables.js";

/** Of a session that archives: "parc" in ASCII. */
const LOCK_KEY = 0x70617263;

/** Of the batch numbers in files' names, so that these are in order. */
const BATCH_DIGITS = 12;

const MICROS_PER_SECOND = 1_000_000;
const MICROS_PER_HOUR = 3_600 * MICROS_PER_SECOND;

export interface ArchivedFile {
  readonly actor: string;
  readonly file: string;
  readonly batches: number;
  readonly journalRows: number;
  readonly sha256: string;
}

interface Actor {
  readonly actor: number;
  readonly kind: ActorKind;
  readonly name: string;
  /** The last batch that is old enough; null: none is. */
  readonly upTo: number | null;
}

/** What is older than a time (microseconds since 1970), or than so long by the database's clock. */
export type Age = { readonly before: number } | { readonly olderThanSeconds: number };

export type AnyFile = ({ readonly kind: "batches" } & ArchivedFile) | RowFile;

/**
 * Archives what is that old to files in the folder, and gives each. An actor's newest batch always stays. Rejects with
 * `ArchiveError`; what was archived before is archived then.
 */
export async function archive(
  postgresUrl: string,
  folder: string,
  age: Age,
  onFile: (file: AnyFile) => void,
): Promise<void> {
  await connected(postgresUrl, async (client) => {
    await claim(client);
    const before = await timeOf(client, age);
    await mkdir(folder, { recursive: true });
    const { rows } = await client.query<Actor>(OLD_ACTORS, [before]);
    for (const actor of rows) {
      for (;;) {
        const file = await archiveNext(client, folder, actor);
        if (!file) break;
        onFile({ kind: "batches", ...file });
      }
    }
    const rest = await RowArchive.open(client, folder, before);
    for (const actor of rows) if (actor.kind === "market") await rest.trades(actor, onFile);
    for (const actor of rows) if (actor.kind === "ledger") await rest.orders(actor, onFile);
  });
}

/** An actor's archived batches, from the first on. Throws `ArchiveError`. */
export async function* archivedBatches(
  postgresUrl: string,
  folder: string,
  actor: number,
): AsyncGenerator<ArchivedBatch> {
  const archives = await connected(postgresUrl, (client) => archivesOf(client, actor));
  for (const { file, sha256 } of archives) {
    yield* (await openArchive(join(folder, file), sha256)).batches;
  }
}

async function connected<T>(
  postgresUrl: string,
  work: (client: pg.Client) => Promise<T>,
): Promise<T> {
  const client = new pg.Client({
    connectionString: postgresUrl,
    application_name: "palisade-archive",
    types: EXACT_INTEGERS,
  });
  // When the connection breaks, the statement under way fails, or the next; that says enough.
  client.on("error", () => undefined);
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}

/** The newest batch is left out, so that the log of an actor is never empty. */
const OLD_ACTORS = `
  SELECT a.actor, a.kind, a.name, (SELECT max(batch) FROM batch_log l
    WHERE l.actor = a.actor AND l.batch < a.batch AND l.time < $1) AS "upTo"
  FROM actors a ORDER BY a.actor`;

async function claim(client: pg.Client): Promise<void> {
  const { rows } = await client.query<{ free: boolean }>(
    "SELECT pg_try_advisory_lock($1) AS free",
    [LOCK_KEY],
  );
  if (rows[0]!.free) return;
  throw new ArchiveError("ARCHIVE_UNDER_WAY", "another command is archiving; wait until it has");
}

/** The time before which all goes. */
async function timeOf(client: pg.Client, age: Age): Promise<number> {
  const now = "(extract(epoch FROM clock_timestamp()) * 1000000)::bigint AS now";
  const { rows } = await client.query<{ now: number }>(`SELECT ${now}`);
  const latest = rows[0]!.now - ARCHIVED_AGE_HOURS_MIN * MICROS_PER_HOUR;
  const before =
    "before" in age ? age.before : rows[0]!.now - age.olderThanSeconds * MICROS_PER_SECOND;
  if (before <= latest) return before;
  const message = `what is younger than ${ARCHIVED_AGE_HOURS_MIN} hours stays: who fell behind reads it, and client order ids are their orders' that long; name an earlier time`;
  throw new ArchiveError("ARCHIVE_TOO_YOUNG", message);
}

/** Archives the actor's next file; null: there is nothing left that is old enough. */
async function archiveNext(
  client: pg.Client,
  folder: string,
  { actor, name, upTo }: Actor,
): Promise<ArchivedFile | null> {
  const previous = (await archivesOf(client, actor)).at(-1);
  const end = previous?.end ?? BEFORE_ALL;
  if (upTo === null || upTo <= end.batch) return null;
  const first = end.batch + 1;
  const file = `${name}-${String(first).padStart(BATCH_DIGITS, "0")}.jsonl.gz`;
  const path = join(folder, file);
  await putAside(path);
  const head = { actor, after: end.batch, previous: previous?.sha256 ?? "" };
  await writeArchive(path, head, pagesForFile(client, actor, end.batch, upTo));
  const sha256 = await sha256Of(path);
  const known = await archivedSequences(client, actor);
  const sums = new ArchiveSums(end, (account) => known.get(account) ?? 0);
  // Only what can be read again is deleted.
  for await (const batch of (await openArchive(path, sha256)).batches) {
    const wrong = sums.take(batch);
    if (!wrong) continue;
    throw new ArchiveError(
      "ARCHIVE_NOT_WHOLE",
      `${name}: ${wrong}; nothing was deleted; run the audit`,
    );
  }
  await replaceByFile(client, { actor, first, file, sha256, sums });
  return { actor: name, file, batches: sums.batches, journalRows: sums.journalRows, sha256 };
}
