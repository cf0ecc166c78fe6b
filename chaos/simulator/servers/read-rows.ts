/** Rows of the simulated tables as those who read them are given them, and back. */
import type { Instrument } from "../../../actors/kernel/instrument.js";
import type { JournalRow, OrderRow } from "../../../services/ports/reads.js";
import type { Row } from "../../../services/ports/store.js";

type Numbers = Record<string, number>;

export function instrumentRow(instrument: Instrument): Row {
  return {
    instrument: instrument.id,
    symbol: instrument.symbol,
    base_asset: instrument.baseAsset,
    quote_asset: instrument.quoteAsset,
    price_decimals: instrument.priceDecimals,
    quantity_decimals: instrument.quantityDecimals,
    tick: instrument.tick,
    lot: instrument.lot,
    notional_factor: instrument.notionalFactor,
    reference_price: instrument.referencePrice,
    maker_fee: instrument.makerFee,
    taker_fee: instrument.takerFee,
    fee_tiers: JSON.stringify(instrument.feeTiers),
  };
}

export function instrumentOf(row: Row): Instrument {
  const of = row as Numbers;
  return {
    id: of["instrument"]!,
    symbol: row["symbol"] as string,
    baseAsset: of["base_asset"]!,
    quoteAsset: of["quote_asset"]!,
    priceDecimals: of["price_decimals"]!,
    quantityDecimals: of["quantity_decimals"]!,
    tick: of["tick"]!,
    lot: of["lot"]!,
    notionalFactor: of["notional_factor"]!,
    referencePrice: of["reference_price"]!,
    makerFee: of["maker_fee"]!,
    takerFee: of["taker_fee"]!,
    feeTiers: JSON.parse(row["fee_tiers"] as string),
  };
}

export function journalRow(row: Row): JournalRow {
  const { account, first_sequence, last_sequence, actor, batch, token, time } = row as Numbers;
  return {
    account: account!,
    first: first_sequence!,
    last: last_sequence!,
    actor: actor!,
    batch: batch!,
    token: token!,
    time: time!,
    events: row["events"] as Uint8Array,
  };
}

export function orderRow(row: Row): OrderRow {
  const of = row as Numbers;
  return {
    orderId: of["order_id"]!,
    account: of["account"]!,
    clientOrderId: row["client_order_id"] as string,
    instrument: of["instrument"]!,
    side: of["side"]!,
    type: of["type"]!,
    timeInForce: of["time_in_force"]!,
    price: of["price"]!,
    quantity: of["quantity"]!,
    filled: of["filled"]!,
    leaves: of["leaves"]!,
    status: of["status"]!,
    code: of["code"]!,
    firstSequence: of["first_sequence"]!,
    lastSequence: of["last_sequence"]!,
    created: of["created"]!,
    updated: of["updated"]!,
    stopPrice: of["stop_price"] ?? 0,
    display: of["display"] ?? 0,
    expires: of["expires"] ?? 0,
    selfTrade: of["self_trade"] ?? 0,
    postOnly: of["post_only"] === 1,
    pair: of["pair"] ?? 0,
    reprices: of["reprices"] === 1,
    trail: of["trail"] ?? 0,
    minQuantity: of["min_quantity"] ?? 0,
    fees: of["fees"] ?? 0,
    reviewUntil: of["review_until"] ?? 0,
    isCancelling: of["cancelling"] === 1,
    isAmending: (of["amend_price"] ?? 0) !== 0,
    isWaiting: of["waiting"] === 1,
  };
}
