/** How the phase of a market changes, and what each change does to its orders (rule book, 5). */
import { Code } from "../../kernel/codes.js";
import { OrderType, TimeInForce } from "../../kernel/order.js";
import { isWithinBand } from "../protection.js";
import { isAuction, isBeforeOpen, isUncrossed, Phase } from "../phase.js";
import { judgeSize } from "../ladder.js";
import { uncross } from "./naive-auction.js";
import type { NaiveOrder } from "./naive-order.js";
import type { OpenOrders } from "./open-orders.js";

/** 5.8. `until` counts for auctions only. */
export function changePhase(orders: OpenOrders, phase: Phase, until: number, code: Code): void {
  const { state, log } = orders;
  const before = state.phase;
  if (phase === before) return;
  state.phase = phase;
  state.phaseUntil = isAuction(phase) ? until : 0;
  state.indicativePrice = 0;
  state.indicativeVolume = 0;
  state.indicativeSurplus = 0;
  log.phaseChanged(state.sequence, phase, state.phaseUntil, code);
  if (before === Phase.Closed) beginSession(orders);
  if (isUncrossing(before, phase)) uncross(orders);
  if (isBeforeOpen(before) && !isBeforeOpen(phase)) {
    endAll(orders, TimeInForce.AtTheOpen, Code.AUCTION_REMAINDER, Infinity);
  }
  if (before === Phase.ClosingAuction || phase === Phase.Closed) {
    endAll(orders, TimeInForce.AtTheClose, Code.AUCTION_REMAINDER, Infinity);
  }
  if (phase === Phase.ClosingAuction) beginClosingAuction(orders);
  if (phase === Phase.Closed) endDayOrders(orders, orders.limits.expiriesAtOnceMax);
}

/** 5.3 and 7.2: ends some or all day orders of the session that has ended; returns how many. */
export function endDayOrders(orders: OpenOrders, most: number): number {
  const ended = endAll(orders, TimeInForce.Day, Code.DAY_ENDED, most);
  orders.state.hasDayOrders = orders.all().some(isOf(TimeInForce.Day));
  return ended;
}

/** 5.3: the first phase after `closed`. What the breaker counts and measures begins anew (6.2, 6.3). */
function beginSession(orders: OpenOrders): void {
  const { state } = orders;
  if (state.hasDayOrders) endDayOrders(orders, Infinity);
  state.halts = 0;
  state.window.clear();
  if (state.lastPrice > 0) state.sessionReference = state.lastPrice;
}

function isUncrossing(before: Phase, phase: Phase): boolean {
  return isUncrossed(phase) || (isAuction(before) && phase === Phase.Closed);
}

/** 5.4: what waits for the closing auction rests, unless section 6 refuses it. */
function beginClosingAuction(orders: OpenOrders): void {
  for (const order of orders.waiting().filter(isOf(TimeInForce.AtTheClose))) {
    if (order.place === "gone") continue;
    const code = judgeByProtection(orders, order);
    if (code !== Code.OK) {
      orders.end(order, code);
    } else {
      orders.leave(order, "on its way");
      orders.rest(order);
    }
  }
}

function judgeByProtection({ state }: OpenOrders, order: NaiveOrder): Code {
  const isOutside = order.type !== OrderType.Market && !isWithinBand(order.price, state);
  return isOutside ? Code.PRICE_OUTSIDE_BAND : judgeSize(order.price, order.leaves, state);
}

/** Ends the orders of a time in force, in the order of 4.4; returns how many, those that end as their pairs apart. */
function endAll(orders: OpenOrders, timeInForce: TimeInForce, code: Code, most: number): number {
  let ended = 0;
  for (const order of orders.inOrderOfEnding().filter(isOf(timeInForce))) {
    if (order.place === "gone") continue;
    if (ended === most) break;
    orders.end(order, code);
    ended += 1;
  }
  return ended;
}

function isOf(timeInForce: TimeInForce): (order: NaiveOrder) => boolean {
  return (order) => order.timeInForce === timeInForce;
}
