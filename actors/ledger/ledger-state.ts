/** Everything a shard knows, and what the open batch has to say so far: the parts that its desks work on. */
import type { RowSet } from "../kernel/actor.js";
import { assert } from "../kernel/assert.js";
import { StateHash } from "../kernel/hash.js";
import type { Links } from "../kernel/links.js";
import { AccountLimits } from "./account-limits.js";
import { type Account, Accounts } from "./accounts.js";
import { Balances } from "./balances.js";
import { Deposits } from "./deposits.js";
import { Flows } from "./flows.js";
import { HashKind } from "./hash-kinds.js";
import { Journal } from "./journal.js";
import { Listings } from "./listings.js";
import { Orders } from "./orders.js";
import { Outgoing } from "./outgoing.js";
import { ReviewLimits } from "./review-limits.js";
import { numberIn, type TableRow } from "./rows.js";
import type { Scalars } from "./state-codec.js";
import { Totals } from "./totals.js";
import { Transfers } from "./transfers.js";
import type { WarningKind } from "./warnings.js";
import { Watching } from "./watching.js";
import { Withdrawals } from "./withdrawals.js";

/** For metrics; not a part of the state. */
interface Counters {
  ordersReceived: number;
  ordersProcessed: number;
  ordersCancelled: number;
  fills: number;
  readonly warnings: Record<WarningKind, number>;
}

export class LedgerState {
  readonly id: number;
  readonly accounts: Accounts;
  readonly limits: AccountLimits;
  readonly reviewLimits: ReviewLimits;
  readonly balances: Balances;
  readonly orders: Orders;
  readonly deposits: Deposits;
  readonly withdrawals: Withdrawals;
  readonly transfers: Transfers;
  readonly totals: Totals;
  readonly flows: Flows;
  readonly listings: Listings;
  readonly watching: Watching;
  readonly journal: Journal;
  readonly outgoing: Outgoing;
  readonly counters: Counters = {
    ordersReceived: 0,
    ordersProcessed: 0,
    ordersCancelled: 0,
    fills: 0,
    warnings: { 1: 0, 2: 0, 3: 0, 4: 0 },
  };
  private readonly hash = new StateHash();

  constructor(id: number, scalars: Scalars, links: Links) {
    this.id = id;
    this.accounts = new Accounts(this.hash);
    this.limits = new AccountLimits(this.hash);
    this.reviewLimits = new ReviewLimits(this.hash);
    this.watching = new Watching(this.hash);
    this.journal = new Journal(this.accounts, this.watching);
    this.balances = new Balances(this.hash, this.journal);
    this.orders = new Orders(id, this.hash, scalars.ordersIssued, (account) =>
      this.existing(account),
    );
    this.deposits = new Deposits();
    this.withdrawals = new Withdrawals(this.hash);
    this.transfers = new Transfers(this.hash);
    this.totals = new Totals(this.hash);
    this.flows = new Flows(this.hash);
    this.listings = new Listings(this.hash);
    this.outgoing = new Outgoing(links);
  }

  stateHash(): number {
    const { accounts, balances, orders, watching } = this;
    accounts.rehash();
    balances.rehash();
    orders.rehash();
    watching.rehash();
    const { issued } = orders;
    this.hash.add(HashKind.OrdersIssued, issued);
    const value = this.hash.value();
    this.hash.remove(HashKind.OrdersIssued, issued);
    return value;
  }

  /** Warns whom the command that was done gives a reason to. */
  warn(): void {
    for (const { account, event } of this.watching.takeWarnings()) {
      this.journal.append(account, event);
      this.counters.warnings[event.warning] += 1;
    }
  }

  /** The batch's rows by part; parts without rows are left out. */
  takeRows(journal: RowSet): Record<string, RowSet> {
    const accounts = this.accounts.takeRows();
    const balances = this.balances.takeRows();
    const { transfers, credits } = this.transfers.takeRows();
    const parts: Record<string, RowSet> = {};
    // Most parts of most batches are empty: they are not named at all.
    const put = (part: string, rows: RowSet): void => {
      if (rows.count > 0) parts[part] = rows;
    };
    put("accounts", accounts.opened);
    put("accounts_changed", accounts.changed);
    put("account_limits", this.limits.takeRows());
    put("review_limits", this.reviewLimits.takeRows());
    put("balances", balances.opened);
    put("balances_changed", balances.changed);
    const orders = this.orders.takeRows();
    for (const part of Object.keys(orders)) put(part, orders[part]!);
    put("journal", journal);
    put("deposits", this.deposits.takeRows());
    put("withdrawals", this.withdrawals.takeRows());
    put("transfers", transfers);
    put("credits", credits);
    put("shard_totals", this.totals.takeRows());
    put("shard_instruments", this.listings.takeRows());
    put("flows", this.flows.takeRows());
    return parts;
  }

  /** Forgets what `takeRows` would give. */
  dropRows(): void {
    const { accounts, limits, reviewLimits, balances, orders, deposits, withdrawals } = this;
    const { transfers, totals, listings, flows } = this;
    accounts.dropRows();
    limits.dropRows();
    reviewLimits.dropRows();
    balances.dropRows();
    orders.dropRows();
    deposits.dropRows();
    withdrawals.dropRows();
    transfers.dropRows();
    totals.dropRows();
    listings.dropRows();
    flows.dropRows();
  }

  /** Takes one row of a recovery table. Accounts come before what belongs to them. */
  restore(table: string, row: TableRow): void {
    switch (table) {
      case "shard_instruments":
        return this.listings.restore(row);
      case "accounts":
        return this.watching.restore(this.accounts.restore(row), row);
      case "account_limits":
        return this.limits.restore(this.accountOf(row), row);
      case "review_limits":
        return this.reviewLimits.restore(this.accountOf(row), row);
      case "balances":
        return this.balances.restore(this.accountOf(row), row);
      case "deposits":
        return this.deposits.restore(this.accountOf(row), row);
      case "withdrawals":
        return this.withdrawals.restore(this.accountOf(row), row);
      case "transfers":
        return this.transfers.restore(this.accountOf(row), row);
      case "shard_totals":
        return this.totals.restore(row);
      case "flows":
        return this.flows.restore(row);
      case "orders":
        return this.orders.restore(this.accountOf(row), row);
      default:
        assert(false, "a ledger shard has no table %s", table);
    }
  }

  private accountOf(row: TableRow): Account {
    return this.existing(numberIn(row, "account"));
  }

  private existing(id: number): Account {
    const account = this.accounts.find(id);
    assert(account !== undefined, "something belongs to account %s, which is not there", id);
    return account;
  }
}
