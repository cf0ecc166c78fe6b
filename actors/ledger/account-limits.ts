/**
 * How much an account may ask for, where an operator has set it for the account or for its tier: orders a day (of UTC), orders that are open at once, orders and
 * amends a second. Cancels and reduces are never counted, for nobody is to be kept from getting out. What was counted is a part of the
 * state, so that a successor and a standby decide as the leader did; accounts without limits cost nothing, and counting begins with
 * the first limits.
 */
import { NO_ROWS, type RowSet } from "../kernel/actor.js";
import { Code } from "../kernel/codes.js";
import type { StateHash } from "../kernel/hash.js";
import { OPEN_ORDERS_PER_ACCOUNT_MAX } from "../kernel/limits.js";
import type { Account } from "./accounts.js";
import { HashKind } from "./hash-kinds.js";
import { areSameLimits, type Limits, NO_LIMITS } from "./limit-terms.js";
import { numberIn, rowSetOf, type TableRow } from "./rows.js";

interface Limited extends Limits {
  readonly account: Account;
  /** Were they set for this account, whatever its tier's are? */
  readonly isOwn: boolean;
  /** The day and the second (since 1970) that were counted last, and how much of each there was. */
  readonly day: number;
  readonly ordersToday: number;
  readonly second: number;
  readonly requests: number;
}

const MICROS_PER_SECOND = 1_000_000;
const MICROS_PER_DAY = 86_400 * MICROS_PER_SECOND;
const NOTHING_COUNTED = { day: 0, ordersToday: 0, second: 0, requests: 0 };

export class AccountLimits {
  private readonly hash: StateHash;
  private readonly byAccount = new Map<Account, Limited>();
  private readonly touched = new Set<Account>();

  constructor(hash: StateHash) {
    this.hash = hash;
  }

  /** How many orders the account may have open. */
  openOrders(account: Account): number {
    return this.byAccount.get(account)?.openOrders || OPEN_ORDERS_PER_ACCOUNT_MAX;
  }

  /** What the account may ask for. */
  of(account: Account): Limits {
    return this.byAccount.get(account) ?? NO_LIMITS;
  }

  /** Has the account limits of its own, and not its tier's? */
  hasOwn(account: Account): boolean {
    return this.byAccount.get(account)?.isOwn ?? false;
  }

  /** From now on, for this account (`isOwn`) or for its tier; what was counted stays counted. Whether that changes anything. */
  set(account: Account, limits: Limits, isOwn: boolean): boolean {
    const known = this.byAccount.get(account);
    const isAsWished = areSameLimits(this.of(account), limits);
    if (isAsWished && (!known || known.isOwn === isOwn)) return false;
    const { ordersPerDay, openOrders, requestsPerSecond } = limits;
    const wished = { ordersPerDay, openOrders, requestsPerSecond, isOwn };
    this.put({ ...NOTHING_COUNTED, ...known, account, ...wished });
    return true;
  }

  /** Counts so many new orders in one request (0: an amend), unless they are too many. `time` in microseconds since 1970. */
  take(account: Account, orders: number, time: number): Code {
    const known = this.byAccount.get(account);
    if (!known) return Code.OK;
    const day = Math.floor(time / MICROS_PER_DAY);
    const second = Math.floor(time / MICROS_PER_SECOND);
    const ordersToday = (known.day === day ? known.ordersToday : 0) + orders;
    const requests = (known.second === second ? known.requests : 0) + 1;
    if (isAbove(requests, known.requestsPerSecond)) return Code.TOO_MANY_REQUESTS;
    if (isAbove(ordersToday, known.ordersPerDay)) return Code.TOO_MANY_ORDERS_TODAY;
    this.put({ ...known, day, ordersToday, second, requests });
    return Code.OK;
  }

  takeRows(): RowSet {
    if (this.touched.size === 0) return NO_ROWS;
    const rows = rowSetOf(
      [...this.touched].map((account) => this.byAccount.get(account)!),
      {
        account: ({ account }) => account.id,
        orders_per_day: ({ ordersPerDay }) => ordersPerDay,
        open_orders: ({ openOrders }) => openOrders,
        requests_per_second: ({ requestsPerSecond }) => requestsPerSecond,
        day: ({ day }) => day,
        orders_today: ({ ordersToday }) => ordersToday,
        second: ({ second }) => second,
        requests: ({ requests }) => requests,
        own: ({ isOwn }) => (isOwn ? 1 : 0),
      },
    );
    this.dropRows();
    return rows;
  }

  dropRows(): void {
    this.touched.clear();
  }

  restore(account: Account, row: TableRow): void {
    const limited: Limited = {
      account,
      ordersPerDay: numberIn(row, "orders_per_day"),
      openOrders: numberIn(row, "open_orders"),
      requestsPerSecond: numberIn(row, "requests_per_second"),
      day: numberIn(row, "day"),
      ordersToday: numberIn(row, "orders_today"),
      second: numberIn(row, "second"),
      requests: numberIn(row, "requests"),
      isOwn: numberIn(row, "own") === 1,
    };
    this.byAccount.set(account, limited);
    this.rehash(limited);
  }

  private put(limited: Limited): void {
    const { account } = limited;
    const before = this.byAccount.get(account);
    if (before) this.unhash(before);
    this.byAccount.set(account, limited);
    this.rehash(limited);
    this.touched.add(account);
  }

  /** Limits of the account's own have no more parts than they always had (R13). */
  private rehash(limited: Limited): void {
    this.hash.add(...partsOf(limited));
    if (!limited.isOwn) this.hash.add(HashKind.TierLimits, limited.account.id);
  }

  private unhash(limited: Limited): void {
    this.hash.remove(...partsOf(limited));
    if (!limited.isOwn) this.hash.remove(HashKind.TierLimits, limited.account.id);
  }
}

function isAbove(count: number, limit: number): boolean {
  return limit !== 0 && count > limit;
}

function partsOf(limited: Limited): number[] {
  const { account, ordersPerDay, openOrders, requestsPerSecond } = limited;
  const { day, ordersToday, second, requests } = limited;
  const limits = [account.id, ordersPerDay, openOrders, requestsPerSecond];
  return [HashKind.Limits, ...limits, day, ordersToday, second, requests];
}
