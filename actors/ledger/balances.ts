/**
 * Every change of a balance goes through here, and is written into the account's journal block as it happens, so
 * that the journal adds up to the balances (R7).
 *
 * Why no balance overflows: a shard takes deposits of at most `SHARD_DEPOSITS_UNITS_MAX` of an asset, the 512th part
 * of `UNITS_MAX`; there are at most 512 shards; nothing but a deposit makes units. So all that exists of an asset is at
 * most `UNITS_MAX`, and so is what anybody owns of it. A shard may see a purchase before it hears of a sale that
 * another market made earlier; until then the sold units stay held in the balance, and an assertion stops the shard
 * before such a sum could leave the exact integers.
 */
import type { RowSet } from "../kernel/actor.js";
import { assert } from "../kernel/assert.js";
import type { StateHash } from "../kernel/hash.js";
import { isHouseAccount } from "../kernel/ids.js";
import { LateHash } from "../kernel/late-hash.js";
import { UNITS_MAX } from "../kernel/limits.js";
import type { Account, Balance } from "./accounts.js";
import { HashKind } from "./hash-kinds.js";
import type { Journal } from "./journal.js";
import { numberIn, rowSetOf, type TableRow } from "./rows.js";

const COLUMNS = {
  account: (balance: Balance) => balance.account,
  asset: (balance: Balance) => balance.asset,
  total: (balance: Balance) => balance.total,
  held: (balance: Balance) => balance.held,
};

export class Balances {
  private readonly hash: LateHash<Balance>;
  private readonly journal: Journal;
  private touched: Balance[] = [];

  constructor(hash: StateHash, journal: Journal) {
    this.hash = new LateHash(hash, addToHash);
    this.journal = journal;
  }

  /** What the account may spend of an asset. */
  available(account: Account, asset: number): number {
    const balance = balanceOf(account, asset);
    return balance ? balance.total - balance.held : 0;
  }

  /** Adds to a balance's total and to the part of it that is held (either may be negative), in the asset's units. */
  move(account: Account, asset: number, total: number, held: number): void {
    const balance = balanceOf(account, asset) ?? this.put(account, asset, 0, 0);
    balance.total += total;
    balance.held += held;
    // What the house gives back in one shard it was paid in another.
    const isWhole = isHouseAccount(account.id)
      ? balance.held === 0 && Math.abs(balance.total) <= UNITS_MAX
      : balance.held >= 0 && balance.held <= balance.total && balance.total <= UNITS_MAX;
    assert(
      isWhole,
      "account %s has %s of asset %s, %s held",
      account.id,
      balance.total,
      asset,
      balance.held,
    );
    this.hash.touch(balance);
    if (!balance.isTouched) {
      balance.isTouched = true;
      this.touched.push(balance);
    }
    this.journal.change(account, asset, total, held);
  }

  /** Brings the state's hash up to date. */
  rehash(): void {
    this.hash.settle();
  }

  /** Those that have no row yet, and those whose rows change. */
  takeRows(): { readonly opened: RowSet; readonly changed: RowSet } {
    const opened: Balance[] = [];
    const changed: Balance[] = [];
    for (const balance of this.touched) (balance.isStored ? changed : opened).push(balance);
    this.dropRows();
    return { opened: rowSetOf(opened, COLUMNS), changed: rowSetOf(changed, COLUMNS) };
  }

  dropRows(): void {
    for (const balance of this.touched) {
      balance.isTouched = false;
      balance.isStored = true;
    }
    this.touched = [];
  }

  restore(account: Account, row: TableRow): void {
    const asset = numberIn(row, "asset");
    assert(!balanceOf(account, asset), "asset %s of %s is there already", asset, account.id);
    this.put(account, asset, numberIn(row, "total"), numberIn(row, "held")).isStored = true;
  }

  private put(account: Account, asset: number, total: number, held: number): Balance {
    const balance: Balance = {
      account: account.id,
      asset,
      total,
      held,
      isTouched: false,
      isStored: false,
      lowHash: 0,
      highHash: 0,
      isStale: false,
    };
    account.balances.push(balance);
    this.hash.touch(balance);
    return balance;
  }
}

function addToHash(hash: StateHash, { account, asset, total, held }: Balance): void {
  hash.part(HashKind.Balance);
  hash.part(account);
  hash.part(asset);
  hash.part(total);
  hash.part(held);
  hash.end();
}

function balanceOf({ balances }: Account, asset: number): Balance | undefined {
  for (const balance of balances) if (balance.asset === asset) return balance;
  return undefined;
}
