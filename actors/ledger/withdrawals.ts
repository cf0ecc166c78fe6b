/**
 * Withdrawals: what is to leave the shard, or has left it. Each is held for from its request until it is settled or refused. Its key
 * is kept for as long as its account lives, so a repeated withdrawal is the same withdrawal.
 */
import { NO_ROWS, type RowSet } from "../kernel/actor.js";
import { assert } from "../kernel/assert.js";
import type { StateHash } from "../kernel/hash.js";
import type { Account } from "./accounts.js";
import { HashKind } from "./hash-kinds.js";
import { numberIn, rowSetOf, type TableRow, textIn } from "./rows.js";

export const WithdrawalStatus = {
  /** Held for; an operator has to approve it. */
  Requested: 1,
  /** On its way out; still held for. */
  Approved: 2,
  /** Gone. */
  Settled: 3,
  /** Not to go; given back. */
  Refused: 4,
} as const;
export type WithdrawalStatus = (typeof WithdrawalStatus)[keyof typeof WithdrawalStatus];

export interface Withdrawal {
  readonly account: Account;
  readonly key: string;
  readonly asset: number;
  /** In the asset's units. */
  readonly amount: number;
  status: WithdrawalStatus;
  /** The numbers of its first and its last event in the account's journal. */
  readonly requested: number;
  sequence: number;
}

export function isOpen({ status }: Withdrawal): boolean {
  return status === WithdrawalStatus.Requested || status === WithdrawalStatus.Approved;
}

export class Withdrawals {
  private readonly hash: StateHash;
  private readonly byAccount = new Map<Account, Map<string, Withdrawal>>();
  private readonly open = new Map<Account, Set<Withdrawal>>();
  private readonly touched = new Set<Withdrawal>();

  constructor(hash: StateHash) {
    this.hash = hash;
  }

  find(account: Account, key: string): Withdrawal | undefined {
    return this.byAccount.get(account)?.get(key);
  }

  /** What an account's open withdrawals hold of an asset, in its units. */
  held(account: Account, asset: number): number {
    let held = 0;
    for (const each of this.open.get(account) ?? []) if (each.asset === asset) held += each.amount;
    return held;
  }

  all(): Withdrawal[] {
    return [...this.byAccount.values()].flatMap((kept) => [...kept.values()]);
  }

  /** Event number `sequence` of the account says that it asks for one. */
  add(account: Account, key: string, asset: number, amount: number, sequence: number): void {
    const status = WithdrawalStatus.Requested;
    const requested = sequence;
    this.touched.add(this.keep({ account, key, asset, amount, status, requested, sequence }));
  }

  /** Event number `sequence` of the account says what has become of one. */
  decide(withdrawal: Withdrawal, status: WithdrawalStatus, sequence: number): void {
    assert(isOpen(withdrawal), "withdrawal %s is decided", withdrawal.key);
    this.hash.remove(...partsOf(withdrawal));
    withdrawal.status = status;
    withdrawal.sequence = sequence;
    this.hash.add(...partsOf(withdrawal));
    this.touched.add(withdrawal);
    if (!isOpen(withdrawal)) this.open.get(withdrawal.account)!.delete(withdrawal);
  }

  takeRows(): RowSet {
    if (this.touched.size === 0) return NO_ROWS;
    const rows = rowSetOf([...this.touched], {
      account: ({ account }) => account.id,
      key: ({ key }) => key,
      asset: ({ asset }) => asset,
      amount: ({ amount }) => amount,
      status: ({ status }) => status,
      requested: ({ requested }) => requested,
      sequence: ({ sequence }) => sequence,
    });
    this.dropRows();
    return rows;
  }

  dropRows(): void {
    this.touched.clear();
  }

  restore(account: Account, row: TableRow): void {
    this.keep({
      account,
      key: textIn(row, "key"),
      asset: numberIn(row, "asset"),
      amount: numberIn(row, "amount"),
      status: numberIn(row, "status") as WithdrawalStatus,
      requested: numberIn(row, "requested"),
      sequence: numberIn(row, "sequence"),
    });
  }

  private keep(withdrawal: Withdrawal): Withdrawal {
    const { account, key } = withdrawal;
    let kept = this.byAccount.get(account);
    if (!kept) {
      kept = new Map();
      this.byAccount.set(account, kept);
    }
    assert(!kept.has(key), "a withdrawal key of account %s is used", account.id);
    kept.set(key, withdrawal);
    this.hash.add(...partsOf(withdrawal));
    if (!isOpen(withdrawal)) return withdrawal;
    const open = this.open.get(account) ?? new Set();
    this.open.set(account, open.add(withdrawal));
    return withdrawal;
  }
}

function partsOf({ account, requested, asset, amount, status }: Withdrawal): number[] {
  return [HashKind.Withdrawal, account.id, requested, asset, amount, status];
}
