/**
 * What there is of each asset in the shard, but for what trades have moved (R7): what came in from outside less what has left
 * again; and what accounts were transferred, and have transferred, which count turnover and wrap at 2^53 as flows do.
 */
import { NO_ROWS, type RowSet } from "../kernel/actor.js";
import { assert } from "../kernel/assert.js";
import type { StateHash } from "../kernel/hash.js";
import { SHARD_DEPOSITS_UNITS_MAX } from "../kernel/limits.js";
import { wrappingSum } from "./flows.js";
import { HashKind } from "./hash-kinds.js";
import { numberIn, rowSetOf, type TableRow } from "./rows.js";

/** In the asset's units. */
export interface Total {
  readonly asset: number;
  /** Below zero where more has left than came in: it came in elsewhere. */
  deposits: number;
  transferredIn: number;
  transferredOut: number;
}

export class Totals {
  private readonly hash: StateHash;
  private readonly byAsset = new Map<number, Total>();
  private readonly touched = new Set<Total>();

  constructor(hash: StateHash) {
    this.hash = hash;
  }

  all(): Iterable<Total> {
    return this.byAsset.values();
  }

  deposits(asset: number): number {
    return this.byAsset.get(asset)?.deposits ?? 0;
  }

  /** Comes in from outside, or (below zero) leaves. */
  deposit(asset: number, amount: number): void {
    this.change(asset, (total) => {
      total.deposits += amount;
      assert(total.deposits <= SHARD_DEPOSITS_UNITS_MAX, "%s of asset %s", total.deposits, asset);
    });
  }

  /** An account is given what another has transferred, or gets its own back. */
  transferIn(asset: number, amount: number): void {
    this.change(asset, (total) => {
      total.transferredIn = wrappingSum(total.transferredIn, amount);
    });
  }

  transferOut(asset: number, amount: number): void {
    this.change(asset, (total) => {
      total.transferredOut = wrappingSum(total.transferredOut, amount);
    });
  }

  takeRows(): RowSet {
    if (this.touched.size === 0) return NO_ROWS;
    const rows = rowSetOf([...this.touched], {
      asset: ({ asset }) => asset,
      deposits: ({ deposits }) => deposits,
      transferred_in: ({ transferredIn }) => transferredIn,
      transferred_out: ({ transferredOut }) => transferredOut,
    });
    this.dropRows();
    return rows;
  }

  dropRows(): void {
    this.touched.clear();
  }

  restore(row: TableRow): void {
    const total: Total = {
      asset: numberIn(row, "asset"),
      deposits: numberIn(row, "deposits"),
      transferredIn: numberIn(row, "transferred_in"),
      transferredOut: numberIn(row, "transferred_out"),
    };
    this.byAsset.set(total.asset, total);
    this.hashIn(total);
  }

  private change(asset: number, change: (total: Total) => void): void {
    let total = this.byAsset.get(asset);
    if (total) {
      this.hashOut(total);
    } else {
      total = { asset, deposits: 0, transferredIn: 0, transferredOut: 0 };
      this.byAsset.set(asset, total);
    }
    change(total);
    this.hashIn(total);
    this.touched.add(total);
  }

  /** Without transfers the hash is what it was before there were any (R13). */
  private hashIn({ asset, deposits, transferredIn, transferredOut }: Total): void {
    this.hash.add(HashKind.Deposits, asset, deposits);
    if (transferredIn + transferredOut === 0) return;
    this.hash.add(HashKind.Transferred, asset, transferredIn, transferredOut);
  }

  private hashOut({ asset, deposits, transferredIn, transferredOut }: Total): void {
    this.hash.remove(HashKind.Deposits, asset, deposits);
    if (transferredIn + transferredOut === 0) return;
    this.hash.remove(HashKind.Transferred, asset, transferredIn, transferredOut);
  }
}
