/** What holds of a market's open orders between any two commands. */
import { assert } from "../../kernel/assert.js";
import { Side, TimeInForce } from "../../kernel/order.js";
import { isImmediate, isStop } from "../../kernel/order-terms.js";
import { isTriggered } from "../ladder.js";
import { isBeforeOpen, isUncrossed, Phase } from "../phase.js";
import { isCrossed } from "./naive-auction.js";
import type { NaiveOrder } from "./naive-order.js";
import type { OpenOrders } from "./open-orders.js";

export function checkOrders(orders: OpenOrders): void {
  const { state, limits } = orders;
  assert(orders.all().length <= limits.restingOrdersMax, "more orders are open than may be");
  const priorities = new Set(orders.all().map(({ priority }) => priority));
  assert(priorities.size === orders.all().length, "two orders have one priority");
  for (const order of orders.all()) checkOrder(order, orders);
  for (const side of [Side.Buy, Side.Sell]) checkLevels(orders, side);
  assert(!isUncrossed(state.phase) || !isCrossed(orders), "the book is crossed (R8)");
}

function checkOrder(order: NaiveOrder, { state }: OpenOrders): void {
  const { phase, lastPrice, arrivals } = state;
  const { orderId, side, type, timeInForce, leaves, shown, priority, place } = order;
  assert(leaves > 0 && order.price > 0, "order %s is open with nothing left", orderId);
  assert(priority > 0 && priority <= arrivals, "order %s has a priority never given", orderId);
  assert(!isImmediate(timeInForce), "order %s is immediate, and still here", orderId);
  const isAtClose = timeInForce === TimeInForce.AtTheClose;
  if (place === "waiting") {
    assert(shown === 0, "order %s waits and shows", orderId);
    const hasCause = isStop(type) || (isAtClose && phase !== Phase.ClosingAuction);
    assert(hasCause, "order %s waits for nothing", orderId);
    const isDue = isStop(type) && isTriggered(side, order.stopPrice, lastPrice);
    assert(phase !== Phase.Continuous || !isDue, "order %s was not triggered", orderId);
  } else {
    assert(place === "on the book", "order %s is %s between commands", orderId, place);
    assert(shown > 0 && shown <= leaves, "order %s shows %s of %s", orderId, shown, leaves);
    assert(order.display > 0 || shown === leaves, "order %s hides without display", orderId);
    assert(!isStop(type), "order %s rests untriggered", orderId);
    assert(!isAtClose || phase === Phase.ClosingAuction, "order %s is at the close", orderId);
  }
  const isAtOpen = timeInForce === TimeInForce.AtTheOpen;
  assert(!isAtOpen || isBeforeOpen(phase), "order %s is left of the opening", orderId);
  const isOfToday = phase !== Phase.Closed || state.hasDayOrders;
  assert(timeInForce !== TimeInForce.Day || isOfToday, "order %s is of a session past", orderId);
}

function checkLevels(orders: OpenOrders, side: Side): void {
  const { levelsPerSideMax } = orders.limits;
  const prices = new Set(orders.book(side).map(({ price }) => price));
  assert(prices.size <= levelsPerSideMax, "a side has more levels than it may");
  const stops = orders.waiting().filter((order) => order.side === side && isStop(order.type));
  const stopPrices = new Set(stops.map(({ stopPrice }) => stopPrice));
  // A stop that follows the price finds room wherever that leads it.
  const stopPricesMax = levelsPerSideMax + orders.limits.trailingStopsMax;
  assert(stopPrices.size <= stopPricesMax, "a side has more stop prices than it may");
}
