/**
 * A market with a large book, made without an exchange: the market's actor itself takes the orders, and what it says is
 * committed as a leader commits it, in batches, so that the rows, the batch log and the hash are what they would be.
 *
 * The orders come from a ledger shard that the exchange does not have, and stand away from the middle of the book: nobody
 * trades with them, and no shard has to know them.
 */
import { encodeFrame } from "../../actors/kernel/frame.js";
import {
  FIRST_MARKET_ID,
  LEDGER_SHARDS_MAX,
  marketName,
  orderIdOf,
} from "../../actors/kernel/ids.js";
import { FRAME_COMMANDS_MAX } from "../../actors/kernel/limits.js";
import { Side, TimeInForce } from "../../actors/kernel/order.js";
import { decodeFrame } from "../../actors/kernel/frame.js";
import type { Market } from "../../actors/market/market.js";
import { encodeMarketCommand, plainOrder } from "../../actors/market/messages.js";
import { PostgresStore } from "../../services/adapters/postgres/store.js";
import { OpenBatch } from "../../services/host/open-batch.js";
import { rebuild } from "../../services/host/recovery.js";
import type { ActorRecord, Batch } from "../../services/ports/store.js";

const FRAMES_PER_BATCH = 5;
const SOURCE_TOKEN = 1;
const ACCOUNT = 900_000_000;
/** Prices on each side; the nearest is so far from the middle. */
const LEVELS = 1_000;
const NEAREST_TICKS = 100;
const HOLDER = { node: "bench", incarnation: "bench#1" };

/** Adds resting orders to a symbol's book, half on each side. Nobody may lead the market meanwhile. */
export async function fillBook(
  postgresUrl: string,
  symbol: string,
  middle: number,
  orders: number,
): Promise<void> {
  const store = new PostgresStore(postgresUrl, HOLDER.incarnation);
  try {
    const name = marketName(symbol);
    const found = (await store.actors(FIRST_MARKET_ID - 1)).find((each) => each.name === name);
    if (!found) throw new Error(`there is no ${name}`);
    const raised = await store.raise(found.id, found.token, HOLDER, 0);
    if (!raised) throw new Error(`somebody leads ${name}`);
    const { record, actor } = await rebuild(store, found.id);
    let last = record;
    for (let first = 1; first <= orders; first += FRAMES_PER_BATCH * FRAME_COMMANDS_MAX) {
      const end = Math.min(orders, first + FRAMES_PER_BATCH * FRAME_COMMANDS_MAX - 1);
      const batch = batchOf(actor as Market, last, { first, end, middle }, await store.now());
      await store.commit(batch);
      last = { ...last, batch: batch.number, eventBatch: batch.eventBatch, time: batch.time };
    }
  } finally {
    await store.close();
  }
}

function batchOf(
  market: Market,
  last: ActorRecord,
  { first, end, middle }: { readonly first: number; readonly end: number; readonly middle: number },
  now: number,
): Batch {
  const time = Math.max(now, last.time);
  const open = new OpenBatch(market, time);
  for (let at = first; at <= end; at += FRAME_COMMANDS_MAX) {
    const commands: Uint8Array[] = [];
    for (let n = at; n <= Math.min(end, at + FRAME_COMMANDS_MAX - 1); n++) {
      commands.push(orderOf(n, middle));
    }
    const frame = decodeFrame(encodeFrame(LEDGER_SHARDS_MAX, at, commands));
    open.apply({ ...frame, token: SOURCE_TOKEN }, 0);
  }
  const number = last.batch + 1;
  const effects = market.takeEffects();
  return {
    actor: last,
    number,
    token: last.token,
    anchor: last.anchor,
    streamCreated: last.streamCreated,
    positionBefore: last.position,
    positionAfter: last.position,
    positionStored: last.positionStored,
    time,
    hash: market.stateHash(),
    commands: open.takeLog(),
    eventBatch: effects.events || effects.replies ? number : last.eventBatch,
    effects,
    links: market.links.takeTouched(),
    // The answers are for a shard that is not there.
    outbox: [],
    confirmed: [],
  };
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
