/** Archive files of batches (`format.ts` says what they hold). */
import {
  type ArchivedBatch,
  type ArchivedRow,
  type ArchiveHead,
  batchLines,
  batchOf,
  endLine,
  headLine,
  headOf,
  type Line,
  rowOf,
} from "./format.js";
import { firstLine, openLines, unfinished, unknownBeginning, writeLines } from "./lines.js";

/** Writes the pages of batches to a file, which is there, whole and durable, when this resolves. */
export function writeArchive(
  path: string,
  head: ArchiveHead,
  pages: AsyncIterable<readonly ArchivedBatch[]>,
): Promise<void> {
  return writeLines(path, linesOf(head, pages));
}

async function* linesOf(
  head: ArchiveHead,
  pages: AsyncIterable<readonly ArchivedBatch[]>,
): AsyncGenerator<Line[]> {
  let [batches, journalRows] = [0, 0];
  yield [headLine(head)];
  for await (const page of pages) {
    yield page.flatMap(batchLines);
    batches += page.length;
    for (const { journal } of page) journalRows += journal.length;
  }
  yield [endLine(batches, journalRows)];
}

export interface OpenArchive {
  readonly head: ArchiveHead;
  readonly batches: AsyncIterable<ArchivedBatch>;
}

/** Opens a file whose checksum has to be this. Rejects with `ArchiveError`, also while batches are read. */
export async function openArchive(path: string, sha256: string): Promise<OpenArchive> {
  const lines = (await openLines(path, sha256)) as AsyncGenerator<Line>;
  const first = (await firstLine(lines)) as Line | null;
  const head = first && headOf(first);
  if (!head) throw unknownBeginning(path);
  return { head, batches: batchesOf(path, lines) };
}

async function* batchesOf(
  path: string,
  lines: AsyncGenerator<Line>,
): AsyncGenerator<ArchivedBatch> {
  let batch: Line | null = null;
  let journal: ArchivedRow[] = [];
  let [batches, journalRows] = [0, 0];
  for await (const line of lines) {
    if (line[0] === "J") {
      journal.push(rowOf(line));
      journalRows += 1;
      continue;
    }
    if (batch) yield batchOf(batch, journal);
    if (line[0] === "end") {
      if (line[1] === batches && line[2] === journalRows) return;
      break;
    }
    batch = line;
    journal = [];
    batches += 1;
  }
  throw unfinished(path);
}
