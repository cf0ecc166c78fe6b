/**
 * Transfers between accounts. One is kept by the shard of the account that sends it, from the moment at which the amount has left
 * that account until its recipient's shard has said what became of it; what a recipient was given is kept by the recipient's. A
 * transfer's key is kept for as long as its account lives, so a repeated transfer is the same transfer.
 */
import { NO_ROWS, type RowSet } from "../kernel/actor.js";
import { assert } from "../kernel/assert.js";
import { Code } from "../kernel/codes.js";
import type { StateHash } from "../kernel/hash.js";
import type { Account } from "./accounts.js";
import { HashKind } from "./hash-kinds.js";
import { numberIn, rowSetOf, type TableRow, textIn } from "./rows.js";

export const TransferStatus = {
  /** It has left its account, and its recipient may have it or not. */
  Sent: 1,
  /** The recipient has it. */
  Settled: 2,
  /** The recipient could not be given it; its account has it back. */
  Returned: 3,
} as const;
export type TransferStatus = (typeof TransferStatus)[keyof typeof TransferStatus];

export interface Transfer {
  readonly account: Account;
  readonly key: string;
  readonly recipient: number;
  readonly asset: number;
  /** In the asset's units. */
  readonly amount: number;
  status: TransferStatus;
  /** Why it was returned. */
  code: number;
  /** The numbers of its first and its last event in the account's journal. */
  readonly sent: number;
  sequence: number;
}

/** What an account was given. */
export interface Credit {
  readonly account: number;
  /** Whose transfer it is, and under which key. */
  readonly sender: number;
  readonly key: string;
  readonly asset: number;
  readonly amount: number;
  /** The number of its event in the account's journal. */
  readonly sequence: number;
}

const NOTHING_MOVED = { transfers: NO_ROWS, credits: NO_ROWS };

export class Transfers {
  private readonly hash: StateHash;
  private readonly byAccount = new Map<Account, Map<string, Transfer>>();
  /** How many of an account's transfers are under way. */
  private readonly underWay = new Map<Account, number>();
  private readonly touched = new Set<Transfer>();
  private credits: Credit[] = [];

  constructor(hash: StateHash) {
    this.hash = hash;
  }

  find(account: Account, key: string): Transfer | undefined {
    return this.byAccount.get(account)?.get(key);
  }

  isUnderWay(account: Account): boolean {
    return this.underWay.has(account);
  }

  all(): Transfer[] {
    return [...this.byAccount.values()].flatMap((kept) => [...kept.values()]);
  }

  /** Event number `sent` of the account says that it has left. */
  add(
    terms: Pick<Transfer, "account" | "key" | "recipient" | "asset" | "amount" | "sent">,
  ): Transfer {
    const { Sent: status } = TransferStatus;
    const transfer = { ...terms, status, code: Code.OK, sequence: terms.sent };
    this.touched.add(this.keep(transfer));
    return transfer;
  }

  /** Event number `sequence` of the account says what became of it; `code` is `OK`, or why it came back. */
  end(transfer: Transfer, code: number, sequence: number): void {
    const { account, key, status } = transfer;
    assert(status === TransferStatus.Sent, "transfer %s of account %s has ended", key, account.id);
    this.hash.remove(...partsOf(transfer));
    transfer.status = code === Code.OK ? TransferStatus.Settled : TransferStatus.Returned;
    transfer.code = code;
    transfer.sequence = sequence;
    this.hash.add(...partsOf(transfer));
    this.touched.add(transfer);
    this.count(account, -1);
  }

  /** Only its row is kept: that a transfer arrives once is what numbered commands are for (R4). */
  addCredit(credit: Credit): void {
    this.credits.push(credit);
  }

  takeRows(): { readonly transfers: RowSet; readonly credits: RowSet } {
    if (this.touched.size === 0 && this.credits.length === 0) return NOTHING_MOVED;
    const transfers = rowSetOf([...this.touched], {
      account: ({ account }) => account.id,
      key: ({ key }) => key,
      recipient: ({ recipient }) => recipient,
      asset: ({ asset }) => asset,
      amount: ({ amount }) => amount,
      status: ({ status }) => status,
      code: ({ code }) => code,
      sent: ({ sent }) => sent,
      sequence: ({ sequence }) => sequence,
    });
    const credits = rowSetOf(this.credits, {
      account: ({ account }) => account,
      sequence: ({ sequence }) => sequence,
      sender: ({ sender }) => sender,
      key: ({ key }) => key,
      asset: ({ asset }) => asset,
      amount: ({ amount }) => amount,
    });
    this.dropRows();
    return { transfers, credits };
  }

  dropRows(): void {
    this.touched.clear();
    this.credits = [];
  }

  restore(account: Account, row: TableRow): void {
    this.keep({
      account,
      key: textIn(row, "key"),
      recipient: numberIn(row, "recipient"),
      asset: numberIn(row, "asset"),
      amount: numberIn(row, "amount"),
      status: numberIn(row, "status") as TransferStatus,
      code: numberIn(row, "code"),
      sent: numberIn(row, "sent"),
      sequence: numberIn(row, "sequence"),
    });
  }

  private keep(transfer: Transfer): Transfer {
    const { account, key, status } = transfer;
    let kept = this.byAccount.get(account);
    if (!kept) {
      kept = new Map();
      this.byAccount.set(account, kept);
    }
    assert(!kept.has(key), "a transfer key of account %s is used", account.id);
    kept.set(key, transfer);
    this.hash.add(...partsOf(transfer));
    if (status === TransferStatus.Sent) this.count(account, 1);
    return transfer;
  }

  private count(account: Account, change: number): void {
    const count = (this.underWay.get(account) ?? 0) + change;
    if (count === 0) this.underWay.delete(account);
    else this.underWay.set(account, count);
  }
}

function partsOf({ account, sent, recipient, asset, amount, status }: Transfer): number[] {
  return [HashKind.Transfer, account.id, sent, recipient, asset, amount, status];
}
