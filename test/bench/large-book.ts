/**
 * A market with a large book whose leader is killed: without a standby (its rows are read), and with one. Clients measure
 * it: from the kill to the first fill on that market.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { marketName } from "../../actors/kernel/ids.js";
import { OFF, standbyKey } from "../../actors/placement/wishes.js";
import { warmOf } from "../../chaos/ask-node.js";
import { stateChanges } from "../../chaos/stage/host-log.js";
import { Probe } from "../../chaos/stage/probe.js";
import { settledLeaders } from "../../chaos/stage/victims.js";
import { Scene } from "../../chaos/scene.js";
import { fillBook } from "./big-book.js";

const NODES = 3;
const LEDGER_SHARDS = 2;
const MS_PER_SECOND = 1_000;
const POLL_MS = 100;
const STANDBY_LIMIT_MS = 120_000;
const HUNDREDTHS = 100;

/** The worst of all rounds, whatever was measured. */
export interface LargeBookReport {
  readonly restingOrders: number;
  readonly recoveryRounds: number;
  readonly coldRecovery1MSeconds: number;
  /** Of that, from the raised token until it led. */
  readonly coldLoad1MSeconds: number;
  readonly warmRecovery1MMs: number;
  readonly warmPromotion1MMs: number;
}

interface Recovery {
  /** From the kill to the first fill. */
  readonly fillMs: number;
  /** From the raised token to leading. */
  readonly recoverMs: number;
}

/** Throws when something is not led again in time. */
export async function measureLargeBook(
  restingOrders: number,
  rounds: number,
  log: (line: string) => void,
): Promise<LargeBookReport> {
  const scene = await Scene.start({ nodes: NODES, ledgerShards: LEDGER_SHARDS, symbols: 1, log });
  try {
    const [instrument] = scene.instruments;
    const { symbol, referencePrice } = instrument!;
    const { nodes, urls } = scene.exchange;
    await Promise.all(nodes.map((node) => node.stop()));
    log(`${restingOrders} orders rest in ${symbol}`);
    await fillBook(urls.postgres, symbol, referencePrice, restingOrders);
    await scene.wish(standbyKey(marketName(symbol)), OFF);
    await Promise.all(nodes.map((node) => node.restart()));
    const probe = await Probe.open(scene);
    try {
      const cold = await recoveries(scene, probe, symbol, rounds, false, log);
      await scene.wish(standbyKey(marketName(symbol)), null);
      const warm = await recoveries(scene, probe, symbol, rounds, true, log);
      return {
        restingOrders,
        recoveryRounds: rounds,
        coldRecovery1MSeconds: seconds(worst(cold, "fillMs")),
        coldLoad1MSeconds: seconds(worst(cold, "recoverMs")),
        warmRecovery1MMs: Math.round(worst(warm, "fillMs")),
        warmPromotion1MMs: Math.round(worst(warm, "recoverMs")),
      };
    } finally {
      probe.leave();
    }
  } catch (error) {
    log(`the logs are kept in ${scene.keepLogs()}`);
    throw error;
  } finally {
    await scene.stop();
  }
}

async function recoveries(
  scene: Scene,
  probe: Probe,
  symbol: string,
  rounds: number,
  isWarm: boolean,
  log: (line: string) => void,
): Promise<Recovery[]> {
  const found: Recovery[] = [];
  const { exchange } = scene;
  const actor = marketName(symbol);
  for (let round = 1; round <= rounds; round++) {
    await probe.untilResumed([symbol], performance.now());
    await untilStandbys(scene, actor, isWarm);
    const withoutStandby = new Set(isWarm ? [] : [actor]);
    const leader = (await settledLeaders(exchange, withoutStandby)).get(actor)!;
    const victim = exchange.process(leader.node);
    const struckAt = Date.now();
    const struckAtMs = performance.now();
    victim.kill();
    const { firstMs } = await probe.untilResumed([symbol], struckAtMs);
    const changes = stateChanges(exchange.dataDir, new Set([actor]), struckAt);
    const atOf = (state: string) => changes.find(({ to }) => to === state)?.timeMs ?? struckAt;
    const recoverMs = atOf("leading") - atOf("recovering");
    found.push({ fillMs: firstMs, recoverMs });
    log(
      `${isWarm ? "warm" : "cold"} ${round} of ${rounds}: first fill after ${Math.round(firstMs)} ms, ` +
        `${recoverMs} ms of them to recover`,
    );
    await victim.restart();
  }
  return found;
}

/** Until another node stands by for the actor, warm; or until none does. */
async function untilStandbys(scene: Scene, actor: string, isWanted: boolean): Promise<void> {
  const deadline = performance.now() + STANDBY_LIMIT_MS;
  for (;;) {
    const warm = await Promise.all(scene.exchange.nodes.map((node) => warmOf(node)));
    if (warm.some((names) => names.has(actor)) === isWanted) return;
    if (performance.now() > deadline) {
      const wanted = isWanted ? "no node stands by" : "a node still stands by";
      throw new Error(`BENCH_STANDBY: after ${STANDBY_LIMIT_MS} ms ${wanted} for ${actor}`);
    }
    await sleep(POLL_MS);
  }
}

function worst(recoveries: readonly Recovery[], what: keyof Recovery): number {
  return Math.max(...recoveries.map((each) => each[what]));
}

function seconds(ms: number): number {
  return Math.round((ms / MS_PER_SECOND) * HUNDREDTHS) / HUNDREDTHS;
}
