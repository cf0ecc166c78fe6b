/**
 * The live orders of an account, in the order of their ids, as they are issued and loaded: a list whose links the orders bear
 * themselves. A Set for each account does the same, but it hashes each order twice, and makes itself anew again and again while
 * orders come and go.
 */
import { assert } from "../kernel/assert.js";
import type { Account } from "./accounts.js";
import type { Order } from "./order.js";

/** Puts an order behind its account's others. */
export function enlist(order: Order): void {
  const { account } = order;
  const last = account.lastLive;
  if (last) last.after = order;
  else account.firstLive = order;
  order.before = last;
  account.lastLive = order;
  account.openOrders += 1;
}

/** Takes it out, wherever it stands. */
export function delist(order: Order): void {
  const { account, before, after } = order;
  assert(before !== null || account.firstLive === order, "order %s is not listed", order.id);
  if (before) before.after = after;
  else account.firstLive = after;
  if (after) after.before = before;
  else account.lastLive = before;
  order.before = null;
  order.after = null;
  account.openOrders -= 1;
}

/** As they are now, whatever becomes of them meanwhile. */
export function liveOrdersOf({ firstLive }: Account): Order[] {
  const orders: Order[] = [];
  for (let order = firstLive; order !== null; order = order.after) orders.push(order);
  return orders;
}
