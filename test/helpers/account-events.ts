/** One or more of each kind of account event there is. */
import { Code } from "../../actors/kernel/codes.js";
import { Liquidity, OrderRequest, OrderType, SelfTrade, Side } from "../../actors/kernel/order.js";
import type { AccountEvent } from "../../actors/ledger/account-events.js";
import { WarningKind } from "../../actors/ledger/warnings.js";

const origin = { slot: 7, token: 300, number: 70_000 };
const sequence = 40_000;
const plain = {
  kind: "accepted",
  origin,
  orderId: 1025,
  clientOrderId: "one",
  instrument: 1025,
  side: Side.Buy,
  type: OrderType.Limit,
  timeInForce: 1,
  price: 58_000,
  quantity: 1_000,
  stopPrice: 0,
  display: 0,
  expires: 0,
  selfTrade: SelfTrade.Allow,
  postOnly: false,
  reprices: false,
  trail: 0,
  minQuantity: 0,
  pair: 0,
} as const;
const stop = { ...plain, type: OrderType.StopLimit, stopPrice: 60_000 } as const;
export const FILL = {
  kind: "filled",
  orderId: 1025,
  tradeId: 9,
  instrument: 1025,
  side: Side.Buy,
  liquidity: Liquidity.Auction,
  price: 58_000,
  quantity: 600,
  leaves: 400,
  fee: 0,
  sequence,
} as const;

const limits = { ordersPerDay: 1_000, openOrders: 20, requestsPerSecond: 300 };

/** A kind that is missing here does not compile. */
export const EVENTS: Readonly<Record<AccountEvent["kind"], readonly AccountEvent[]>> = {
  opened: [
    { kind: "opened", origin },
    { kind: "opened", origin, limits },
    { kind: "opened", origin, parent: 300 },
  ],
  deposited: [{ kind: "deposited", origin, asset: 1, amount: 10_000_000, key: "first" }],
  accepted: [
    plain,
    stop,
    { ...stop, pair: 2_049 },
    { ...stop, trail: 500 },
    { ...plain, postOnly: true, reprices: true, pair: 2_049 },
    { ...plain, trail: 500, minQuantity: 300, pair: 2_049 },
  ],
  rejected: [{ kind: "rejected", origin, orderId: 1025, clientOrderId: "one", code: Code.EXPIRED }],
  requested: [{ kind: "requested", origin, orderId: 1025, request: OrderRequest.Amend }],
  voided: [{ kind: "voided", origin, orderId: 1025, clientOrderId: "never" }],
  rested: [{ kind: "rested", orderId: 1025, leaves: 400, sequence }],
  waiting: [{ kind: "waiting", orderId: 1025, leaves: 400, sequence }],
  withdrawal: [{ kind: "withdrawal", origin, asset: 1, amount: 300, key: "w-1", status: 2 }],
  transfer: [{ kind: "transfer", origin, recipient: 7, asset: 1, amount: 300, key: "t-1" }],
  "transfer-ended": [
    { kind: "transfer-ended", recipient: 7, asset: 1, amount: 300, key: "t-1", code: Code.OK },
  ],
  "transfer-received": [
    { kind: "transfer-received", sender: 7, asset: 1, amount: 300, key: "t-1" },
  ],
  "account-group": [{ kind: "account-group", origin, group: 7 }],
  "account-tier": [{ kind: "account-tier", origin, tier: 2, limits }],
  "account-limits": [{ kind: "account-limits", origin, ...limits }],
  review: [{ kind: "review", orderId: 1025, until: 1_700_000_003_600_000 }],
  reviewed: [
    { kind: "reviewed", origin, orderId: 1025, isApproved: true },
    { kind: "reviewed", origin, orderId: 1025, isApproved: false },
  ],
  "review-limit": [{ kind: "review-limit", origin, asset: 2, value: 5_000_000 }],
  "account-state": [{ kind: "account-state", origin, state: 3 }],
  repriced: [{ kind: "repriced", orderId: 1025, price: 57_500, sequence }],
  triggered: [{ kind: "triggered", orderId: 1025, leaves: 400, sequence }],
  filled: [FILL, { ...FILL, fee: 12 }, { ...FILL, fee: -12_000 }],
  fee: [
    { kind: "fee", orderId: 1025, tradeId: 9, instrument: 1025, asset: 2, fee: 12 },
    { kind: "fee", orderId: 1025, tradeId: 9, instrument: 1025, asset: 2, fee: -12_000 },
  ],
  ended: [{ kind: "ended", orderId: 1025, leaves: 400, code: Code.PAIR_DONE, sequence }],
  reduced: [
    { kind: "reduced", orderId: 1025, leaves: 300, code: Code.OK, sequence },
    { kind: "reduced", orderId: 1025, leaves: 300, code: Code.SELF_TRADE_PREVENTED, sequence },
  ],
  refused: [
    { kind: "refused", orderId: 1025, request: OrderRequest.Amend, code: Code.TOO_LATE, sequence },
  ],
  amended: [
    {
      kind: "amended",
      orderId: 1025,
      price: 58_500,
      quantity: 900,
      leaves: 300,
      stopPrice: 0,
      display: 100,
      sequence,
    },
  ],
  warning: [
    {
      kind: "warning",
      warning: WarningKind.OrderSpike,
      window: 1_790_000_040_000_000,
      orders: 201,
      amends: 3,
      cancels: 160,
      trades: 12,
      selfTrades: 0,
      usualOrders: 17,
    },
  ],
  "cancel-all": [{ kind: "cancel-all", origin, instrument: 0, side: 0, orders: 300 }],
};
