/**
 * What an archive file holds: a run of one actor's batches, as `batch_log` had them, each with its journal rows. The file is
 * gzipped JSON, an array on each line:
 *
 *   ["palisade-archive", 1, actor, after, previous]   first: the version, the batch before the first, and the SHA-256 of the file that has it
 *   ["B", batch, token, anchor, positionBefore, positionAfter, time, hash, commands, replies]
 *   ["J", account, first, last, events, assets, totalChanges, heldChanges, counted, warnings]   a journal row of the batch above
 *   ["end", batches, journalRows]                     last: a file without it was never finished
 *
 * Bytes are in base64; replies may be null. Times are microseconds since 1970.
 */

export const ARCHIVE_VERSION = 1;

export interface ArchivedRow {
  readonly account: number;
  readonly first: number;
  readonly last: number;
  readonly events: Buffer;
  /** Three lists of one length. */
  readonly assets: readonly number[];
  readonly totalChanges: readonly number[];
  readonly heldChanges: readonly number[];
  /** What was counted of the account's orders up to this row, as the table has it. */
  readonly counted: string;
  /** How many of the events are warnings. */
  readonly warnings: number;
}

export interface ArchivedBatch {
  readonly batch: number;
  readonly token: number;
  readonly anchor: number;
  readonly positionBefore: number;
  readonly positionAfter: number;
  readonly time: number;
  readonly hash: number;
  readonly commands: Buffer;
  readonly replies: Buffer | null;
  readonly journal: readonly ArchivedRow[];
}

export interface ArchiveHead {
  readonly actor: number;
  readonly after: number;
  /** Empty for an actor's first file. */
  readonly previous: string;
}

/** A file that is not what it should be, or not there; or rows that are no whole to archive. */
export class ArchiveError extends Error {
  override readonly name = "ArchiveError";
  readonly code: string;
  constructor(code: string, message: string) {
    super(`${code}: ${message}`);
    this.code = code;
  }
}

export type Line = readonly unknown[];

export function headLine({ actor, after, previous }: ArchiveHead): Line {
  return ["palisade-archive", ARCHIVE_VERSION, actor, after, previous];
}

export function batchLines(batch: ArchivedBatch): Line[] {
  const { batch: number, token, anchor, positionBefore, positionAfter, time, hash } = batch;
  const commands = batch.commands.toString("base64");
  const replies = batch.replies?.toString("base64") ?? null;
  const rows = batch.journal.map((row) => [
    "J",
    row.account,
    row.first,
    row.last,
    row.events.toString("base64"),
    row.assets,
    row.totalChanges,
    row.heldChanges,
    row.counted,
    row.warnings,
  ]);
  const position = [positionBefore, positionAfter];
  return [["B", number, token, anchor, ...position, time, hash, commands, replies], ...rows];
}

export function endLine(batches: number, journalRows: number): Line {
  return ["end", batches, journalRows];
}

export function headOf([kind, version, actor, after, previous]: Line): ArchiveHead | null {
  if (kind !== "palisade-archive" || version !== ARCHIVE_VERSION) return null;
  return { actor: actor as number, after: after as number, previous: previous as string };
}

export function batchOf(line: Line, journal: readonly ArchivedRow[]): ArchivedBatch {
  const numbers = line.slice(1, 8) as number[];
  const [batch, token, anchor, positionBefore, positionAfter, time, hash] = numbers as [
    number,
    number,
    number,
    number,
    number,
    number,
    number,
  ];
  const commands = bytesOf(line[8]);
  const replies = line[9] === null ? null : bytesOf(line[9]);
  const position = { positionBefore, positionAfter };
  return { batch, token, anchor, ...position, time, hash, commands, replies, journal };
}

export function rowOf(line: Line): ArchivedRow {
  const [, account, first, last, events, assets, totalChanges, heldChanges] = line;
  const [counted, warnings] = line.slice(8);
  return {
    account: account as number,
    first: first as number,
    last: last as number,
    events: bytesOf(events),
    assets: assets as number[],
    totalChanges: totalChanges as number[],
    heldChanges: heldChanges as number[],
    counted: counted as string,
    warnings: warnings as number,
  };
}

function bytesOf(text: unknown): Buffer {
  return Buffer.from(text as string, "base64");
}
