/** The accounts of a shard and how far the journal of each has come (R9). */
import type { RowSet } from "../kernel/actor.js";
import { assert } from "../kernel/assert.js";
import type { StateHash } from "../kernel/hash.js";
import { AccountState } from "./account-state.js";
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
  state: AccountState;
}

export class Accounts {
  private readonly byId = new Map<number, Account>();
  private readonly hash: StateHash;
  private readonly opened = new Set<Account>();
  private readonly changed = new Set<Account>();

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
    const account = this.put(id, time, 0, AccountState.Active);
    this.opened.add(account);
    return account;
  }

  setState(account: Account, state: AccountState): void {
    this.unhashState(account);
    account.state = state;
    this.hashState(account);
    if (!this.opened.has(account)) this.changed.add(account);
  }

  /** Counts one more event of the account's journal and returns its number. */
  advance(account: Account): number {
    this.hash.remove(HashKind.Account, account.id, account.sequence);
    account.sequence += 1;
    this.hash.add(HashKind.Account, account.id, account.sequence);
    return account.sequence;
  }

  takeRows(): { readonly opened: RowSet; readonly changed: RowSet } {
    const state = { account: ({ id }: Account) => id, state: (account: Account) => account.state };
    const opened = { ...state, opened: (account: Account) => account.opened };
    const rows = {
      opened: rowSetOf([...this.opened], opened),
      changed: rowSetOf([...this.changed], state),
    };
    this.opened.clear();
    this.changed.clear();
    return rows;
  }

  restore(row: TableRow): void {
    const [id, opened] = [numberIn(row, "account"), numberIn(row, "opened")];
    this.put(id, opened, numberIn(row, "sequence"), numberIn(row, "state") as AccountState);
  }

  private put(id: number, opened: number, sequence: number, state: AccountState): Account {
    assert(!this.byId.has(id), `account ${id} is there already`);
    const account: Account = { id, opened, sequence, balances: new Map(), openOrders: 0, state };
    this.byId.set(id, account);
    this.hash.add(HashKind.Account, id, sequence);
    this.hashState(account);
    return account;
  }

  /** An active account has no part of its own in the hash: that is what all were once (R13). */
  private hashState({ id, state }: Account): void {
    if (state !== AccountState.Active) this.hash.add(HashKind.AccountState, id, state);
  }

  private unhashState({ id, state }: Account): void {
    if (state !== AccountState.Active) this.hash.remove(HashKind.AccountState, id, state);
  }
}
