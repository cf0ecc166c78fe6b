/** Orders as rows: what a new one writes, what progress and amends change of it, and back from a row. */
import type { OrderStatus } from "../kernel/order.js";
import type { Account } from "./accounts.js";
import type { PendingAmend } from "./holds.js";
import { hashOfKey } from "./key-table.js";
import { type Order, RowChange } from "./order.js";
import { numberIn, numberOrNone, type TableRow, textIn } from "./rows.js";

type Columns = Readonly<Record<string, (order: Order) => number | string>>;

export const CHANGED_COLUMNS: Columns = {
  order_id: (order) => order.id,
  filled: (order) => order.filled,
  leaves: (order) => order.leaves,
  status: (order) => order.status,
  code: (order) => order.code,
  last_sequence: (order) => order.lastSequence,
  updated: (order) => order.updated,
};

const MARKS: Columns = {
  cancelling: (order) => (order.isCancelling ? 1 : 0),
  waiting: (order) => (order.isWaiting ? 1 : 0),
};

/** What is on its way to the market, or awaited there, besides. */
export const MARKED_COLUMNS: Columns = { ...CHANGED_COLUMNS, ...MARKS };

const AMENDABLE_COLUMNS: Columns = {
  ...MARKS,
  price: (order) => order.price,
  quantity: (order) => order.quantity,
  stop_price: (order) => order.stopPrice,
  display: (order) => order.display,
  amend_price: (order) => order.amend?.price ?? 0,
  amend_change: (order) => order.amend?.change ?? 0,
  worst_price: (order) => order.worstPrice || order.price,
  pair_done: (order) => (order.isPairDone ? 1 : 0),
  maker_value: (order) => order.makerValue,
  taker_value: (order) => order.takerValue,
  fees: (order) => order.fees,
};

/** What amends change besides. */
export const AMENDED_COLUMNS: Columns = { ...CHANGED_COLUMNS, ...AMENDABLE_COLUMNS };

const REVIEW: Columns = { review_until: (order) => order.reviewUntil };

/** And whether it is held for review: it has an index, so nothing else writes it. */
export const REVIEWED_COLUMNS: Columns = { ...AMENDED_COLUMNS, ...REVIEW };

/** A plain order's other columns stay empty. */
export const NEW_COLUMNS: Columns = {
  ...CHANGED_COLUMNS,
  account: (order) => order.account.id,
  client_order_id: (order) => order.clientOrderId,
  instrument: (order) => order.instrument,
  side: (order) => order.side,
  type: (order) => order.type,
  time_in_force: (order) => order.timeInForce,
  price: (order) => order.price,
  quantity: (order) => order.quantity,
  first_sequence: (order) => order.firstSequence,
  created: (order) => order.created,
};

export const NEW_COLUMNS_WITH_TERMS: Columns = {
  ...NEW_COLUMNS,
  ...AMENDABLE_COLUMNS,
  ...REVIEW,
  expires: (order) => order.expires,
  self_trade: (order) => order.selfTrade,
  post_only: (order) => (order.postOnly ? 1 : 0),
  pair: (order) => order.pair,
  reprices: (order) => (order.reprices ? 1 : 0),
  trail: (order) => order.trail,
  min_quantity: (order) => order.minQuantity,
  maker_fee: (order) => order.makerFee,
  taker_fee: (order) => order.takerFee,
};

/** The order of a row of `orders`. */
export function orderIn(account: Account, row: TableRow): Order {
  const clientOrderId = textIn(row, "client_order_id");
  return {
    id: numberIn(row, "order_id"),
    account,
    clientOrderId,
    keyHash: hashOfKey(account.id, clientOrderId),
    before: null,
    after: null,
    instrument: numberIn(row, "instrument"),
    side: numberIn(row, "side"),
    type: numberIn(row, "type"),
    timeInForce: numberIn(row, "time_in_force"),
    price: numberIn(row, "price"),
    quantity: numberIn(row, "quantity"),
    stopPrice: numberOrNone(row, "stop_price"),
    display: numberOrNone(row, "display"),
    expires: numberOrNone(row, "expires"),
    selfTrade: numberOrNone(row, "self_trade"),
    postOnly: numberOrNone(row, "post_only") === 1,
    pair: numberOrNone(row, "pair"),
    reprices: numberOrNone(row, "reprices") === 1,
    trail: numberOrNone(row, "trail"),
    minQuantity: numberOrNone(row, "min_quantity"),
    makerFee: numberOrNone(row, "maker_fee"),
    takerFee: numberOrNone(row, "taker_fee"),
    makerValue: numberOrNone(row, "maker_value"),
    takerValue: numberOrNone(row, "taker_value"),
    fees: numberOrNone(row, "fees"),
    amend: amendIn(row),
    worstPrice: numberOrNone(row, "worst_price"),
    isCancelling: numberOrNone(row, "cancelling") === 1,
    isPairDone: numberOrNone(row, "pair_done") === 1,
    isWaiting: numberOrNone(row, "waiting") === 1,
    reviewUntil: numberOrNone(row, "review_until"),
    filled: numberIn(row, "filled"),
    leaves: numberIn(row, "leaves"),
    status: numberIn(row, "status") as OrderStatus,
    code: numberIn(row, "code"),
    firstSequence: numberIn(row, "first_sequence"),
    lastSequence: numberIn(row, "last_sequence"),
    created: numberIn(row, "created"),
    updated: numberIn(row, "updated"),
    rowChange: RowChange.None,
    lowHash: 0,
    highHash: 0,
    isStale: false,
  };
}

function amendIn(row: TableRow): PendingAmend | null {
  const price = numberOrNone(row, "amend_price");
  return price === 0 ? null : { price, change: numberOrNone(row, "amend_change") };
}
