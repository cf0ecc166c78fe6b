/**
 * A market with a large book, made without an exchange (see `direct-leader.ts`).
 *
 * The orders come from a ledger shard that the exchange does not have, and stand away from the middle of the book: nobody
 * trades with them, and no shard has to know them.
 */
import { LEDGER_SHARDS_MAX, marketName, orderIdOf } from "../../actors/kernel/ids.js";
import { FRAME_COMMANDS_MAX } from "../../actors/kernel/limits.js";
import { Side, TimeInForce } from "../../actors/kernel/order.js";
import { encodeMarketCommand, plainOrder } from "../../actors/market/messages.js";
import { DirectLeader } from "./direct-leader.js";

const BATCH_ORDERS = 5 * FRAME_COMMANDS_MAX;
const ACCOUNT = 900_000_000;
/** Prices on each side; the nearest is so far from the middle. */
const LEVELS = 1_000;
const NEAREST_TICKS = 100;

/** Adds resting orders to a symbol's book, half on each side. Nobody may lead the market meanwhile. */
export async function fillBook(
  postgresUrl: string,
  symbol: string,
  middle: number,
  orders: number,
): Promise<void> {
  const leader = await DirectLeader.claim(postgresUrl, marketName(symbol));
  try {
    for (let first = 1; first <= orders; first += BATCH_ORDERS) {
      const count = Math.min(BATCH_ORDERS, orders + 1 - first);
      const commands = Array.from({ length: count }, (_, at) => orderOf(first + at, middle));
      await leader.commit(LEDGER_SHARDS_MAX, first, commands);
    }
  } finally {
    await leader.close();
  }
}

function orderOf(n: number, middle: number): Uint8Array {
  const away = NEAREST_TICKS + (Math.floor(n / 2) % LEVELS);
  const isBuy = n % 2 === 0;
  const order = plainOrder({
    orderId: orderIdOf(n, LEDGER_SHARDS_MAX),
    account: ACCOUNT,
    side: isBuy ? Side.Buy : Side.Sell,
    timeInForce: TimeInForce.GoodTillCancel,
    price: isBuy ? middle - away : middle + away,
    quantity: 1 + (n % 100),
  });
  return encodeMarketCommand(order);
}
