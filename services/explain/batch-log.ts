/** An actor's batch log, searched for the commands that name something: which batch applied them, and who had sent them. */
import type pg from "pg";
import { ByteReader } from "../../actors/kernel/bytes.js";
import { decodeFrame } from "../../actors/kernel/frame.js";
import { query } from "../adapters/postgres/connections.js";
import * as sql from "./sql.js";

/** Batches that are read at once, and that are searched at each end of a range that is long. */
const BATCHES_PER_READ = 2_000;
const SEARCHED_AT_EACH_END_MAX = 20_000;

export interface AppliedCommand {
  readonly batch: number;
  readonly token: number;
  /** Of the batch, in microseconds since 1970. */
  readonly time: number;
  /** An actor's number, or minus a gateway's slot; its token then, and the command's number among all that it sent. */
  readonly source: number;
  readonly sourceToken: number;
  readonly number: number;
  readonly payload: Uint8Array;
  /** The batch's answers that no journal has. */
  readonly replies: Uint8Array | null;
}

export interface BatchRange {
  readonly from: number;
  readonly to: number;
}

export interface Search {
  readonly found: readonly AppliedCommand[];
  /** What was not searched, because the range is long; null: nothing. */
  readonly left: BatchRange | null;
}

export class BatchLog {
  /** The first and the last batch that are kept; both 0: there is none. */
  readonly oldest: number;
  readonly newest: number;
  private readonly pool: pg.Pool;
  private readonly actor: number;

  private constructor(pool: pg.Pool, actor: number, { from, to }: BatchRange) {
    this.pool = pool;
    this.actor = actor;
    this.oldest = from;
    this.newest = to;
  }

  static async open(pool: pg.Pool, actor: number): Promise<BatchLog> {
    const [range] = await query<BatchRange & pg.QueryResultRow>(pool, sql.BATCHES_KEPT, [actor]);
    return new BatchLog(pool, actor, range!);
  }

  /** The last batch that was begun at a time or before, of those that are kept. */
  async at(time: number): Promise<number> {
    let [from, to] = [this.oldest, this.newest];
    while (from < to) {
      const middle = Math.ceil((from + to) / 2);
      if ((await this.timeOf(middle)) <= time) from = middle;
      else to = middle - 1;
    }
    return from;
  }

  /** Is everything kept that was begun at a time or later? */
  async reaches(time: number): Promise<boolean> {
    return this.oldest === 1 || (this.oldest > 0 && (await this.timeOf(this.oldest)) <= time);
  }

  /**
   * The commands of a range of batches that have one of these bytes in them, in their order. They may have them by chance:
   * whoever asks looks at each.
   */
  async search({ from, to }: BatchRange, bytes: readonly Uint8Array[]): Promise<Search> {
    const headEnd = from + SEARCHED_AT_EACH_END_MAX - 1;
    const tailStart = to - SEARCHED_AT_EACH_END_MAX + 1;
    if (tailStart <= headEnd + 1) return { found: await this.read(from, to, bytes), left: null };
    const found = [
      ...(await this.read(from, headEnd, bytes)),
      ...(await this.read(tailStart, to, bytes)),
    ];
    return { found, left: { from: headEnd + 1, to: tailStart - 1 } };
  }

  private async read(
    from: number,
    to: number,
    bytes: readonly Uint8Array[],
  ): Promise<AppliedCommand[]> {
    const found: AppliedCommand[] = [];
    for (let first = from; first <= to; first += BATCHES_PER_READ) {
      const last = Math.min(to, first + BATCHES_PER_READ - 1);
      const values = [this.actor, first, last, bytes.map((each) => Buffer.from(each))];
      for (const row of await query<sql.LoggedRow>(this.pool, sql.BATCHES_WITH, values)) {
        found.push(...commandsOf(row));
      }
    }
    return found;
  }

  private async timeOf(batch: number): Promise<number> {
    const values = [this.actor, batch];
    const [row] = await query<{ time: number }>(this.pool, sql.BATCH_TIME, values);
    return row?.time ?? 0;
  }
}

function commandsOf({ commands, ...batch }: sql.LoggedRow): AppliedCommand[] {
  const reader = new ByteReader(commands);
  const found: AppliedCommand[] = [];
  while (reader.remaining > 0) {
    const { source, token: sourceToken, first, commands: payloads } = decodeFrame(reader.bytes());
    payloads.forEach((payload, n) => {
      found.push({ ...batch, source, sourceToken, number: first + n, payload });
    });
  }
  return found;
}
