/**
 * Archive files of a market's trades, or of a shard's orders that have ended. The file is gzipped JSON, a value on each line:
 *
 *   ["palisade-archive-trades", 1, actor, number, previous]   first (or "-orders"): the version, the file's number among the actor's
 *                                                             of its kind, and the SHA-256 of the one before
 *   {"actor": …, "trade_id": …, …}                            a row as its table had it, without the columns that were empty
 *   ["end", rows]                                             last: a file without it was never finished
 *
 * Trades go on one after the other; an order is in the first file that is written when it and all its trades are old enough.
 */
import { firstLine, openLines, unfinished, unknownBeginning, writeLines } from "./lines.js";

export const ROW_ARCHIVE_VERSION = 1;

export type RowKind = "trades" | "orders";

/** A row of a table, by column. */
export type FiledRow = Readonly<Record<string, unknown>>;

export interface RowHead {
  readonly kind: RowKind;
  readonly actor: number;
  readonly number: number;
  /** Empty for an actor's first file of its kind. */
  readonly previous: string;
}

/** Writes pages of rows to a file, which is there, whole and durable, when this resolves. */
export function writeRows(
  path: string,
  head: RowHead,
  pages: AsyncIterable<readonly FiledRow[]>,
): Promise<void> {
  return writeLines(path, linesOf(head, pages));
}

async function* linesOf(
  { kind, actor, number, previous }: RowHead,
  pages: AsyncIterable<readonly FiledRow[]>,
): AsyncGenerator<readonly unknown[]> {
  let rows = 0;
  yield [[beginningOf(kind), ROW_ARCHIVE_VERSION, actor, number, previous]];
  for await (const page of pages) {
    rows += page.length;
    yield page;
  }
  yield [["end", rows]];
}

/** Gives the rows of a file whose checksum and beginning have to be these. Rejects with `ArchiveError`, also while they are read. */
export async function* readRows(
  path: string,
  sha256: string,
  { kind, actor, number, previous }: RowHead,
): AsyncGenerator<FiledRow> {
  const lines = await openLines(path, sha256);
  const expected = [beginningOf(kind), ROW_ARCHIVE_VERSION, actor, number, previous];
  const first = await firstLine(lines);
  if (JSON.stringify(first) !== JSON.stringify(expected)) throw unknownBeginning(path);
  let rows = 0;
  for await (const line of lines) {
    if (Array.isArray(line)) {
      if (line[0] === "end" && line[1] === rows) return;
      break;
    }
    rows += 1;
    yield line as FiledRow;
  }
  throw unfinished(path);
}

function beginningOf(kind: RowKind): string {
  return `palisade-archive-${kind}`;
}
