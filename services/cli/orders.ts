/** Accounts and orders from the command line. Prices, quantities and amounts are decimals, as people write them. */
import {
  type CommandResult,
  OrderStatus,
  OrderType,
  Side,
  TimeInForce,
} from "../../proto/gen/exchange/v1/exchange.js";
import { ACCOUNT_ID_MAX } from "../../actors/kernel/limits.js";
import { CliError } from "./cli-error.js";
import { untilPublished } from "../participants/venue.js";
import { instrumentOf, withClient } from "./connect.js";
import { formatDecimal } from "../common/decimal.js";
import { parseDecimal, parseWhole } from "./decimal.js";
import { printJson, printTable } from "./output.js";

interface Common {
  readonly json?: boolean;
  readonly dataDir?: string;
}

export interface OrderOptions extends Common {
  readonly id?: string;
  readonly ioc?: boolean;
}

export interface OrderWords {
  readonly account: string;
  readonly side: string;
  readonly quantity: string;
  readonly symbol: string;
  readonly price: string | undefined;
}

const SIDES: Readonly<Record<string, Side>> = { buy: Side.SIDE_BUY, sell: Side.SIDE_SELL };

export function instruments({ json, dataDir }: Common): Promise<void> {
  return withClient(dataDir, async (client) => {
    const listed = await client.listInstruments();
    if (json) return printJson(listed);
    const rows = listed.map((each) => [
      each.symbol,
      each.quoteAsset!.name,
      formatDecimal(each.tick, each.priceDecimals),
      formatDecimal(each.lot, each.quantityDecimals),
      formatDecimal(each.referencePrice, each.priceDecimals),
    ]);
    printTable([["symbol", "quoted in", "tick", "lot", "reference price"], ...rows]);
  });
}

export function open(account: string | undefined, { json, dataDir }: Common): Promise<void> {
  const wanted = account === undefined ? 0 : accountOf(account);
  return withClient(dataDir, async (client) => {
    const opened = await client.openAccount(wanted);
    if (json) printJson(opened);
    else process.stdout.write(`account ${opened.account} on ledger shard ${opened.shard}\n`);
  });
}

export function deposit(
  account: string,
  assetName: string,
  amount: string,
  { key, json, dataDir }: Common & { readonly key?: string },
): Promise<void> {
  return withClient(dataDir, async (client) => {
    const listed = await client.listInstruments();
    const assets = listed.flatMap(({ baseAsset, quoteAsset }) => [baseAsset!, quoteAsset!]);
    const asset = assets.find(({ name }) => name === assetName);
    if (!asset) {
      const known = [...new Set(assets.map(({ name }) => name))].join(", ");
      throw new CliError("UNKNOWN_ASSET", `there is no asset ${assetName}; there are: ${known}`);
    }
    const response = await client.deposit({
      account: accountOf(account),
      asset: asset.name,
      amount: parseDecimal(amount, asset.decimals, "amount"),
      idempotencyKey: key ?? freshId(),
    });
    if (json) printJson(response);
    else process.stdout.write(response.repeated ? "was deposited before\n" : "deposited\n");
  });
}

export function order(words: OrderWords, options: OrderOptions): Promise<number> {
  const side = SIDES[words.side];
  if (side === undefined) {
    throw new CliError("INVALID_SIDE", `the side is "${words.side}"; it is buy or sell`);
  }
  return withClient(options.dataDir, async (client) => {
    const instrument = await instrumentOf(client, words.symbol);
    const { price } = words;
    const isMarket = price === undefined;
    const clientOrderId = options.id ?? freshId();
    const isImmediate = isMarket || options.ioc === true;
    const wanted = {
      account: accountOf(words.account),
      clientOrderId,
      symbol: words.symbol,
      side,
      type: isMarket ? OrderType.ORDER_TYPE_MARKET : OrderType.ORDER_TYPE_LIMIT,
      timeInForce: isImmediate
        ? TimeInForce.TIME_IN_FORCE_IMMEDIATE_OR_CANCEL
        : TimeInForce.TIME_IN_FORCE_GOOD_TILL_CANCEL,
      price: isMarket ? 0 : parseDecimal(price, instrument.priceDecimals, "price"),
      quantity: parseDecimal(words.quantity, instrument.quantityDecimals, "quantity"),
    };
    // The same id again is the same order, so it may be sent until somebody leads and answers.
    const result = await untilPublished(() => client.placeOrder(wanted));
    const was = result.repeated ? "was accepted before as" : "accepted as";
    return say(result, `${was} ${clientOrderId}`, options);
  });
}

export function cancel(account: string, id: string, options: Common): Promise<number> {
  return withClient(options.dataDir, async (client) => {
    const name = { account: accountOf(account), clientOrderId: id };
    return say(await client.cancelOrder(name), "passed on to the market", options);
  });
}

export function get(account: string, id: string, { json, dataDir }: Common): Promise<void> {
  return withClient(dataDir, async (client) => {
    const found = await client.getOrder({ account: accountOf(account), clientOrderId: id });
    if (json) return printJson(found);
    const { symbol, side, type, quantity, filled, leaves, price, status, code } = found.order!;
    const instrument = await instrumentOf(client, symbol);
    const amount = (units: number): string => formatDecimal(units, instrument.quantityDecimals);
    const worth = (units: number): string => formatDecimal(units, instrument.priceDecimals);
    const terms = type === OrderType.ORDER_TYPE_MARKET ? "at the market, held at" : "at";
    process.stdout.write(
      `${nameOf(OrderStatus, status, "ORDER_STATUS_")} ${nameOf(Side, side, "SIDE_")} ` +
        `${amount(quantity)} ${symbol} ${terms} ${worth(price)}: filled ${amount(filled)}, open ` +
        `${amount(leaves)}${code === "OK" ? "" : ` (${code})`}\n`,
    );
    if (found.fills.length === 0) return;
    const rows = found.fills.map((fill) => [
      fill.tradeId,
      amount(fill.quantity),
      worth(fill.price),
      fill.sequence,
    ]);
    printTable([["trade", "quantity", "price", "sequence"], ...rows]);
  });
}

/** What became of a client order id; one that was never seen is voided by the question. */
export function resolve(account: string, id: string, { json, dataDir }: Common): Promise<void> {
  return withClient(dataDir, async (client) => {
    const found = await client.resolveOrder(accountOf(account), id);
    if (json) return printJson(found);
    const { status, code } = found.order!;
    const reason = code === "OK" ? "" : ` (${code})`;
    process.stdout.write(`${nameOf(OrderStatus, status, "ORDER_STATUS_")}${reason}\n`);
  });
}

export function balances(account: string, { json, dataDir }: Common): Promise<void> {
  return withClient(dataDir, async (client) => {
    const found = await client.balances(accountOf(account));
    if (json) return printJson(found);
    const rows = found.balances.map(({ asset, total, held, available }) => [
      asset!.name,
      ...[total, held, available].map((units) => formatDecimal(units, asset!.decimals)),
    ]);
    printTable([["asset", "total", "held", "available"], ...rows]);
  });
}

function say(result: CommandResult, whenOk: string, { json }: Common): number {
  const isOk = result.code === "OK";
  if (json) printJson(result);
  else process.stdout.write(`${isOk ? whenOk : `${result.code}: ${result.message}`}\n`);
  return isOk ? 0 : 1;
}

function accountOf(text: string): number {
  return parseWhole(text, 1, ACCOUNT_ID_MAX, "account");
}

function freshId(): string {
  return `cli-${Date.now().toString(36)}-${process.pid.toString(36)}`;
}

/** `ORDER_STATUS_FILLED` of an enumeration's number as `FILLED`. */
function nameOf(values: Readonly<Record<string, number>>, value: number, prefix: string): string {
  const name = Object.keys(values).find((key) => values[key] === value) ?? String(value);
  return name.startsWith(prefix) ? name.slice(prefix.length) : name;
}
