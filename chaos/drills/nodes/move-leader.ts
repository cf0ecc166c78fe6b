/**
 * A planned move: an operator wishes a market, then a ledger shard, over to another node while orders for both come in
 * densely, and the time is taken in which the actor applied nothing.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { ledgerName, marketName } from "../../../actors/kernel/ids.js";
import { moveKey } from "../../../actors/placement/wishes.js";
import type { Scene } from "../../scene.js";
import { type Drill, NO_FAILURE, type Round, type Stage } from "../drill.js";
import { HANDED_OVER } from "../../stage/claims.js";
import {
  databaseTime,
  type HandOver,
  handOvers,
  longestPause,
  tellStill,
} from "../../stage/gaps.js";
import { stateChanges } from "../../stage/host-log.js";
import { settledLeaders } from "../../stage/victims.js";

/** To one symbol, from accounts of one shard: an order every 5 ms for each of the two actors that move. */
const DENSE_ORDERS_PER_SECOND = 200;
/** How long the dense orders come before the move, to see what is usual without one. */
const USUAL_MS = 2_000;
const MOVE_LIMIT_MS = 30_000;
const POLL_MS = 25;

export const MOVE_LEADER: Drill = {
  name: "move-leader",
  hypothesis: "an operator moves an actor and nobody notices",
  about: "a market, then a ledger shard, wished over to another node, under dense orders for both",
  bound: { of: "gap", ms: 50 },
  surroundings: { ordersPerSecond: 50 },
  async round(stage, number) {
    const { scene, metronome } = stage;
    const symbol = scene.symbols[number % scene.symbols.length]!;
    const shard = 1 + (number % scene.ledgerShards);
    await settledLeaders(scene.exchange);
    metronome.play([{ symbol, shard }], DENSE_ORDERS_PER_SECOND);
    try {
      const market = await move(stage, marketName(symbol));
      const ledger = await move(stage, ledgerName(shard));
      const longest = ledger.gapMs > market.gapMs ? ledger : market;
      tellStill(stage.timeline, longest.handOver);
      return roundOf(market, ledger);
    } finally {
      metronome.stop();
    }
  },
};

interface Move {
  readonly actor: string;
  readonly failures: readonly string[];
  readonly handOver: HandOver;
  readonly gapMs: number;
  readonly usualMs: number;
  /** From the wish until the other node leads. */
  readonly wishMs: number;
}

function roundOf(market: Move, ledger: Move): Round {
  const ms = (value: number) => `${Math.round(value)} ms`;
  const said = ({ actor, gapMs, usualMs, wishMs }: Move) =>
    `${actor} stood still for ${ms(gapMs)} (without a move ${ms(usualMs)}), ${ms(wishMs)} after the wish`;
  return {
    ...NO_FAILURE,
    failures: [...market.failures, ...ledger.failures],
    samples: {
      gap: [market.gapMs, ledger.gapMs],
      marketGap: [market.gapMs],
      ledgerGap: [ledger.gapMs],
      usualPause: [market.usualMs, ledger.usualMs],
      wishToLead: [market.wishMs, ledger.wishMs],
    },
    summary: `${said(market)}; ${said(ledger)}`,
  };
}

async function move({ scene, timeline }: Stage, actor: string): Promise<Move> {
  const { exchange } = scene;
  const since = await databaseTime(scene);
  await sleep(USUAL_MS);
  const before = (await exchange.leaders()).get(actor)!;
  const names = exchange.nodes.map(({ name }) => name);
  const target = names[(names.indexOf(before.node) + 1) % names.length]!;
  const usualMs = await longestPause(scene, actor, since, await databaseTime(scene));
  const wishedAt = Date.now();
  timeline.add("struck", `${actor} is wished to ${target}`, performance.now(), actor);
  await scene.wish(moveKey(actor), target);
  const handOver = await untilMoved(scene, actor, before.token, since);
  const { gapMs, toToken } = handOver;
  const after = (await exchange.leaders()).get(actor)!;
  const changes = stateChanges(exchange.dataDir, new Set([actor]), wishedAt);
  const led = changes.find(({ to, token }) => to === "leading" && token === toToken);
  const claims = changes.filter(({ to }) => to === "claiming");
  const wasHandedOver = changes.some(
    ({ node, token, from, to }) =>
      node === before.node && token === before.token && from === "leading" && to === "draining",
  );
  const failures: string[] = [];
  if (after.node !== target) failures.push(`${actor} was wished to ${target}, ${after.node} leads`);
  if (toToken !== before.token + 1) {
    failures.push(`${actor} went from token ${before.token} to ${toToken} in one move`);
  }
  if (!wasHandedOver || claims.some(({ reason }) => reason !== HANDED_OVER)) {
    const why = claims.map(({ node, reason }) => `${node}: ${reason}`).join(", ");
    failures.push(`${before.node} did not hand ${actor} over by itself (${why})`);
  }
  timeline.add("bitten", failures.join("; "), performance.now(), actor);
  return {
    actor,
    failures,
    handOver,
    gapMs,
    usualMs,
    wishMs: (led?.timeMs ?? Date.now()) - wishedAt,
  };
}

/** Resolves when something was applied under a higher token. */
async function untilMoved(
  scene: Scene,
  actor: string,
  fromToken: number,
  since: number,
): Promise<HandOver> {
  const deadline = performance.now() + MOVE_LIMIT_MS;
  for (;;) {
    const all = await handOvers(scene, since);
    const found = all.find((each) => each.actor === actor && each.fromToken === fromToken);
    if (found) return found;
    if (performance.now() > deadline) {
      throw new Error(`DRILL_NOT_MOVED: ${actor} was not led elsewhere after ${MOVE_LIMIT_MS} ms`);
    }
    await sleep(POLL_MS);
  }
}
