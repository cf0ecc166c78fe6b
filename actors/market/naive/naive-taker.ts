/** What an order does that may trade at once: it meets the other side's orders one by one (rule book, 2 and 6.2 to 6.3). */
import { Code } from "../../kernel/codes.js";
import { OrderType } from "../../kernel/order.js";
import { isImmediate } from "../../kernel/order-terms.js";
import { EventKind, Field } from "../event-log.js";
import { Phase } from "../phase.js";
import { TakerBounds } from "../protection.js";
import { isBeyond, isExpired, type NaiveOrder, otherSide } from "./naive-order.js";
import { changePhase } from "./naive-phases.js";
import { isSelfTrade, preventSelfTrade } from "./naive-self-trade.js";
import type { OpenOrders } from "./open-orders.js";

const MICROSECONDS_PER_SECOND = 1_000_000;

/** Trades as far as it goes; what is left rests or ends. `isTriggered`: it is a stop that was just triggered. */
export function take(orders: OpenOrders, taker: NaiveOrder, isTriggered: boolean): void {
  const bounds = new TakerBounds();
  bounds.aim(orders.state, taker.side, isTriggered || taker.type === OrderType.Market);
  let met = 0;
  while (taker.place === "on its way") {
    const maker = orders.best(otherSide(taker.side));
    if (!maker || isBeyond(taker.side, maker.price, taker.price)) {
      settle(orders, taker, Code.IMMEDIATE_REMAINDER);
    } else if (isBeyond(taker.side, maker.price, bounds.breaker)) {
      halt(orders);
      settle(orders, taker, Code.PRICE_PROTECTION);
    } else if (isBeyond(taker.side, maker.price, bounds.limit)) {
      orders.end(taker, Code.PRICE_PROTECTION);
    } else if (met === orders.limits.sweepMakersMax) {
      orders.end(taker, Code.SWEEP_LIMIT);
    } else {
      met += 1;
      meet(orders, maker, taker);
    }
  }
}

/** 2.2: done on a copy of the market, how much of it trades at once? */
export function tradedAtOnce(orders: OpenOrders, taker: NaiveOrder): number {
  const copy = orders.copy();
  take(copy, copy.find(taker.orderId)!, false);
  let traded = 0;
  for (let at = 0; at < copy.log.count; at++) {
    const isTrade = copy.log.value(at, Field.kind) === EventKind.Trade;
    if (isTrade) traded += copy.log.value(at, Field.tradeQuantity);
  }
  return traded;
}

function meet(orders: OpenOrders, maker: NaiveOrder, taker: NaiveOrder): void {
  if (isExpired(maker, orders.state)) {
    orders.end(maker, Code.EXPIRED);
  } else if (isSelfTrade(maker, taker)) {
    preventSelfTrade(orders, maker, taker);
  } else {
    orders.trade(maker, taker, maker.price, Math.min(maker.shown, taker.leaves));
  }
}

/** 2.5: rests if it may, else ends. */
function settle(orders: OpenOrders, taker: NaiveOrder, code: Code): void {
  if (isImmediate(taker.timeInForce)) orders.end(taker, code);
  else orders.rest(taker);
}

/** 6.3: the breaker halts the market into an auction, for its next duration. */
function halt(orders: OpenOrders): void {
  const { state } = orders;
  const durations = state.rules.breakerHaltSeconds;
  const seconds = durations[Math.min(state.halts, durations.length - 1)]!;
  state.halts += 1;
  const until = state.time + seconds * MICROSECONDS_PER_SECOND;
  changePhase(orders, Phase.VolatilityAuction, until, Code.PHASE_BY_BREAKER);
}
