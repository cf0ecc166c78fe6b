/**
 * Above which value an account's orders are held for review, where an operator has set it: for each asset that orders are quoted in, in
 * units of that asset, so that nothing has to be converted. An order's value is its quantity at the limit that it is held at.
 */
import type { RowSet } from "../kernel/actor.js";
import type { StateHash } from "../kernel/hash.js";
import type { Account } from "./accounts.js";
import { HashKind } from "./hash-kinds.js";
import { numberIn, rowSetOf, type TableRow } from "./rows.js";

interface ReviewLimit {
  readonly account: Account;
  readonly asset: number;
  /** 0: no order is held, as where none was ever set. */
  readonly value: number;
}

export class ReviewLimits {
  private readonly hash: StateHash;
  private readonly byAccount = new Map<Account, Map<number, ReviewLimit>>();
  private readonly touched = new Set<ReviewLimit>();

  constructor(hash: StateHash) {
    this.hash = hash;
  }

  /** In units of the asset; 0: none. */
  of(account: Account, asset: number): number {
    return this.byAccount.get(account)?.get(asset)?.value ?? 0;
  }

  /** From now on. */
  set(account: Account, asset: number, value: number): void {
    const known = this.byAccount.get(account)?.get(asset);
    if (known) {
      this.hash.remove(...partsOf(known));
      this.touched.delete(known);
    }
    this.touched.add(this.put({ account, asset, value }));
  }

  takeRows(): RowSet {
    const rows = rowSetOf([...this.touched], {
      account: ({ account }) => account.id,
      asset: ({ asset }) => asset,
      value: ({ value }) => value,
    });
    this.dropRows();
    return rows;
  }

  dropRows(): void {
    this.touched.clear();
  }

  restore(account: Account, row: TableRow): void {
    this.put({ account, asset: numberIn(row, "asset"), value: numberIn(row, "value") });
  }

  private put(limit: ReviewLimit): ReviewLimit {
    const { account, asset } = limit;
    const known = this.byAccount.get(account) ?? new Map<number, ReviewLimit>();
    this.byAccount.set(account, known.set(asset, limit));
    this.hash.add(...partsOf(limit));
    return limit;
  }
}

function partsOf({ account, asset, value }: ReviewLimit): number[] {
  return [HashKind.ReviewLimit, account.id, asset, value];
}
