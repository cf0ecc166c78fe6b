/** From the exchange's own words and numbers to those of the public interface. Enumerations have the same numbers. */
import { codeName } from "../../actors/kernel/codes.js";
import type { Instrument } from "../../actors/kernel/instrument.js";
import type { OrderStatus as StoredStatus } from "../../actors/kernel/order.js";
import type { AccountEvent as LedgerEvent } from "../../actors/ledger/account-events.js";
import type {
  Asset,
  Instrument as PublicInstrument,
  Order,
  OrderFill,
  OrderStatus,
  OrderType,
  SelfTradePrevention,
  Side,
  TimeInForce,
} from "../../proto/gen/exchange/v1/exchange.js";
import { reportedStatus } from "../../actors/ledger/order-report.js";
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

/** The symbol of an instrument; none, of number 0. */
export function symbolOf(catalog: Catalog, id: number): string {
  if (id === 0) return "";
  const found = catalog.instrumentById(id);
  if (!found) throw new NotInCatalogError(`instrument ${id}`);
  return found.symbol;
}

export function publicInstrument(catalog: Catalog, instrument: Instrument): PublicInstrument {
  const { symbol, priceDecimals, quantityDecimals, tick, lot, referencePrice } = instrument;
  const { makerFee, takerFee, feeTiers } = instrument;
  return {
    symbol,
    baseAsset: publicAsset(catalog, instrument.baseAsset),
    quoteAsset: publicAsset(catalog, instrument.quoteAsset),
    priceDecimals,
    quantityDecimals,
    tick,
    lot,
    referencePrice,
    makerFee,
    takerFee,
    feeTiers: [...feeTiers],
  };
}

/** A voided id has no instrument, and so no symbol. */
export function publicOrder(catalog: Catalog, row: OrderRow): Order {
  const { orderId, account, clientOrderId, price, quantity, filled, leaves } = row;
  return {
    orderId,
    account,
    clientOrderId,
    symbol: symbolOf(catalog, row.instrument),
    side: row.side as Side,
    type: row.type as OrderType,
    timeInForce: row.timeInForce as TimeInForce,
    price,
    quantity,
    filled,
    leaves,
    status: reportedStatus({ ...row, status: row.status as StoredStatus }) as number as OrderStatus,
    code: codeName(row.code),
    created: row.created,
    updated: row.updated,
    stopPrice: row.stopPrice,
    displayQuantity: row.display,
    expiresAt: row.expires,
    selfTradePrevention: row.selfTrade as SelfTradePrevention,
    postOnly: row.postOnly,
    pairOrderId: row.pair,
    reprices: row.reprices,
    trail: row.trail,
    minQuantity: row.minQuantity,
    fees: row.fees,
    reviewUntil: row.reviewUntil,
  };
}

export function publicFill(
  event: LedgerEvent & { readonly kind: "filled" },
  sequence: number,
  time: number,
): OrderFill {
  const { tradeId, price, quantity, liquidity, fee } = event;
  return { tradeId, price, quantity, liquidity, time, sequence, fee };
}
