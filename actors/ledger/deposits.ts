/**
 * Deposits: what came into the shard from outside. A deposit's key is kept for as long as its account lives, so a repeated deposit is
 * the same deposit.
 */
import type { RowSet } from "../kernel/actor.js";
import { assert } from "../kernel/assert.js";
import type { Account } from "./accounts.js";
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
  private readonly byAccount = new Map<Account, Map<string, Deposit>>();
  private added: Deposit[] = [];

  find(account: Account, key: string): Deposit | undefined {
    return this.byAccount.get(account)?.get(key);
  }

  all(): Deposit[] {
    return [...this.byAccount.values()].flatMap((kept) => [...kept.values()]);
  }

  add(account: Account, deposit: Deposit): void {
    this.keep(account, deposit);
    this.added.push(deposit);
  }

  takeRows(): RowSet {
    const rows = rowSetOf(this.added, {
      account: (deposit) => deposit.account,
      key: (deposit) => deposit.key,
      asset: (deposit) => deposit.asset,
      amount: (deposit) => deposit.amount,
      sequence: (deposit) => deposit.sequence,
    });
    this.added = [];
    return rows;
  }

  restore(account: Account, row: TableRow): void {
    this.keep(account, {
      account: account.id,
      key: textIn(row, "key"),
      asset: numberIn(row, "asset"),
      amount: numberIn(row, "amount"),
      sequence: numberIn(row, "sequence"),
    });
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
}
