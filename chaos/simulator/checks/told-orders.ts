/** What an account was told of its orders, from its journal alone. */
import type { SeenEvent } from "./decode.js";

export interface ToldOrder {
  filled: number;
  leaves: number;
  isOver: boolean;
  /** The numbers of its trades. */
  readonly trades: number[];
}

/** Adds what an event tells of an order. */
export function tell(told: Map<number, ToldOrder>, event: SeenEvent): void {
  const { kind, orderId, quantity, leaves } = event;
  if (kind === "accepted") {
    told.set(orderId, { filled: 0, leaves: quantity, isOver: false, trades: [] });
  } else if (kind === "rejected" || kind === "voided") {
    told.set(orderId, { filled: 0, leaves: 0, isOver: true, trades: [] });
  }
  const order = told.get(orderId);
  if (!order) return;
  if (kind === "filled") {
    order.filled += quantity;
    order.trades.push(event.tradeId);
    order.leaves = leaves;
    order.isOver = leaves === 0;
  } else if (kind === "rested" || kind === "reduced") order.leaves = leaves;
  else if (kind === "ended") {
    order.leaves = 0;
    order.isOver = true;
  }
}
