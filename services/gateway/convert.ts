/** From the exchange's own words and numbers to those of the public interface. Enumerations have the same numbers. */
import { codeName } from "../../actors/kernel/codes.js";
import type { Instrument } from "../../actors/kernel/instrument.js";
import type { AccountEvent as LedgerEvent } from "../../actors/ledger/account-events.js";
import { assertNever } from "../../actors/kernel/assert.js";
import type {
  AccountEvent,
  Asset,
  Instrument as PublicInstrument,
  Liquidity,
  Order,
  OrderFill,
  OrderRequest,
  OrderStatus,
  OrderType,
  Side,
  TimeInForce,
} from "../../proto/gen/exchange/v1/exchange.js";
import type { OrderRow } from "../ports/reads.js";
import type { Catalog } from "./catalog.js";

/** An instrument or an asset that the catalog has not read yet: read it again and convert again. */
export class NotInCatalogError extends Error {
  override readonly name = "NotInCatalogError";
}

export function publicAsset(catalog: Catalog, id: number): Asset {
  const found = catalog.assetById(id);
  if (!found) throw new NotInCatalogError(`asset ${id}`);
  return { name: found.name, decimals: found.decimals };
}

function symbolOf(catalog: Catalog, id: number): string {
  const found = catalog.instrumentById(id);
  if (!found) throw new NotInCatalogError(`instrument ${id}`);
  return found.symbol;
}

export function publicInstrument(catalog: Catalog, instrument: Instrument): PublicInstrument {
  const { symbol, priceDecimals, quantityDecimals, tick, lot, referencePrice } = instrument;
  return {
    symbol,
    baseAsset: publicAsset(catalog, instrument.baseAsset),
    quoteAsset: publicAsset(catalog, instrument.quoteAsset),
    priceDecimals,
    quantityDecimals,
    tick,
    lot,
    referencePrice,
  };
}

/** A voided id has no instrument, and so no symbol. */
export function publicOrder(catalog: Catalog, row: OrderRow): Order {
  const { orderId, account, clientOrderId, price, quantity, filled, leaves } = row;
  return {
    orderId,
    account,
    clientOrderId,
    symbol: row.instrument === 0 ? "" : symbolOf(catalog, row.instrument),
    side: row.side as Side,
    type: row.type as OrderType,
    timeInForce: row.timeInForce as TimeInForce,
    price,
    quantity,
    filled,
    leaves,
    status: row.status as OrderStatus,
    code: codeName(row.code),
    created: row.created,
    updated: row.updated,
  };
}

export function publicFill(
  event: LedgerEvent & { readonly kind: "filled" },
  sequence: number,
  time: number,
): OrderFill {
  const { tradeId, price, quantity, liquidity } = event;
  return { tradeId, price, quantity, liquidity, time, sequence };
}

type Body = NonNullable<AccountEvent["event"]>;

export function publicEvent(
  catalog: Catalog,
  head: Omit<AccountEvent, "event">,
  event: LedgerEvent,
): AccountEvent {
  const { account, sequence, token, time } = head;
  return { account, sequence, token, time, event: bodyOf(catalog, event) };
}

function bodyOf(catalog: Catalog, event: LedgerEvent): Body {
  switch (event.kind) {
    case "opened":
      return { $case: "opened", value: {} };
    case "deposited": {
      const { amount, key: idempotencyKey } = event;
      const asset = publicAsset(catalog, event.asset).name;
      return { $case: "deposited", value: { asset, amount, idempotencyKey } };
    }
    case "accepted": {
      const { orderId, clientOrderId, price, quantity } = event;
      const value = {
        orderId,
        clientOrderId,
        symbol: symbolOf(catalog, event.instrument),
        side: event.side as Side,
        type: event.type as OrderType,
        timeInForce: event.timeInForce as TimeInForce,
        price,
        quantity,
      };
      return { $case: "accepted", value };
    }
    case "rejected": {
      const { orderId, clientOrderId } = event;
      return { $case: "rejected", value: { orderId, clientOrderId, code: codeName(event.code) } };
    }
    case "requested": {
      const { orderId, request } = event;
      return { $case: "requested", value: { orderId, request } };
    }
    case "voided": {
      const { orderId, clientOrderId } = event;
      return { $case: "voided", value: { orderId, clientOrderId } };
    }
    default:
      return bodyOfMarketsWord(catalog, event);
  }
}

type MarketsWord = Exclude<LedgerEvent, { readonly origin: unknown }>;

/** Events that a market's answer has led to; `sequence` is the market's. */
function bodyOfMarketsWord(catalog: Catalog, event: MarketsWord): Body {
  const { orderId, sequence: marketSequence } = event;
  switch (event.kind) {
    case "rested":
      return { $case: "rested", value: { orderId, leaves: event.leaves, marketSequence } };
    case "reduced":
      return { $case: "reduced", value: { orderId, leaves: event.leaves, marketSequence } };
    case "filled": {
      const { tradeId, price, quantity, leaves } = event;
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
