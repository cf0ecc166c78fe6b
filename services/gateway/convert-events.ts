/** What accounts are told, in the words of the public interface. */
import { assertNever } from "../../actors/kernel/assert.js";
import { codeName } from "../../actors/kernel/codes.js";
import type { AccountEvent as LedgerEvent } from "../../actors/ledger/account-events.js";
import { executionType as executionTypeOf } from "../../actors/ledger/order-report.js";
import { type WarningEvent, WINDOW_SECONDS } from "../../actors/ledger/warnings.js";
import type {
  AccountEvent,
  AccountState,
  AccountWarned,
  ExecutionType,
  Liquidity,
  OrderAccepted,
  OrderRequest,
  OrderType,
  SelfTradePrevention,
  Side,
  TimeInForce,
  WithdrawalStatus,
} from "../../proto/gen/exchange/v1/exchange.js";
import type { Catalog } from "./catalog.js";
import { publicAsset, symbolOf } from "./convert.js";

type Body = NonNullable<AccountEvent["event"]>;

export function publicEvent(
  catalog: Catalog,
  head: Omit<AccountEvent, "event" | "executionType">,
  event: LedgerEvent,
): AccountEvent {
  const { account, sequence, token, time } = head;
  const executionType = executionTypeOf(event) as number as ExecutionType;
  return { account, sequence, token, time, executionType, event: bodyOf(catalog, event) };
}

function bodyOf(catalog: Catalog, event: LedgerEvent): Body {
  switch (event.kind) {
    case "opened":
      return { $case: "opened", value: { limits: event.limits, parent: event.parent ?? 0 } };
    case "deposited": {
      const { amount, key: idempotencyKey } = event;
      const asset = publicAsset(catalog, event.asset).name;
      return { $case: "deposited", value: { asset, amount, idempotencyKey } };
    }
    case "withdrawal": {
      const { amount, key: idempotencyKey } = event;
      const asset = publicAsset(catalog, event.asset).name;
      const status = event.status as WithdrawalStatus;
      return { $case: "withdrawal", value: { asset, amount, idempotencyKey, status } };
    }
    case "transfer": {
      const { recipient, amount, key: idempotencyKey } = event;
      const asset = publicAsset(catalog, event.asset).name;
      return { $case: "transferSent", value: { recipient, asset, amount, idempotencyKey } };
    }
    case "transfer-ended": {
      const { recipient, amount, key: idempotencyKey } = event;
      const asset = publicAsset(catalog, event.asset).name;
      const code = codeName(event.code);
      return { $case: "transferEnded", value: { recipient, asset, amount, idempotencyKey, code } };
    }
    case "transfer-received": {
      const { sender, amount, key: idempotencyKey } = event;
      const asset = publicAsset(catalog, event.asset).name;
      return { $case: "transferReceived", value: { sender, asset, amount, idempotencyKey } };
    }
    case "account-group":
      return { $case: "accountGroup", value: { group: event.group } };
    case "account-tier":
      return { $case: "accountTier", value: { tier: event.tier, limits: event.limits } };
    case "account-limits": {
      const { ordersPerDay, openOrders, requestsPerSecond } = event;
      return { $case: "accountLimits", value: { ordersPerDay, openOrders, requestsPerSecond } };
    }
    case "review-limit": {
      const asset = publicAsset(catalog, event.asset).name;
      return { $case: "reviewLimit", value: { asset, value: event.value } };
    }
    case "review":
      return { $case: "review", value: { orderId: event.orderId, until: event.until } };
    case "reviewed":
      return { $case: "reviewed", value: { orderId: event.orderId, approved: event.isApproved } };
    case "account-state":
      return { $case: "accountState", value: { state: event.state as AccountState } };
    case "accepted":
      return { $case: "accepted", value: acceptedOf(catalog, event) };
    case "rejected": {
      const { orderId, clientOrderId } = event;
      return { $case: "rejected", value: { orderId, clientOrderId, code: codeName(event.code) } };
    }
    case "requested": {
      const { orderId, request } = event;
      return { $case: "requested", value: { orderId, request } };
    }
    case "cancel-all": {
      const symbol = symbolOf(catalog, event.instrument);
      const { orders } = event;
      return { $case: "allCancelRequested", value: { symbol, side: event.side as Side, orders } };
    }
    case "voided": {
      const { orderId, clientOrderId } = event;
      return { $case: "voided", value: { orderId, clientOrderId } };
    }
    case "fee": {
      const { orderId, tradeId, fee } = event;
      const symbol = symbolOf(catalog, event.instrument);
      const asset = publicAsset(catalog, event.asset).name;
      return { $case: "feeKept", value: { orderId, tradeId, symbol, asset, fee } };
    }
    case "warning":
      return { $case: "warning", value: publicWarning(event) };
    default:
      return bodyOfMarketsWord(catalog, event);
  }
}

export function publicWarning(event: WarningEvent): AccountWarned {
  const { warning: kind, window: windowStart } = event;
  const { orders, amends, cancels, trades, selfTrades, usualOrders } = event;
  const counts = { orders, amends, cancels, trades, selfTrades, usualOrders };
  return { kind, windowStart, windowSeconds: WINDOW_SECONDS, ...counts };
}

function acceptedOf(
  catalog: Catalog,
  event: LedgerEvent & { readonly kind: "accepted" },
): OrderAccepted {
  const { orderId, clientOrderId, price, quantity, stopPrice, postOnly } = event;
  const { reprices, trail, minQuantity } = event;
  return {
    orderId,
    clientOrderId,
    symbol: symbolOf(catalog, event.instrument),
    side: event.side,
    type: event.type as OrderType,
    timeInForce: event.timeInForce as TimeInForce,
    price,
    quantity,
    stopPrice,
    displayQuantity: event.display,
    expiresAt: event.expires,
    selfTradePrevention: event.selfTrade as SelfTradePrevention,
    postOnly,
    pairOrderId: event.pair,
    reprices,
    trail,
    minQuantity,
  };
}

type MarketsWord = Extract<LedgerEvent, { readonly sequence: number }>;

/** Events that a market's answer has led to; `sequence` is the market's (0 of an end that it has not led to). */
function bodyOfMarketsWord(catalog: Catalog, event: MarketsWord): Body {
  const { orderId, sequence: marketSequence } = event;
  switch (event.kind) {
    case "rested":
    case "waiting":
    case "triggered":
      return { $case: event.kind, value: { orderId, leaves: event.leaves, marketSequence } };
    case "reduced": {
      const code = codeName(event.code);
      return { $case: "reduced", value: { orderId, leaves: event.leaves, marketSequence, code } };
    }
    case "repriced":
      return { $case: "repriced", value: { orderId, price: event.price, marketSequence } };
    case "amended": {
      const { price, quantity, leaves, stopPrice, display: displayQuantity } = event;
      const terms = { price, quantity, leaves, stopPrice, displayQuantity };
      return { $case: "amended", value: { orderId, ...terms, marketSequence } };
    }
    case "filled": {
      const { tradeId, price, quantity, leaves, fee } = event;
      const value = {
        orderId,
        tradeId,
        symbol: symbolOf(catalog, event.instrument),
        side: event.side as Side,
        liquidity: event.liquidity as Liquidity,
        price,
        quantity,
        leaves,
        marketSequence,
        fee,
      };
      return { $case: "filled", value };
    }
    case "ended": {
      const { leaves } = event;
      const code = codeName(event.code);
      return { $case: "ended", value: { orderId, leaves, code, marketSequence } };
    }
    case "refused": {
      const request = event.request as OrderRequest;
      const code = codeName(event.code);
      return { $case: "refused", value: { orderId, request, code, marketSequence } };
    }
    default:
      return assertNever(event);
  }
}
