/** Each node in turn is stopped in good order and started again, while every actor has something to do all the time. */
import type { ExchangeProcess } from "../../services/supervisor/child.js";
import type { Scene } from "../scene.js";
import type { Drill } from "./drill.js";
import { databaseTime, handOvers } from "./gaps.js";
import type { Beat } from "./metronome.js";
import { ledBy, settledLeaders, untilTakenOver } from "./victims.js";

/** For all symbols together, from all shards alike. */
const DENSE_ORDERS_PER_SECOND = 200;
const TAKE_OVER_LIMIT_MS = 30_000;

export const ROLLING_RESTART: Drill = {
  name: "rolling-restart",
  about: "each node in turn is stopped in good order and started again, under dense orders for all",
  surroundings: { symbols: 3, ledgerShards: 3, ordersPerSecond: 50 },
  async round({ scene, metronome }) {
    const { exchange } = scene;
    await settledLeaders(exchange);
    const since = await databaseTime(scene);
    metronome.play(beatsOf(scene), DENSE_ORDERS_PER_SECOND);
    const failures: string[] = [];
    try {
      for (const node of exchange.nodes) failures.push(...(await restart(scene, node)));
      await settledLeaders(exchange);
    } finally {
      metronome.rest();
    }
    const changes = await handOvers(scene, since);
    if (changes.length === 0) failures.push("no actor has changed its node");
    const longest = changes.reduce((a, b) => (b.gapMs > a.gapMs ? b : a), changes[0]!);
    return {
      failures,
      staleCommits: 0,
      fencedCommits: 0,
      samples: { gap: changes.map(({ gapMs }) => gapMs) },
      summary:
        `${changes.length} times an actor changed its node; the longest, ${longest.actor} ` +
        `(token ${longest.fromToken} to ${longest.toToken}), stood still for ${Math.round(longest.gapMs)} ms`,
    };
  },
};

/** Every symbol from every shard, so that each actor has as much to do as any other. */
function beatsOf(scene: Scene): Beat[] {
  const { symbols, ledgerShards } = scene;
  return Array.from({ length: ledgerShards }, (_, turn) =>
    symbols.map((symbol, at) => ({ symbol, shard: 1 + ((turn + at) % ledgerShards) })),
  ).flat();
}

/** Gives why it was no restart in good order, if it was none. */
async function restart(scene: Scene, node: ExchangeProcess): Promise<string[]> {
  const { exchange } = scene;
  const failures: string[] = [];
  const led = ledBy(node, await exchange.leaders());
  await node.stop();
  const { code, signal } = await node.exited;
  if (code !== 0) failures.push(`${node.name} ended with ${signal ?? `code ${code}`}`);
  const left = await untilTakenOver(exchange, led, TAKE_OVER_LIMIT_MS);
  if (left > 0) failures.push(`${left} actors of ${node.name} have no higher token`);
  await node.restart();
  await settledLeaders(exchange);
  return failures;
}
