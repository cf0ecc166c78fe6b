/** The accounts of a shard and how far the journal of each has come (R9). */
import type { RowSet } from "../kernel/actor.js";
import { assert } from "../kernel/assert.js";
import type { StateHash } from "../kernel/hash.js";
import { HashKind } from "./hash-kinds.js";
import { numberIn, rowSetOf, type TableRow } from "./rows.js";

/** What an account has of one asset, in the asset's units. `held` is the part that its open orders may cost. */
export interface Balance {
  readonly account: number;
  readonly asset: number;
  total: number;
  held: number;
}

export interface Account {
  readonly id: number;
  /** Microseconds since 1970. */
  readonly opened: number;
  /** The number of its last journal event. */
  sequence: number;
  readonly balances: Map<number, Balance>;
  openOrders: number;
}

export class Accounts {
  private readonly byId = new Map<number, Account>();
  private readonly hash: StateHash;
  private opened: Account[] = [];

  constructor(hash: StateHash) {
    this.hash = hash;
  }

  find(id: number): Account | undefined {
    return this.byId.get(id);
  }

  all(): Iterable<Account> {
    return this.byId.values();
  }

  /** Opens an account; `time` in microseconds since 1970. */
  open(id: number, time: number): Account {
    const account = this.put(id, time, 0);
    this.opened.push(account);
    return account;
  }

  /** Counts one more event of the account's journal and returns its number. */
  advance(account: Account): number {
    this.hash.remove(HashKind.Account, account.id, account.sequence);
    account.sequence += 1;
    this.hash.add(HashKind.Account, account.id, account.sequence);
    return account.sequence;
  }

  takeRows(): RowSet {
    const rows = rowSetOf(this.opened, {
      account: (account) => account.id,
      opened: (account) => account.opened,
    });
    this.opened = [];
    return rows;
  }

  restore(row: TableRow): void {
    this.put(numberIn(row, "account"), numberIn(row, "opened"), numberIn(row, "sequence"));
  }

  private put(id: number, opened: number, sequence: number): Account {
    assert(!this.byId.has(id), `account ${id} is there already`);
    const account: Account = { id, opened, sequence, balances: new Map(), openOrders: 0 };
    this.byId.set(id, account);
    this.hash.add(HashKind.Account, id, sequence);
    return account;
  }
}
