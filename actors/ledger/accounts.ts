/** The accounts of a shard and how far the journal of each has come (R9). */
import type { RowSet } from "../kernel/actor.js";
import { assert } from "../kernel/assert.js";
import type { StateHash } from "../kernel/hash.js";
import { ownerOf } from "../kernel/ids.js";
import { type Hashed, LateHash } from "../kernel/late-hash.js";
import { AccountState, stricter } from "./account-state.js";
import { HashKind } from "./hash-kinds.js";
import type { Order } from "./order.js";
import { numberIn, rowSetOf, type TableRow } from "./rows.js";
import type { Watched } from "./watching.js";

/** What an account has of one asset, in the asset's units. `held` is the part that its open orders may cost. */
export interface Balance extends Hashed {
  readonly account: number;
  readonly asset: number;
  total: number;
  held: number;
  /** Has the open batch changed it? */
  isTouched: boolean;
  /** Has it a row? */
  isStored: boolean;
}

export interface Account extends Hashed {
  readonly id: number;
  /** Microseconds since 1970. */
  readonly opened: number;
  /** The number of its last journal event. */
  sequence: number;
  /** Few, so they are looked through. */
  readonly balances: Balance[];
  /** Which block of the open batch's journal is its own (`journal.ts`); −1: none yet. */
  block: number;
  /** How many, the oldest and the newest of them (`live-orders.ts`). */
  openOrders: number;
  firstLive: Order | null;
  lastLive: Order | null;
  state: AccountState;
  /** Its orders do not trade with those of the group's other accounts; 0: it is in none. */
  group: number;
  /** Which of its instruments' fees its orders are charged. */
  tier: number;
  /** Whose sub-account it is, for ever; 0: nobody's. */
  readonly parent: number;
  /** What was counted of its orders; null: nothing ever was. */
  watched: Watched | null;
}

/** What operators have set. */
type Standing = Pick<Account, "state" | "group" | "tier">;

const NEW: Standing = { state: AccountState.Active, group: 0, tier: 0 };

const CHANGED_COLUMNS = {
  account: ({ id }: Account) => id,
  state: ({ state }: Account) => state,
  account_group: ({ group }: Account) => group,
  tier: ({ tier }: Account) => tier,
};
const OPENED_COLUMNS = {
  ...CHANGED_COLUMNS,
  opened: ({ opened }: Account) => opened,
  parent: ({ parent }: Account) => parent,
};

export class Accounts {
  private readonly byId = new Map<number, Account>();
  private readonly byParent = new Map<number, Account[]>();
  private readonly hash: LateHash<Account>;
  private readonly opened = new Set<Account>();
  private readonly changed = new Set<Account>();

  constructor(hash: StateHash) {
    this.hash = new LateHash(hash, addToHash);
  }

  find(id: number): Account | undefined {
    return this.byId.get(id);
  }

  all(): Iterable<Account> {
    return this.byId.values();
  }

  /** In no order that means anything. */
  subAccountsOf({ id }: Account): readonly Account[] {
    return this.byParent.get(id) ?? [];
  }

  /** Whose group, tier and limits an account has: its parent's, or its own. */
  headOf(account: Account): Account {
    if (account.parent === 0) return account;
    const parent = this.byId.get(account.parent);
    assert(parent !== undefined, "account %s has a parent that is not there", account.id);
    return parent;
  }

  /** Whom self-trade prevention takes an account's orders for. */
  ownerOf(account: Account): number {
    const { id, group } = this.headOf(account);
    return ownerOf(id, group);
  }

  /** What an account may do: no more than its parent may. */
  stateOf(account: Account): AccountState {
    return stricter(account.state, this.headOf(account).state);
  }

  /** Orders that an account, its parent and all other sub-accounts of that have open. */
  openOrdersWith(account: Account): number {
    const head = this.headOf(account);
    return this.subAccountsOf(head).reduce((sum, sub) => sum + sub.openOrders, head.openOrders);
  }

  /** Opens an account, under a parent or (0) none; `time` in microseconds since 1970. */
  open(id: number, time: number, parent = 0): Account {
    const account = this.put(id, time, 0, parent, NEW);
    this.opened.add(account);
    return account;
  }

  setState(account: Account, state: AccountState): void {
    account.state = state;
    this.change(account);
  }

  setGroup(account: Account, group: number): void {
    account.group = group;
    this.change(account);
  }

  setTier(account: Account, tier: number): void {
    account.tier = tier;
    this.change(account);
  }

  /** Counts one more event of the account's journal and returns its number. */
  advance(account: Account): number {
    account.sequence += 1;
    this.hash.touch(account);
    return account.sequence;
  }

  /** Brings the state's hash up to date. */
  rehash(): void {
    this.hash.settle();
  }

  takeRows(): { readonly opened: RowSet; readonly changed: RowSet } {
    const rows = {
      opened: rowSetOf([...this.opened], OPENED_COLUMNS),
      changed: rowSetOf([...this.changed], CHANGED_COLUMNS),
    };
    this.dropRows();
    return rows;
  }

  dropRows(): void {
    this.opened.clear();
    this.changed.clear();
  }

  restore(row: TableRow): Account {
    const [id, opened] = [numberIn(row, "account"), numberIn(row, "opened")];
    const state = numberIn(row, "state") as AccountState;
    const [group, tier] = [numberIn(row, "account_group"), numberIn(row, "tier")];
    const [sequence, parent] = [numberIn(row, "sequence"), numberIn(row, "parent")];
    return this.put(id, opened, sequence, parent, { state, group, tier });
  }

  private put(
    id: number,
    opened: number,
    sequence: number,
    parent: number,
    standing: Standing,
  ): Account {
    assert(!this.byId.has(id), "account %s is there already", id);
    const { state, group, tier } = standing;
    // Written out: what is spread lies in a second object.
    const account: Account = {
      id,
      opened,
      sequence,
      parent,
      state,
      group,
      tier,
      balances: [],
      block: -1,
      openOrders: 0,
      firstLive: null,
      lastLive: null,
      watched: null,
      lowHash: 0,
      highHash: 0,
      isStale: false,
    };
    this.byId.set(id, account);
    this.hash.touch(account);
    if (parent === 0) return account;
    this.byParent.set(parent, [...(this.byParent.get(parent) ?? []), account]);
    return account;
  }

  private change(account: Account): void {
    this.hash.touch(account);
    if (!this.opened.has(account)) this.changed.add(account);
  }
}

/** An active account of no group and of tier 0 has no part of its own in the hash: that is what all were once (R13). */
function addToHash(hash: StateHash, account: Account): void {
  const { id, parent, state, group, tier } = account;
  hash.part(HashKind.Account);
  hash.part(id);
  hash.part(account.sequence);
  hash.end();
  if (parent !== 0) hash.add(HashKind.SubAccount, id, parent);
  if (state !== AccountState.Active) hash.add(HashKind.AccountState, id, state);
  if (group !== 0) hash.add(HashKind.AccountGroup, id, group);
  if (tier !== 0) hash.add(HashKind.AccountTier, id, tier);
}
