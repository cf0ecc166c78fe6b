/** Commands about orders: place, cancel, look at. */
import type { Command } from "commander";
import {
  type CommandResult,
  type Instrument,
  Liquidity,
  type Order,
  OrderStatus,
  OrderType,
  Side,
  TimeInForce,
} from "../../proto/gen/exchange/v1/exchange.js";
import { ExchangeError, type NewOrder, type OrderName } from "../client/exchange-client.js";
import { parseAccount } from "./accounts.js";
import { CliError } from "./cli-error.js";
import { type ConnectFlags, instrumentOf, withClient, withConnection } from "./connect.js";
import { formatDecimal, parseDecimal, parseWhole } from "./decimal.js";
import { print, printJson } from "./output.js";

const SIDES = { buy: Side.SIDE_BUY, sell: Side.SIDE_SELL } as const;
const TIMES_IN_FORCE = {
  gtc: TimeInForce.TIME_IN_FORCE_GOOD_TILL_CANCEL,
  ioc: TimeInForce.TIME_IN_FORCE_IMMEDIATE_OR_CANCEL,
} as const;

interface OrderFlags extends ConnectFlags {
  readonly price?: string;
  readonly tif?: string;
  readonly id?: string;
}

function pick<T>(from: Readonly<Record<string, T>>, text: string, what: string): T {
  const found = Object.hasOwn(from, text) ? from[text] : undefined;
  if (found !== undefined) return found;
  const allowed = Object.keys(from).join(" or ");
  throw new CliError("NOT_ALLOWED", `the ${what} "${text}" is none of: ${allowed}`);
}

/** An answer that is not OK ends the command with a failure. */
function checked(result: CommandResult): CommandResult {
  if (result.code === "OK") return result;
  throw new CliError(result.code, result.message);
}

function newOrder(
  instrument: Instrument,
  [account, side, quantity]: readonly [string, string, string],
  flags: OrderFlags,
): NewOrder {
  const { price } = flags;
  const isMarket = price === undefined;
  return {
    account: parseAccount(account),
    clientOrderId: flags.id ?? `cli-${Date.now()}-${process.pid}`,
    symbol: instrument.symbol,
    side: pick(SIDES, side, "side"),
    type: isMarket ? OrderType.ORDER_TYPE_MARKET : OrderType.ORDER_TYPE_LIMIT,
    timeInForce: pick(TIMES_IN_FORCE, flags.tif ?? (isMarket ? "ioc" : "gtc"), "time in force"),
    price: isMarket ? 0 : parseDecimal(price, instrument.priceDecimals, "price"),
    quantity: parseDecimal(quantity, instrument.quantityDecimals, "quantity"),
  };
}

function addOrder(program: Command): void {
  const command = program
    .command("order")
    .description("place an order; without a price it is a market order")
    .argument("<account>")
    .argument("<side>", "buy or sell")
    .argument("<symbol>")
    .argument("<quantity>")
    .option("--price <price>", "the limit")
    .option("--tif <time>", "time in force: gtc or ioc")
    .option("--id <text>", "the client order id: the same again makes no second order");
  withConnection(command).action(
    (account: string, side: string, symbol: string, quantity: string, flags: OrderFlags) =>
      withClient(flags, async (client) => {
        const instrument = await instrumentOf(client, symbol);
        const order = newOrder(instrument, [account, side, quantity], flags);
        const result = checked(
          await client.placeOrder(order).catch(async (error: unknown) => {
            if (!(error instanceof ExchangeError) || error.kind !== "unknown") throw error;
            throw new CliError(
              "OUTCOME_UNKNOWN",
              `no answer came; ask with: palisade get ${account} --id ${order.clientOrderId}`,
            );
          }),
        );
        if (flags.json) return printJson({ ...result, clientOrderId: order.clientOrderId });
        print(
          `order ${result.orderId} (${order.clientOrderId}) is accepted` +
            `${result.repeated ? ", as before" : ""}; token ${result.token}, ` +
            `account sequence ${result.sequence}`,
        );
      }),
  );
}

interface NameFlags extends ConnectFlags {
  readonly id?: string;
}

function nameOf(account: string, order: string | undefined, flags: NameFlags): OrderName {
  if ((order === undefined) === (flags.id === undefined)) {
    throw new CliError("ORDER_NOT_NAMED", "name the order by its number or by --id, not both");
  }
  return {
    account: parseAccount(account),
    ...(order !== undefined && {
      orderId: parseWhole(order, 1, Number.MAX_SAFE_INTEGER, "order id"),
    }),
    ...(flags.id !== undefined && { clientOrderId: flags.id }),
  };
}

function withName(command: Command): Command {
  return withConnection(
    command
      .argument("<account>")
      .argument("[order]", "the order's number")
      .option("--id <text>", "the client order id"),
  );
}

function addCancel(program: Command): void {
  const command = program.command("cancel").description("cancel an order");
  withName(command).action((account: string, order: string | undefined, flags: NameFlags) =>
    withClient(flags, async (client) => {
      const result = checked(await client.cancelOrder(nameOf(account, order, flags)));
      if (flags.json) return printJson(result);
      print(`the cancel of order ${result.orderId} is on its way to the market`);
    }),
  );
}

function statusText(order: Order): string {
  const entry = Object.entries(OrderStatus).find(([, value]) => value === order.status);
  return (entry?.[0] ?? "").replace("ORDER_STATUS_", "").toLowerCase().replaceAll("_", " ");
}

function describe(order: Order, instrument: Instrument): string {
  const quantity = (units: number) => formatDecimal(units, instrument.quantityDecimals);
  const side = order.side === Side.SIDE_BUY ? "buy" : "sell";
  const price = formatDecimal(order.price, instrument.priceDecimals);
  const code = order.code === "OK" ? "" : ` (${order.code})`;
  return (
    `order ${order.orderId} (${order.clientOrderId}): ${side} ${quantity(order.quantity)} ` +
    `${order.symbol} at ${price}, ${statusText(order)}${code}; ` +
    `filled ${quantity(order.filled)}, open ${quantity(order.leaves)}`
  );
}

function addGet(program: Command): void {
  const command = program.command("get").description("show an order with its fills");
  withName(command).action((account: string, order: string | undefined, flags: NameFlags) =>
    withClient(flags, async (client) => {
      const answer = await client.getOrder(nameOf(account, order, flags));
      if (flags.json) return printJson(answer);
      const instrument = await instrumentOf(client, answer.order!.symbol);
      print(describe(answer.order!, instrument));
      for (const fill of answer.fills) {
        const role = fill.liquidity === Liquidity.LIQUIDITY_MAKER ? "maker" : "taker";
        const quantity = formatDecimal(fill.quantity, instrument.quantityDecimals);
        const price = formatDecimal(fill.price, instrument.priceDecimals);
        print(`  trade ${fill.tradeId}: ${quantity} at ${price} as ${role}`);
      }
    }),
  );
}

export function addOrderCommands(program: Command): void {
  addOrder(program);
  addCancel(program);
  addGet(program);
}
