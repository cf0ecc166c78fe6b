/** What a command about an order is answered with, for people: also how the order stands that it is about. */
import {
  type CommandResult,
  type Order,
  OrderStatus,
} from "../../proto/gen/exchange/v1/exchange.js";
import type { ExchangeClient, OrderName } from "../client/exchange-client.js";
import type { Common } from "./accounts.js";
import { instrumentOf } from "./connect.js";
import { EXIT_FAILED } from "./exit-codes.js";
import { standingOf } from "./order-words.js";
import { printJson } from "./output.js";

interface Found {
  readonly order: Order;
  readonly standing: string;
}

interface Asked {
  readonly account: number;
  readonly clientOrderId: string;
}

/** `isOld`: the answer is that of an order which was sent before under this id, and not by this command. */
export async function sayPlaced(
  client: ExchangeClient,
  asked: Asked,
  result: CommandResult,
  isOld: boolean,
  { json }: Common,
): Promise<number> {
  const { account, clientOrderId } = asked;
  const isShown = isOld || (result.code === "OK" && !json);
  const found = isShown ? await lookUp(client, asked) : null;
  const earlier = isOld && found ? { order: found.order } : {};
  const said = { ...result, clientOrderId, ...earlier };
  const isHeld = found !== null && found.order.reviewUntil > 0;
  const accepted = isHeld ? "accepted, and held for review, as" : "accepted as";
  const was = result.repeated ? "was accepted before as" : accepted;
  const later = `npx palisade get ${account} ${clientOrderId} says what becomes of it`;
  const old = isOld ? `\nnothing new was placed; the order of this id is: ${standing(found)}` : "";
  return say(said, `${was} ${clientOrderId}; ${later}${old}`, { json, old });
}

/** What is held for review has ended by now; what a market has, only the market ends. */
export async function sayCancelled(
  client: ExchangeClient,
  asked: Asked,
  result: CommandResult,
  { json }: Common,
): Promise<number> {
  const found = result.code === "OK" && !json ? await lookUp(client, asked) : null;
  const isDone = found?.order.status === OrderStatus.ORDER_STATUS_CANCELLED;
  return say(result, isDone ? "cancelled" : passedOn(asked), { json });
}

export function passedOn({ account, clientOrderId }: Asked): string {
  return `passed on to the market; npx palisade get ${account} ${clientOrderId} says what becomes of it`;
}

/** `old`: what is added to an answer that is not new. */
export function say(
  result: CommandResult,
  whenOk: string,
  { json, old = "" }: { readonly json?: boolean | undefined; readonly old?: string },
): number {
  const isOk = result.code === "OK";
  const text = isOk ? whenOk : `${result.code}: ${result.message}${old}`;
  if (json) printJson(result);
  else process.stdout.write(`${text}\n`);
  return isOk ? 0 : EXIT_FAILED;
}

const standing = (found: Found | null): string => found?.standing ?? "not to be seen now";

/** An order as it stands; null where it cannot be seen now, which changes nothing of what was answered. */
async function lookUp(client: ExchangeClient, name: OrderName): Promise<Found | null> {
  try {
    const order = (await client.getOrder(name)).order!;
    return { order, standing: standingOf(order, await instrumentOf(client, order.symbol)) };
  } catch {
    return null;
  }
}
