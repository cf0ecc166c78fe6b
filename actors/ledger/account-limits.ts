/**
 * How much an account may ask for, where an operator has set it: orders a day (of UTC), orders that are open at once, orders and
 * amends a second. Cancels and reduces are never counted, for nobody is to be kept from getting out. What was counted is a part of the
 * state, so that a successor and a standby decide as the leader did; accounts without limits cost nothing, and counting begins with
 * the first limits.
 */
import type { RowSet } from "../kernel/actor.js";
import { Code } from "../kernel/codes.js";
import type { StateHash } from "../kernel/hash.js";
import { OPEN_ORDERS_PER_ACCOUNT_MAX } from "../kernel/limits.js";
import type { Account } from "./accounts.js";
import { HashKind } from "./hash-kinds.js";
import { numberIn, rowSetOf, type TableRow } from "./rows.js";

/** 0: as much as the exchange allows. */
export interface Limits {
  readonly ordersPerDay: number;
  readonly openOrders: number;
  readonly requestsPerSecond: number;
}

interface Limited extends Limits {
  readonly account: Account;
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

  isSet(account: Account, limits: Limits): boolean {
    const known = this.byAccount.get(account);
    return (
      (known?.ordersPerDay ?? 0) === limits.ordersPerDay &&
      (known?.openOrders ?? 0) === limits.openOrders &&
      (known?.requestsPerSecond ?? 0) === limits.requestsPerSecond
    );
  }

  /** From now on; what was counted stays counted. */
  set(account: Account, limits: Limits): void {
    const known = this.byAccount.get(account);
    this.put({ ...NOTHING_COUNTED, ...known, account, ...limits });
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
      },
    );
    this.touched.clear();
    return rows;
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
    };
    this.byAccount.set(account, limited);
    this.hash.add(...partsOf(limited));
  }

  private put(limited: Limited): void {
    const { account } = limited;
    const before = this.byAccount.get(account);
    if (before) this.hash.remove(...partsOf(before));
    this.byAccount.set(account, limited);
    this.hash.add(...partsOf(limited));
    this.touched.add(account);
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
