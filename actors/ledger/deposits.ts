/**
 * Deposits: what came into the shard from outside; and how much of it is there, less what has left again. A deposit's key is kept for as long as its account lives, so a
 * repeated deposit is the same deposit.
 */
import type { RowSet } from "../kernel/actor.js";
import { assert } from "../kernel/assert.js";
import type { StateHash } from "../kernel/hash.js";
import { SHARD_DEPOSITS_UNITS_MAX } from "../kernel/limits.js";
import type { Account } from "./accounts.js";
import { HashKind } from "./hash-kinds.js";
import { numberIn, rowSetOf, type TableRow, textIn } from "./rows.js";

export interface Deposit {
  readonly account: number;
  readonly key: string;
  readonly asset: number;
  /** In the asset's units. */
  readonly amount: number;
  /** The number of its event in the account's journal. */
  readonly sequence: number;
}

export class Deposits {
  private readonly hash: StateHash;
  private readonly byAccount = new Map<Account, Map<string, Deposit>>();
  private readonly totals = new Map<number, number>();
  private added: Deposit[] = [];
  private readonly touched = new Set<number>();

  constructor(hash: StateHash) {
    this.hash = hash;
  }

  find(account: Account, key: string): Deposit | undefined {
    return this.byAccount.get(account)?.get(key);
  }

  /** What came in of an asset less what has left again, in its units: below zero where it came in elsewhere. */
  total(asset: number): number {
    return this.totals.get(asset) ?? 0;
  }

  allTotals(): Iterable<[asset: number, total: number]> {
    return this.totals;
  }

  allKept(): Deposit[] {
    return [...this.byAccount.values()].flatMap((kept) => [...kept.values()]);
  }

  add(account: Account, deposit: Deposit): void {
    this.keep(account, deposit);
    this.added.push(deposit);
    this.setTotal(deposit.asset, this.total(deposit.asset) + deposit.amount);
    this.touched.add(deposit.asset);
  }

  /** Such an amount leaves the shard: a withdrawal is settled. */
  takeOut(asset: number, amount: number): void {
    this.setTotal(asset, this.total(asset) - amount);
    this.touched.add(asset);
  }

  takeRows(): { readonly deposits: RowSet; readonly totals: RowSet } {
    const deposits = rowSetOf(this.added, {
      account: (deposit) => deposit.account,
      key: (deposit) => deposit.key,
      asset: (deposit) => deposit.asset,
      amount: (deposit) => deposit.amount,
      sequence: (deposit) => deposit.sequence,
    });
    const totals = rowSetOf([...this.touched], {
      asset: (asset) => asset,
      deposits: (asset) => this.total(asset),
    });
    this.added = [];
    this.touched.clear();
    return { deposits, totals };
  }

  restoreDeposit(account: Account, row: TableRow): void {
    this.keep(account, {
      account: account.id,
      key: textIn(row, "key"),
      asset: numberIn(row, "asset"),
      amount: numberIn(row, "amount"),
      sequence: numberIn(row, "sequence"),
    });
  }

  restoreTotal(row: TableRow): void {
    this.setTotal(numberIn(row, "asset"), numberIn(row, "deposits"));
  }

  private keep(account: Account, deposit: Deposit): void {
    let kept = this.byAccount.get(account);
    if (!kept) {
      kept = new Map();
      this.byAccount.set(account, kept);
    }
    assert(!kept.has(deposit.key), `a deposit key of account ${account.id} is used`);
    kept.set(deposit.key, deposit);
  }

  private setTotal(asset: number, total: number): void {
    assert(total <= SHARD_DEPOSITS_UNITS_MAX, `${total} deposited of asset ${asset}`);
    const before = this.totals.get(asset);
    if (before !== undefined) this.hash.remove(HashKind.Deposits, asset, before);
    this.totals.set(asset, total);
    this.hash.add(HashKind.Deposits, asset, total);
  }
}
