/** A pair from the command line: a limit order and a stop, one of which cancels the other. */
import { CLIENT_ORDER_ID_LENGTH_MAX } from "../../actors/kernel/limits.js";
import { type CommandResult, OrderType } from "../../proto/gen/exchange/v1/exchange.js";
import { CliError } from "./cli-error.js";
import { instrumentOf, withClient } from "./connect.js";
import { parseDecimal } from "./decimal.js";
import { accountOf, type Common, freshId } from "./accounts.js";
import { EXIT_FAILED } from "./exit-codes.js";
import type { OrderWords } from "./orders.js";
import { printJson } from "./output.js";
import { untilAnswered } from "./try-again.js";
import { sideOf } from "./words.js";

export interface PairOptions extends Common {
  readonly id?: string;
  readonly limit: string;
  readonly stop: string;
  readonly stopLimit?: string;
}

/** The orders in words, by the number that a result names them with; 0: both. */
const LEGS = ["the pair", "the limit order", "the stop"];

const SUFFIX_LENGTH = "-limit".length;

export function pair(words: Omit<OrderWords, "price">, options: PairOptions): Promise<number> {
  const side = sideOf(words.side);
  const id = options.id ?? freshId();
  if (id === "" || id.length > CLIENT_ORDER_ID_LENGTH_MAX - SUFFIX_LENGTH) {
    const most = CLIENT_ORDER_ID_LENGTH_MAX - SUFFIX_LENGTH;
    throw new CliError("CLIENT_ORDER_ID_INVALID", `the id of a pair has 1 to ${most} characters`);
  }
  return withClient(options, async (client) => {
    const { priceDecimals, quantityDecimals } = await instrumentOf(client, words.symbol);
    const price = (text: string, what: string) => parseDecimal(text, priceDecimals, what);
    const common = {
      account: accountOf(words.account),
      symbol: words.symbol,
      side,
      quantity: parseDecimal(words.quantity, quantityDecimals, "quantity"),
    };
    const limit = {
      ...common,
      clientOrderId: `${id}-limit`,
      type: OrderType.ORDER_TYPE_LIMIT,
      price: price(options.limit, "limit"),
    };
    const { stopLimit } = options;
    const stop = {
      ...common,
      clientOrderId: `${id}-stop`,
      type: stopLimit === undefined ? OrderType.ORDER_TYPE_STOP : OrderType.ORDER_TYPE_STOP_LIMIT,
      stopPrice: price(options.stop, "stop price"),
      price: stopLimit === undefined ? 0 : price(stopLimit, "stop limit"),
    };
    // The same ids again are the same pair, so it may be sent until somebody leads and answers.
    const place = () => client.placePair(limit, stop);
    const { result } = await untilAnswered("--id", id, place);
    return say(result, `${limit.clientOrderId} and ${stop.clientOrderId}`, options);
  });
}

function say(result: CommandResult, ids: string, { json }: Common): number {
  const { code, message, leg, repeated } = result;
  const isOk = code === "OK";
  const accepted = `${repeated ? "was accepted before as" : "accepted as"} ${ids}`;
  if (json) printJson(result);
  else process.stdout.write(`${isOk ? accepted : `${code}: ${LEGS[leg]}: ${message}`}\n`);
  return isOk ? 0 : EXIT_FAILED;
}
