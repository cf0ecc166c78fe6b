/** Orders from the command line. Prices, quantities and amounts are decimals, as people write them. */
import {
  type Instrument,
  OrderStatus,
  OrderType,
  Side,
  TimeInForce,
} from "../../proto/gen/exchange/v1/exchange.js";
import { accountOf, type Common, freshId } from "./accounts.js";
import { CliError } from "./cli-error.js";
import { instrumentOf, withClient } from "./connect.js";
import { formatDecimal } from "../common/decimal.js";
import { parseDecimal } from "./decimal.js";
import { passedOn, say, sayCancelled, sayPlaced } from "./order-answers.js";
import { standingOf, termsOf } from "./order-words.js";
import { printJson, printTable } from "./output.js";
import { untilAnswered } from "./try-again.js";
import {
  nameOf,
  orderTypeOf,
  parseTime,
  selfTradePreventionOf,
  sideOf,
  timeInForceOf,
} from "./words.js";

export interface OrderOptions extends Common {
  readonly id?: string;
  readonly ioc?: boolean;
  readonly type?: string;
  readonly stop?: string;
  readonly display?: string;
  readonly tif?: string;
  readonly expires?: string;
  readonly stp?: string;
  readonly postOnly?: boolean;
  readonly reprice?: boolean;
  readonly trail?: string;
  readonly minQuantity?: string;
}

export interface AmendOptions extends Common {
  readonly price?: string;
  readonly quantity?: string;
  readonly stop?: string;
  readonly display?: string;
}

export interface OrderWords {
  readonly account: string;
  readonly side: string;
  readonly quantity: string;
  readonly symbol: string;
  readonly price: string | undefined;
}

export function instruments({ json, ...where }: Common): Promise<void> {
  return withClient(where, async (client) => {
    const listed = await client.listInstruments();
    if (json) return printJson(listed);
    const rows = listed.map((each) => [
      each.symbol,
      each.quoteAsset!.name,
      formatDecimal(each.tick, each.priceDecimals),
      formatDecimal(each.lot, each.quantityDecimals),
      formatDecimal(each.referencePrice, each.priceDecimals),
      percent(each.makerFee),
      percent(each.takerFee),
      each.feeTiers.map((of) => `${percent(of.makerFee)} / ${percent(of.takerFee)}`).join(", "),
    ]);
    const prices = ["symbol", "quoted in", "tick", "lot", "reference price"];
    printTable([[...prices, "maker's fee", "taker's fee", "of tiers 1, 2, …"], ...rows]);
  });
}

/** A rate in millionths as a percentage. */
function percent(rate: number): string {
  return `${formatDecimal(rate, PERCENT_DECIMALS)} %`;
}

export function order(words: OrderWords, options: OrderOptions): Promise<number> {
  const side = sideOf(words.side);
  const type = typeOf(words, options);
  const timeInForce = timeInForceOfOptions(options);
  const { stp, postOnly = false, reprice: reprices = false } = options;
  return withClient(options, async (client) => {
    const instrument = await instrumentOf(client, words.symbol);
    const { price, quantity, stop, display, trail, minimum } = numbersOf(instrument, {
      ...options,
      price: words.price,
      quantity: words.quantity,
    });
    const { expires } = options;
    const clientOrderId = options.id ?? freshId();
    const wanted = {
      account: accountOf(words.account),
      clientOrderId,
      symbol: words.symbol,
      side,
      type,
      timeInForce,
      price,
      quantity,
      stopPrice: stop,
      displayQuantity: display,
      expiresAt:
        expires === undefined ? 0 : parseTime(expires, await client.serverTime(), "expiry"),
      ...(stp === undefined ? {} : { selfTradePrevention: selfTradePreventionOf(stp) }),
      postOnly: postOnly || reprices,
      reprices,
      trail,
      minQuantity: minimum,
    };
    // The same id again is the same order, so it may be sent until somebody leads and answers.
    const place = () => client.placeOrder(wanted);
    const { result, isDoubtful } = await untilAnswered("--id", clientOrderId, place);
    // A try that had no answer may have been taken all the same: then the order before is this one.
    const isOld = result.repeated && !isDoubtful;
    return sayPlaced(client, wanted, result, isOld, options);
  });
}

/** As it is said, or what price and stop price make of it. */
function typeOf({ price }: OrderWords, { type, stop }: OrderOptions): OrderType {
  if (type !== undefined) return orderTypeOf(type);
  if (stop !== undefined) return orderTypeOf(price === undefined ? "stop" : "stop-limit");
  return orderTypeOf(price === undefined ? "market" : "limit");
}

/** As it is said; an order that expires at a time is good till then. Unspecified: the type's own. */
function timeInForceOfOptions({ tif, ioc, expires }: OrderOptions): TimeInForce {
  if (ioc && tif !== undefined && tif !== "ioc") {
    throw new CliError("INVALID_TIME_IN_FORCE", `--ioc and --tif ${tif} say two things; leave one`);
  }
  if (ioc) return timeInForceOf("ioc");
  if (tif !== undefined) return timeInForceOf(tif);
  return expires === undefined ? TimeInForce.TIME_IN_FORCE_UNSPECIFIED : timeInForceOf("gtd");
}

/** In units; 0 for what is not said. */
function numbersOf(
  instrument: Instrument,
  texts: AmendOptions & Pick<OrderOptions, "trail" | "minQuantity">,
) {
  const { priceDecimals, quantityDecimals } = instrument;
  const number = (text: string | undefined, decimals: number, what: string): number =>
    text === undefined ? 0 : parseDecimal(text, decimals, what);
  return {
    price: number(texts.price, priceDecimals, "price"),
    quantity: number(texts.quantity, quantityDecimals, "quantity"),
    stop: number(texts.stop, priceDecimals, "stop price"),
    display: number(texts.display, quantityDecimals, "display quantity"),
    trail: number(texts.trail, priceDecimals, "trail"),
    minimum: number(texts.minQuantity, quantityDecimals, "minimum quantity"),
  };
}

export function amend(account: string, id: string, options: AmendOptions): Promise<number> {
  const { price, quantity, stop, display } = options;
  if ([price, quantity, stop, display].every((text) => text === undefined)) {
    throw new CliError(
      "AMEND_OF_NOTHING",
      "say what is to change: --price, --quantity, --stop or --display",
    );
  }
  return withClient(options, async (client) => {
    const name = { account: accountOf(account), clientOrderId: id };
    const { symbol } = (await client.getOrder(name)).order!;
    const numbers = numbersOf(await instrumentOf(client, symbol), options);
    const result = await client.amendOrder({
      ...name,
      price: numbers.price,
      quantity: numbers.quantity,
      stopPrice: numbers.stop,
      displayQuantity: numbers.display,
    });
    return say(result, passedOn(name), options);
  });
}

export function cancelAll(
  account: string,
  options: Common & { readonly symbol?: string; readonly side?: string },
): Promise<number> {
  const { symbol = "", side } = options;
  const wanted = {
    account: accountOf(account),
    symbol,
    side: side === undefined ? Side.SIDE_UNSPECIFIED : sideOf(side),
  };
  return withClient(options, async (client) => {
    if (symbol !== "") await instrumentOf(client, symbol);
    const { orders, result } = await client.cancelAll(wanted);
    if (options.json) printJson({ orders, ...result });
    else process.stdout.write(`${orders} order${orders === 1 ? "" : "s"} to be cancelled\n`);
    return 0;
  });
}

export function cancel(account: string, id: string, options: Common): Promise<number> {
  return withClient(options, async (client) => {
    const name = { account: accountOf(account), clientOrderId: id };
    return sayCancelled(client, name, await client.cancelOrder(name), options);
  });
}

export function get(account: string, id: string, { json, ...where }: Common): Promise<void> {
  return withClient(where, async (client) => {
    const found = await client.getOrder({ account: accountOf(account), clientOrderId: id });
    if (json) return printJson(found);
    const instrument = await instrumentOf(client, found.order!.symbol);
    const amount = (units: number): string => formatDecimal(units, instrument.quantityDecimals);
    const worth = (units: number): string => formatDecimal(units, instrument.priceDecimals);
    process.stdout.write(`${standingOf(found.order!, instrument)}\n`);
    if (found.fills.length === 0) return;
    const rows = found.fills.map((fill) => [
      fill.tradeId,
      amount(fill.quantity),
      worth(fill.price),
      formatDecimal(fill.fee, instrument.quoteAsset!.decimals),
      fill.sequence,
    ]);
    printTable([["trade", "quantity", "price", "fee", "sequence"], ...rows]);
  });
}

/** The orders of an account that have not ended. */
export function openOrders(account: string, { json, ...where }: Common): Promise<void> {
  return withClient(where, async (client) => {
    const found = await client.openOrders(accountOf(account));
    if (json) return printJson(found);
    const instruments = new Map(
      (await client.listInstruments()).map((each) => [each.symbol, each]),
    );
    const rows = found.map((order) => {
      const instrument = instruments.get(order.symbol)!;
      const amount = (units: number) => formatDecimal(units, instrument.quantityDecimals);
      return [
        order.clientOrderId,
        nameOf(OrderStatus, order.status, "ORDER_STATUS_"),
        nameOf(Side, order.side, "SIDE_"),
        order.symbol,
        amount(order.quantity),
        amount(order.filled),
        amount(order.leaves),
        termsOf(order, instrument),
      ];
    });
    const quantities = ["quantity", "filled", "open"];
    const head = ["id", "status", "side", "symbol", ...quantities, "terms"];
    printTable([head, ...rows], "no open orders");
  });
}

/** A percentage is ten thousand millionths. */
const PERCENT_DECIMALS = 4;

/** What became of a client order id; one that was never seen is voided by the question. */
export function resolve(account: string, id: string, { json, ...where }: Common): Promise<void> {
  return withClient(where, async (client) => {
    const found = await client.resolveOrder(accountOf(account), id);
    if (json) return printJson(found);
    const { status, code } = found.order!;
    const reason = code === "OK" ? "" : ` (${code})`;
    process.stdout.write(`${nameOf(OrderStatus, status, "ORDER_STATUS_")}${reason}\n`);
  });
}
