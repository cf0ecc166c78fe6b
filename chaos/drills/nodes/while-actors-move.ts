/** What planned moves have in common, whatever they are for: how long actors stood still, while all had something to do. */
import { setTimeout as sleep } from "node:timers/promises";
import type { Scene } from "../../scene.js";
import { databaseTime, type HandOver, handOvers, tellStill } from "../../stage/gaps.js";
import type { Beat } from "../../stage/metronome.js";
import { settledLeaders, type Victim } from "../../stage/victims.js";
import { type Bound, NO_FAILURE, type Round, type Stage } from "../drill.js";

/** For all these actors together, for each as many: the time between two orders of an actor is in its gap. */
const DENSE_ORDERS_PER_SECOND = 200;
/** Something has to be applied before the first change and after the last, or it is in no batch, and the change is not counted. */
const AROUND_MS = 500;

export const UNNOTICED: Bound = { of: "gap", ms: 50 };

/**
 * Does something by which actors change their nodes; it gives why it was not what it should be. `what`: what it does. `led`: the symbols and
 * shards that the orders are for, where it is known which will move.
 */
export async function whileActorsMove(
  { scene, metronome, timeline }: Stage,
  what: string,
  work: () => Promise<readonly string[]>,
  led: Pick<Victim, "symbols" | "shards"> = allOf(scene),
): Promise<Round> {
  await settledLeaders(scene.exchange);
  const since = await databaseTime(scene);
  metronome.play(beatsOf(led), DENSE_ORDERS_PER_SECOND);
  try {
    await sleep(AROUND_MS);
    timeline.add("struck", what);
    const failures = await work();
    const provedAtMs = performance.now();
    await settledLeaders(scene.exchange);
    await sleep(AROUND_MS);
    const changes = await handOvers(scene, since);
    const longest = longestOf(changes);
    if (longest) tellStill(timeline, longest);
    const round = roundOf(failures, changes);
    timeline.add("bitten", round.failures.join("; "), provedAtMs);
    return round;
  } finally {
    metronome.stop();
  }
}

function allOf({ symbols, ledgerShards }: Scene): Pick<Victim, "symbols" | "shards"> {
  return { symbols, shards: Array.from({ length: ledgerShards }, (_, at) => at + 1) };
}

/** Each of the symbols from every one of the shards, so that each of these actors has as much to do as any other of its kind. */
function beatsOf({ symbols, shards }: Pick<Victim, "symbols" | "shards">): Beat[] {
  return shards.flatMap((_, turn) =>
    symbols.map((symbol, at) => ({ symbol, shard: shards[(turn + at) % shards.length]! })),
  );
}

function longestOf(changes: readonly HandOver[]): HandOver | undefined {
  return changes.toSorted((a, b) => b.gapMs - a.gapMs)[0];
}

function roundOf(failures: readonly string[], changes: readonly HandOver[]): Round {
  const round = { ...NO_FAILURE, samples: { gap: changes.map(({ gapMs }) => gapMs) } };
  const longest = longestOf(changes);
  if (!longest) {
    const summary = "no actor has changed its node";
    return { ...round, failures: [...failures, summary], summary };
  }
  return {
    ...round,
    failures,
    summary:
      `${changes.length} times an actor changed its node; the longest, ${longest.actor} ` +
      `(token ${longest.fromToken} to ${longest.toToken}), stood still for ${Math.round(longest.gapMs)} ms`,
  };
}
