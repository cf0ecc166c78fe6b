/**
 * Reads many rows by `COPY … TO STDOUT (FORMAT binary)`: a row costs a fifth of what the driver's own way costs. The event
 * loop is given back every few milliseconds, for who reads so much leads other actors meanwhile, and may be handed one.
 */
import { performance } from "node:perf_hooks";
import type { Connection, PoolClient, Submittable } from "pg";
import { assert } from "../../../actors/kernel/assert.js";
import { unboxed } from "../../../actors/kernel/unboxed.js";
import type { Row } from "../../ports/store.js";

/** Enough that a page costs little beside its rows, and few enough that nobody waits for it: 2,000 rows of four columns, some 200 of an order's. */
const PAGE_VALUES_MAX = 8_000;
/**
 * For so long rows are taken at a time; what the socket has given by then is taken as well. Without it a socket whose other end is as fast
 * gives one piece after the other, and nobody else has a turn.
 */
const TURN_MS_MAX = 5;
/** A look at the clock for each would be much beside a small row. */
const ROWS_PER_LOOK = 32;
/** What reading one table may take. */
const TABLE_TIMEOUT_MS = 25_000;

/** A signature, flags, and the length of an extension that has never had any bytes. */
const HEADER_BYTES = 11 + 4 + 4;
/** In place of the number of a row's columns. */
const LAST_ROW = -1;

/** How a column of any integer type, of a text or of bytes is read. */
export type ColumnKind = "integer" | "text" | "bytes";
export type Columns = Readonly<Record<string, ColumnKind>>;
type Value = number | string | Uint8Array | null;

/** Gives the rows of a query, which takes no parameters, page by page. Its columns are those named, in their order. */
export async function copyRows(
  client: PoolClient,
  query: string,
  columns: Columns,
  page: (rows: readonly Row[]) => void,
): Promise<void> {
  const names = Object.keys(columns);
  const kinds = Object.values(columns);
  const pageRows = Math.ceil(PAGE_VALUES_MAX / names.length);
  let rows: Row[] = [];
  const givePage = () => {
    const full = rows;
    rows = [];
    if (full.length > 0) page(full);
  };
  const take = (chunk: Buffer, at: number) => {
    rows.push(decodeRow(chunk, at, names, kinds));
    if (rows.length >= pageRows) givePage();
  };
  await copyBytes(client, query, names.length, take, givePage);
}

/**
 * Gives the bytes of each row of a query: where its first column's length is. They are the driver's, and good until the next.
 * `end` comes after the last.
 */
export function copyBytes(
  client: PoolClient,
  query: string,
  columns: number,
  take: (chunk: Buffer, at: number) => void,
  end: () => void = () => undefined,
): Promise<void> {
  return new Promise((resolve, reject) => {
    const done = (error?: Error | null) => (error ? reject(error) : resolve());
    client.query(new CopyRows(query, { columns, take, end }, done));
  });
}

interface Sink {
  readonly columns: number;
  readonly take: (chunk: Buffer, at: number) => void;
  readonly end: () => void;
}

/** What the driver runs; it calls the handlers with the server's messages. */
class CopyRows implements Submittable {
  /** The driver puts itself around it to end a query that takes too long. */
  callback: (error?: Error | null) => void;
  readonly query_timeout = TABLE_TIMEOUT_MS;
  private readonly text: string;
  private readonly sink: Sink;
  private rows = 0;
  /** When the event loop was given back last. */
  private turnSinceMs = 0;
  private hasHeader = false;
  private failure: Error | null = null;

  constructor(query: string, sink: Sink, callback: (error?: Error | null) => void) {
    this.text = `COPY (${query}) TO STDOUT (FORMAT binary)`;
    this.sink = sink;
    this.callback = callback;
  }

  submit(connection: Connection): void {
    this.turnSinceMs = performance.now();
    connection.query(this.text);
  }

  handleCopyData({ chunk }: { readonly chunk: Buffer }, connection: Connection): void {
    this.guard(() => {
      this.take(chunk);
      if (this.rows % ROWS_PER_LOOK === 0) this.giveTurn(connection);
    });
  }

  handleCommandComplete(): void {
    this.guard(() => this.sink.end());
  }

  handleReadyForQuery(): void {
    this.callback(this.failure);
  }

  handleError(error: Error): void {
    this.callback(error);
  }

  private giveTurn({ stream }: Connection): void {
    if (stream.isPaused() || performance.now() - this.turnSinceMs < TURN_MS_MAX) return;
    stream.pause();
    setImmediate(() => {
      this.turnSinceMs = performance.now();
      stream.resume();
    });
  }

  /** What goes wrong here is not the driver's: whoever asked for the rows is told, and ends the connection. */
  private guard(work: () => void): void {
    if (this.failure) return;
    try {
      work();
    } catch (error) {
      this.failure = error as Error;
      this.callback(this.failure);
    }
  }

  /** The server sends a message for each row, the header in front of the first, and one that says it was the last. */
  private take(chunk: Buffer): void {
    const start = this.hasHeader ? 0 : HEADER_BYTES;
    this.hasHeader = true;
    const fields = chunk.readInt16BE(start);
    if (fields === LAST_ROW) return;
    const { columns } = this.sink;
    assert(fields === columns, "a row has %s columns, not %s", fields, columns);
    this.rows += 1;
    this.sink.take(chunk, start + 2);
  }
}

function decodeRow(
  chunk: Buffer,
  start: number,
  names: readonly string[],
  kinds: readonly ColumnKind[],
): Row {
  const row: Record<string, Value> = {};
  let at = start;
  for (let column = 0; column < names.length; column++) {
    const length = int32At(chunk, at);
    at += 4;
    row[names[column]!] = length < 0 ? null : decodeValue(chunk, at, length, kinds[column]!);
    if (length > 0) at += length;
  }
  return row;
}

function decodeValue(chunk: Buffer, at: number, length: number, kind: ColumnKind): Value {
  if (kind === "integer") return decodeInteger(chunk, at, length);
  if (kind === "text") return chunk.toString("utf8", at, at + length);
  // The driver writes what it reads next into the same memory.
  return Buffer.from(chunk.subarray(at, at + length));
}

/** An integer of any type. */
export function decodeInteger(chunk: Buffer, at: number, length: number): number {
  if (length === 4) return int32At(chunk, at);
  if (length === 2) return (int32At(chunk, at - 2) << 16) >> 16;
  assert(length === 8, "an integer of %s bytes", length);
  const value = int32At(chunk, at) * 0x1_0000_0000 + (int32At(chunk, at + 4) >>> 0);
  assert(Number.isSafeInteger(value), "%s is no integer that a double holds exactly", value);
  return unboxed(value);
}

/** What `readInt32BE` gives; without its checks a million orders take a sixth less time from their rows. */
export function int32At(chunk: Buffer, at: number): number {
  return (chunk[at]! << 24) | (chunk[at + 1]! << 16) | (chunk[at + 2]! << 8) | chunk[at + 3]!;
}
