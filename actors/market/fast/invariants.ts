/**
 * What holds of a market's orders between any two commands: lists, sums, ladders, index and hash,
 * and the rules of each order.
 */
import { assert } from "../../kernel/assert.js";
import { Side, TimeInForce } from "../../kernel/order.js";
import { isImmediate, isStop } from "../../kernel/order-terms.js";
import { followedStopPrice, isTriggered } from "../ladder.js";
import { isBeforeOpen, Phase } from "../phase.js";
import type { FastBook } from "./fast-book.js";
import { Place } from "./layout.js";
import type { PriceLadder } from "./price-ladder.js";

/** What was counted on the way, to compare with what the book has counted. */
class Tally {
  orders = 0;
  expiring = 0;
  trailing = 0;
  leaves = 0;
  readonly priorities = new Set<number>();
  readonly byTimeInForce = new Map<TimeInForce, number>();
}

export function checkOrders(book: FastBook): void {
  const { orders, index, levels, closing, state, limits } = book;
  const tally = new Tally();
  for (const side of [Side.Buy, Side.Sell]) {
    checkLadder(book, book.stops(side), side, Place.Stops, tally);
    const before = tally.orders;
    tally.leaves = 0;
    checkLadder(book, book.ladder(side), side, Place.Book, tally);
    book.checkSide(side, tally.orders - before, tally.leaves);
  }
  for (let slot = levels.head(closing); slot !== closing; slot = orders.next(slot)) {
    assert(orders.place(slot) === Place.Closing, "an order among those at the close");
    checkOrder(book, slot, tally);
  }
  book.checkSettled(tally.orders);
  assert(book.trailing.size === tally.trailing, "%s stops follow the price", tally.trailing);
  assert(tally.trailing <= limits.trailingStopsMax, "more stops follow the price than may");
  for (const timeInForce of Object.values(TimeInForce)) {
    if (timeInForce === TimeInForce.GoodTillCancel) continue;
    const counted = tally.byTimeInForce.get(timeInForce) ?? 0;
    assert(book.countOf(timeInForce) === counted, "orders of time in force %s", timeInForce);
  }
  assert(index.count === tally.orders, "%s orders in the index", index.count);
  assert(tally.orders <= limits.restingOrdersMax, "more orders are open than may be");
  assert(tally.priorities.size === tally.orders, "two orders have one priority");
  checkSlots(book, tally.orders);
  index.checkInvariants();
  book.expiries.checkInvariants(tally.expiring);
  book.changes.checkInvariants();
  const mayBeCrossed = state.phase !== Phase.Continuous && state.phase !== Phase.PostOnly;
  assert(mayBeCrossed || !book.isCrossed(), "the book is crossed (R8)");
}

function checkSlots({ orders }: FastBook, open: number): void {
  let used = 0;
  for (let slot = 1; slot < orders.slots; slot++) used += orders.isOpen(slot) ? 1 : 0;
  assert(used === open, "%s slots are in use, and %s orders are open", used, open);
}

function checkLadder(
  book: FastBook,
  ladder: PriceLadder,
  side: Side,
  place: Place,
  tally: Tally,
): void {
  const { levels, limits } = book;
  ladder.checkInvariants();
  let count = 0;
  let before = 0;
  for (let level = ladder.best; level !== 0; level = ladder.after(level)) {
    const price = levels.price(level);
    assert(before === 0 || ladder.isBetter(before, price), "levels out of order");
    checkLevel(book, level, side, place, tally);
    before = price;
    count += 1;
  }
  assert(count === ladder.count, "%s levels with orders", ladder.count);
  // A stop that follows the price finds room wherever that leads it.
  const more = place === Place.Stops ? limits.trailingStopsMax : 0;
  assert(count <= limits.levelsPerSideMax + more, "a side has more levels than it may");
}

function checkLevel(book: FastBook, level: number, side: Side, place: Place, tally: Tally): void {
  const { orders, levels } = book;
  let count = 0;
  let shown = 0;
  let leaves = 0;
  let previous = level;
  for (let slot = levels.head(level); slot !== level; slot = orders.next(slot)) {
    assert(orders.previous(slot) === previous, "a broken list of orders");
    assert(orders.level(slot) === level, "an order of another level");
    assert(orders.side(slot) === side && orders.place(slot) === place, "an order in its place");
    const price = place === Place.Book ? orders.price(slot) : orders.stopPrice(slot);
    assert(price === levels.price(level), "an order at a wrong price");
    const isBehind = previous === level || orders.priority(previous) < orders.priority(slot);
    assert(isBehind || place === Place.Stops, "a price is by priority");
    checkOrder(book, slot, tally);
    count += 1;
    shown += orders.shown(slot);
    leaves += orders.leaves(slot);
    previous = slot;
  }
  assert(count > 0 && count === levels.count(level), "a level counts %s", levels.count(level));
  assert(orders.previous(level) === previous, "a level ends with its last order");
  if (place !== Place.Book) return;
  assert(levels.shown(level) === shown, "a level shows %s, not %s", levels.shown(level), shown);
  assert(levels.hidden(level) === leaves - shown, "a level hides %s", levels.hidden(level));
  tally.leaves += leaves;
}

function checkOrder(book: FastBook, slot: number, tally: Tally): void {
  const { orders } = book;
  const timeInForce = orders.timeInForce(slot);
  checkOpenOrder(book, slot);
  tally.orders += 1;
  tally.expiring += orders.expires(slot) === 0 ? 0 : 1;
  tally.trailing += book.trailing.has(slot) ? 1 : 0;
  tally.priorities.add(orders.priority(slot));
  tally.byTimeInForce.set(timeInForce, (tally.byTimeInForce.get(timeInForce) ?? 0) + 1);
}

/** What holds of an open order by itself, in the market's present state. */
export function checkOpenOrder(book: FastBook, slot: number): void {
  const { orders, index, state } = book;
  const orderId = orders.orderId(slot);
  const timeInForce = orders.timeInForce(slot);
  const leaves = orders.leaves(slot);
  const priority = orders.priority(slot);
  assert(index.find(orderId) === slot, "order %s is not found", orderId);
  assert(leaves > 0 && orders.price(slot) > 0, "order %s is open with nothing left", orderId);
  assert(
    priority > 0 && priority <= state.arrivals,
    "order %s has a priority never given",
    orderId,
  );
  assert(!isImmediate(timeInForce), "order %s is immediate, and still here", orderId);
  if (orders.place(slot) === Place.Book) checkResting(book, slot);
  else checkWaiting(book, slot);
  const isAtOpen = timeInForce === TimeInForce.AtTheOpen;
  assert(!isAtOpen || isBeforeOpen(state.phase), "order %s is left of the opening", orderId);
  const isOfToday = state.phase !== Phase.Closed || state.hasDayOrders;
  assert(timeInForce !== TimeInForce.Day || isOfToday, "order %s is of a session past", orderId);
}

function checkResting({ orders, state }: FastBook, slot: number): void {
  const orderId = orders.orderId(slot);
  const leaves = orders.leaves(slot);
  const shown = orders.shown(slot);
  const isAtClose = orders.timeInForce(slot) === TimeInForce.AtTheClose;
  assert(shown > 0 && shown <= leaves, "order %s shows %s of %s", orderId, shown, leaves);
  assert(orders.display(slot) > 0 || shown === leaves, "order %s hides without display", orderId);
  assert(!isStop(orders.type(slot)), "order %s rests untriggered", orderId);
  assert(!isAtClose || state.phase === Phase.ClosingAuction, "order %s is at the close", orderId);
}

function checkWaiting({ orders, state }: FastBook, slot: number): void {
  const orderId = orders.orderId(slot);
  const isStopped = isStop(orders.type(slot));
  assert(isStopped === orders.stopPrice(slot) > 0, "order %s has a stop price, or none", orderId);
  const stopPrice = orders.stopPrice(slot);
  const followed = followedStopPrice(
    orders.side(slot),
    stopPrice,
    orders.trail(slot),
    state.lastPrice,
  );
  assert(followed === stopPrice, "order %s has not followed the price", orderId);
  const isAtClose = orders.timeInForce(slot) === TimeInForce.AtTheClose;
  const hasCause = isStopped || (isAtClose && state.phase !== Phase.ClosingAuction);
  assert(hasCause, "order %s waits for nothing", orderId);
  const isDue =
    isStopped && isTriggered(orders.side(slot), orders.stopPrice(slot), state.lastPrice);
  assert(state.phase !== Phase.Continuous || !isDue, "order %s was not triggered", orderId);
}
