/**
 * Messages per second of the bare market actor on cancel-heavy flow, with everything it produces: answers, events,
 * rows and the state's hash. Run it after `tsc`: `node dist/test/bench/matching.js [messages]`.
 */
import { encodeMarketCommand } from "../../actors/market/messages.js";
import { Market } from "../../actors/market/market.js";
import type { Envelope } from "../../actors/kernel/actor.js";
import { shardOfOrder } from "../../actors/kernel/ids.js";
import { cancelHeavyFlow } from "../helpers/orderflow.js";
import { list, MARKET_ID } from "../helpers/market.js";

const BATCH_COMMANDS = 500;
const NANOSECONDS_PER_SECOND = 1e9;

function envelopes(messages: number, standing: number): Envelope[] {
  const flow = { seed: 1, commands: messages, shards: 2, mid: 100_000, spread: 200, standing };
  return Array.from(cancelHeavyFlow(flow), (command, at) => {
    const source = shardOfOrder(command.orderId);
    return { source, token: 1, number: at + 1, payload: encodeMarketCommand(command) };
  });
}

function run(commands: readonly Envelope[], standing: number): void {
  const market = Market.create(MARKET_ID);
  list(market, 2, { referencePrice: 100_000 });
  market.takeEffects();
  const started = process.hrtime.bigint();
  for (let at = 0; at < commands.length; at++) {
    market.apply(commands[at]!);
    if (at % BATCH_COMMANDS === BATCH_COMMANDS - 1) {
      market.takeEffects();
      market.stateHash();
    }
  }
  const seconds = Number(process.hrtime.bigint() - started) / NANOSECONDS_PER_SECOND;
  const { bids, asks } = market.depth();
  const result = {
    standing,
    messages: commands.length,
    messagesPerSecond: Math.round(commands.length / seconds),
    trades: market.tradesExecuted,
    resting: bids + asks,
  };
  console.log(JSON.stringify(result));
}

const messages = Number(process.argv[2] ?? 500_000);
for (const standing of [1_000, 30_000]) {
  const commands = envelopes(messages, standing);
  // The first run warms the compiler up.
  run(commands, standing);
  run(commands, standing);
}
