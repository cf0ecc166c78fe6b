/**
 * What archived batches of one actor add up to, and whether they are a whole: numbers without a gap, tokens that never fall, inbox
 * positions that go on, and of each account a journal that goes on from where the one before ended (R1, R9). Believes nothing but
 * what is read to it.
 */
import type { ArchivedBatch } from "./format.js";

/** Where the last batch leaves the actor; batch 0 is before all. */
export interface BatchEnd {
  readonly batch: number;
  readonly token: number;
  readonly anchor: number;
  readonly position: number;
  readonly time: number;
}

export const BEFORE_ALL: BatchEnd = { batch: 0, token: 0, anchor: 0, position: 0, time: 0 };

export interface ArchivedBalance {
  total: number;
  held: number;
}

export class ArchiveSums {
  end: BatchEnd;
  batches = 0;
  journalRows = 0;
  /** The last number of each account's journal, and what its last row has counted. */
  readonly sequences = new Map<number, number>();
  readonly counted = new Map<number, string>();
  /** What changed, by account and asset. */
  readonly balances = new Map<number, Map<number, ArchivedBalance>>();
  private readonly begins: (account: number) => number;

  /** `begins` says at which number the journal of an account stands that was not seen yet. */
  constructor(end: BatchEnd, begins: (account: number) => number = () => 0) {
    this.end = end;
    this.begins = begins;
  }

  /** Takes the next batch. Gives what is wrong with it; null: nothing. */
  take(batch: ArchivedBatch): string | null {
    const { end } = this;
    const { batch: number, token, anchor, time, positionBefore, positionAfter: position } = batch;
    if (number !== end.batch + 1) return `batch ${number} follows ${end.batch}`;
    if (token < end.token) return `batch ${number} has token ${token} after ${end.token}`;
    if (time < end.time) return `batch ${number} is of a time before the one that it follows`;
    const goesOn =
      anchor > end.anchor || (anchor === end.anchor && positionBefore === end.position);
    if (!goesOn || position < positionBefore) {
      return `batch ${number} reads from ${positionBefore} on, after ${end.position}`;
    }
    this.end = { batch: number, token, anchor, position, time };
    this.batches += 1;
    for (const row of batch.journal) {
      const { account, first, last } = row;
      const before = this.sequences.get(account) ?? this.begins(account);
      if (first !== before + 1 || last < first) {
        return `batch ${number}: the journal of account ${account} goes from ${before} to ${first}`;
      }
      this.sequences.set(account, last);
      this.counted.set(account, row.counted);
      this.journalRows += 1;
      row.assets.forEach((asset, at) => {
        this.add(account, asset, row.totalChanges[at]!, row.heldChanges[at]!);
      });
    }
    return null;
  }

  private add(account: number, asset: number, total: number, held: number): void {
    const balances = this.balances.get(account) ?? new Map<number, ArchivedBalance>();
    this.balances.set(account, balances);
    const before = balances.get(asset) ?? { total: 0, held: 0 };
    balances.set(asset, { total: before.total + total, held: before.held + held });
  }
}
