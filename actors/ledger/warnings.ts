/**
 * What an account is warned of, and its operators with it, when its orders in one window of time are not what is usual. A warning says
 * what was counted, and changes nothing else: no order is refused for it. It is told at once, when the counts first say so.
 */
import { assertNever } from "../kernel/assert.js";
import type { ByteReader, ByteWriter } from "../kernel/bytes.js";

export const WarningKind = { CancelRate: 1, SelfTrade: 2, OrderToTrade: 3, OrderSpike: 4 } as const;
export type WarningKind = (typeof WarningKind)[keyof typeof WarningKind];
export const WARNING_NAMES: Readonly<Record<WarningKind, string>> = {
  [WarningKind.CancelRate]: "cancel-rate",
  [WarningKind.SelfTrade]: "self-trade",
  [WarningKind.OrderToTrade]: "order-to-trade",
  [WarningKind.OrderSpike]: "order-spike",
};
/** In the order in which an account is warned. */
export const WARNING_KINDS: readonly WarningKind[] = Object.values(WarningKind);

/** Windows lie side by side, and begin at whole multiples of this since 1970. */
export const WINDOW_SECONDS = 60;

/** Cancels, in percent of the window's orders: more than this is warned of, once there were so many orders. */
export const CANCEL_RATE_PERCENT_MAX = 80;
export const CANCEL_RATE_ORDERS_MIN = 20;

/** Orders, amends and cancels for each trade (and with no trade at all): more is warned of, once there were so many of them. */
export const ORDER_TO_TRADE_MAX = 100;
export const ORDER_TO_TRADE_MESSAGES_MIN = 500;

/** Orders, as a multiple of the usual number in a window, which counts as this at least: more is warned of. */
export const SPIKE_MULTIPLE_MAX = 10;
export const SPIKE_USUAL_ORDERS_MIN = 20;

/** What an account has done in a window. */
export interface Counts {
  /** New orders that were accepted; a pair is two. */
  readonly orders: number;
  /** Amends and reductions that its client has asked for and that were done. */
  readonly amends: number;
  /** Orders of the window that its client has cancelled in it; of a pair both end by that. */
  readonly cancels: number;
  /** Its sides of trades. */
  readonly trades: number;
  /**
   * Orders that were ended or reduced so that they do not trade with its owner's, and trades with an account of its owner's (itself, of
   * one group, of one parent) that nothing prevented, if both accounts are of one shard.
   */
  readonly selfTrades: number;
  /** The orders of windows before: the last one counts half, and each one before it half of the next. */
  readonly usualOrders: number;
}

export interface WarningEvent extends Counts {
  readonly kind: "warning";
  readonly warning: WarningKind;
  /** When the window began, in microseconds since 1970. */
  readonly window: number;
}

/** Among those of all account events. */
export const WARNING_TAG = 37;

export function isWorthAWarning(kind: WarningKind, counts: Counts): boolean {
  const { orders, amends, cancels, trades, selfTrades, usualOrders } = counts;
  switch (kind) {
    case WarningKind.CancelRate:
      return orders >= CANCEL_RATE_ORDERS_MIN && cancels * 100 > orders * CANCEL_RATE_PERCENT_MAX;
    case WarningKind.SelfTrade:
      return selfTrades > 0;
    case WarningKind.OrderToTrade: {
      const messages = orders + amends + cancels;
      const isEnough = messages >= ORDER_TO_TRADE_MESSAGES_MIN;
      return isEnough && messages > Math.max(trades, 1) * ORDER_TO_TRADE_MAX;
    }
    case WarningKind.OrderSpike:
      return orders > Math.max(usualOrders, SPIKE_USUAL_ORDERS_MIN) * SPIKE_MULTIPLE_MAX;
    default:
      return assertNever(kind);
  }
}

/** After its tag. */
export function encodeWarning(writer: ByteWriter, event: WarningEvent): void {
  writer.u8(event.warning).uint(event.window);
  writer.uint(event.orders).uint(event.amends).uint(event.cancels);
  writer.uint(event.trades).uint(event.selfTrades).uint(event.usualOrders);
}

export function decodeWarning(reader: ByteReader): WarningEvent {
  return {
    kind: "warning",
    warning: reader.u8() as WarningKind,
    window: reader.uint(),
    orders: reader.uint(),
    amends: reader.uint(),
    cancels: reader.uint(),
    trades: reader.uint(),
    selfTrades: reader.uint(),
    usualOrders: reader.uint(),
  };
}
