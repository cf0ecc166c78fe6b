/** What an open order adds to its market's hash. Both engines, and whoever reads the rows, come to the same number. */
import type { StateHash } from "../kernel/hash.js";
import { isOrdinary, type OpenOrder } from "./engine.js";

export function hashOrder(hash: StateHash, order: OpenOrder): void {
  const { orderId, account, side, price, leaves, shown, priority } = order;
  hash.add(orderId, account, side, price, leaves, shown, priority);
  if (isOrdinary(order)) return;
  const { owner, type, timeInForce, stopPrice, display, expires, pair, selfTrade } = order;
  hash.add(orderId, owner, type, timeInForce, stopPrice);
  hash.add(orderId, display, expires, pair, selfTrade, order.postOnly ? 1 : 0);
  if (order.trail !== 0) hash.add(orderId, order.trail);
}
