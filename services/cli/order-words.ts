/** Orders in words, as the command line prints them: prices and quantities are decimals. */
import {
  type Asset,
  type Instrument,
  type Order,
  OrderStatus,
  OrderType,
  Side,
  TimeInForce,
} from "../../proto/gen/exchange/v1/exchange.js";
import { formatDecimal } from "../common/decimal.js";
import { formatTime, nameOf } from "./words.js";

/** What an order is, and what has become of it. */
export function standingOf(order: Order, instrument: Instrument): string {
  const { symbol, side, quantity, filled, leaves, status, code } = order;
  const amount = (units: number): string => formatDecimal(units, instrument.quantityDecimals);
  const words = [
    nameOf(OrderStatus, status, "ORDER_STATUS_"),
    nameOf(Side, side, "SIDE_"),
    amount(quantity),
    symbol,
    termsOf(order, instrument),
  ];
  const why = code === "OK" ? "" : ` (${code})`;
  return `${words.join(" ")}: filled ${amount(filled)}, open ${amount(leaves)}${why}`;
}

/** What a review limit does. */
export function heldAbove(value: number, { name, decimals }: Asset): string {
  return `orders worth more than ${formatDecimal(value, decimals)} ${name} are held for review`;
}

/** Goes without saying; or is said by the expiry. */
const PLAIN_TIMES: readonly TimeInForce[] = [
  TimeInForce.TIME_IN_FORCE_GOOD_TILL_CANCEL,
  TimeInForce.TIME_IN_FORCE_GOOD_TILL_DATE,
];

/** An order's terms in words: its prices, then what is not plain. */
export function termsOf(order: Order, { priceDecimals, quantityDecimals }: Instrument): string {
  const price = formatDecimal(order.price, priceDecimals);
  const stop = formatDecimal(order.stopPrice, priceDecimals);
  const from = order.trail > 0 ? `${stop} (at first)` : stop;
  const words: Readonly<Record<number, string>> = {
    [OrderType.ORDER_TYPE_MARKET]: `at the market, held at ${price}`,
    [OrderType.ORDER_TYPE_STOP]: `at the market from ${from} on, held at ${price}`,
    [OrderType.ORDER_TYPE_STOP_LIMIT]: `at ${price} from ${from} on`,
  };
  const terms = [words[order.type] ?? `at ${price}`];
  const { displayQuantity, expiresAt, timeInForce } = order;
  if (!PLAIN_TIMES.includes(timeInForce)) {
    const name = nameOf(TimeInForce, timeInForce, "TIME_IN_FORCE_");
    terms.push(name.toLowerCase().replaceAll("_", " "));
  }
  if (displayQuantity > 0)
    terms.push(`showing ${formatDecimal(displayQuantity, quantityDecimals)}`);
  if (expiresAt > 0) terms.push(`until ${formatTime(expiresAt)}`);
  if (order.postOnly) terms.push(order.reprices ? "post-only, repricing" : "post-only");
  if (order.trail > 0)
    terms.push(`following the last trade by ${formatDecimal(order.trail, priceDecimals)}`);
  if (order.minQuantity > 0)
    terms.push(`at least ${formatDecimal(order.minQuantity, quantityDecimals)} at once`);
  if (order.pairOrderId > 0) terms.push("one of a pair");
  if (order.reviewUntil > 0) {
    terms.push(`held for review until ${formatTime(order.reviewUntil)} at most`);
  }
  return terms.join(", ");
}
