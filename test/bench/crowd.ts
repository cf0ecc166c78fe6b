/** Many markets on few nodes, with nothing to do: what that costs; then one node is killed: how long until the others lead everything that it led. */
import { setTimeout as sleep } from "node:timers/promises";
import { leadingOf } from "../../chaos/ask-node.js";
import { ledBy, settledLeaders } from "../../chaos/stage/victims.js";
import { Scene } from "../../chaos/scene.js";
import type { Exchange } from "../../services/supervisor/exchange.js";
import { coresBetween, lookAtCpu } from "./cpu.js";
import { thousandths } from "./rounding.js";

const NODES = 3;
const LEDGER_SHARDS = 4;
/** So that a thousand inboxes find room on NATS's disk. */
const INBOX_MIB = 4;
/** What building standbys has left behind is over by then. */
const REST_MS = 10_000;
const POLL_MS = 20;
const BACK_LIMIT_MS = 120_000;

export interface CrowdReport {
  readonly markets: number;
  readonly nodes: number;
  /** Parts of a core that the processes of each kind use together while nobody trades. */
  readonly idleCores: Readonly<Record<string, number>>;
  /** What the killed node led, ledger shards too. */
  readonly actorsPerNode: number;
  /** From the kill until the first, half, and all of these are led by others. */
  readonly firstBackMs: number;
  readonly halfBackMs: number;
  readonly allBackMs: number;
}

/** Throws when something is not led again in time. */
export async function measureCrowd(
  markets: number,
  idleMs: number,
  log: (line: string) => void,
): Promise<CrowdReport> {
  const env = { PALISADE_INBOX_MIB: String(INBOX_MIB) };
  const scene = await Scene.start({
    nodes: NODES,
    ledgerShards: LEDGER_SHARDS,
    symbols: markets,
    env,
    log,
  });
  try {
    const { exchange } = scene;
    await settledLeaders(exchange);
    log(`measuring ${idleMs} ms in which nobody trades`);
    const idleCores = await measureIdle(exchange, idleMs);
    const leaders = await settledLeaders(exchange);
    const led = exchange.nodes.map((node) => ledBy(node, leaders));
    const victim = led.reduce((a, b) => (b.tokens.size > a.tokens.size ? b : a));
    const others = exchange.nodes.filter(({ name }) => name !== victim.process.name);
    const struckAtMs = performance.now();
    victim.process.kill();
    const report = { markets, nodes: NODES, idleCores, actorsPerNode: victim.tokens.size };
    const missing = new Map(victim.tokens);
    const backMs: number[] = [];
    while (missing.size > 0) {
      const answers = await Promise.all(others.map((node) => leadingOf(node)));
      const atMs = performance.now() - struckAtMs;
      for (const [name, token] of answers.flatMap((leading) => Object.entries(leading))) {
        if (token <= (missing.get(name) ?? Infinity)) continue;
        missing.delete(name);
        backMs.push(atMs);
      }
      if (atMs > BACK_LIMIT_MS) {
        throw new Error(`BENCH_NOT_BACK: after ${BACK_LIMIT_MS} ms nobody leads ${missing.size}`);
      }
      await sleep(POLL_MS);
    }
    const after = (part: number) => Math.round(backMs[Math.ceil(backMs.length * part) - 1] ?? 0);
    log(`${backMs.length} actors of ${victim.process.name} were back after ${after(1)} ms`);
    return { ...report, firstBackMs: after(0.001), halfBackMs: after(0.5), allBackMs: after(1) };
  } catch (error) {
    if (!scene.isEnding) log(`the logs are kept in ${scene.keepLogs()}`);
    throw error;
  } finally {
    await scene.stop();
  }
}

/** By kind of process, as node-1 and node-2 are of one. */
async function measureIdle(exchange: Exchange, idleMs: number): Promise<Record<string, number>> {
  await sleep(REST_MS);
  const before = lookAtCpu(exchange, new Map());
  await sleep(idleMs);
  const cores: Record<string, number> = {};
  for (const [name, busy] of coresBetween(before, lookAtCpu(exchange, new Map()))) {
    const kind = name.replace(/-\d+$/, "");
    cores[kind] = (cores[kind] ?? 0) + busy;
  }
  const parts = Object.entries(cores).map(([kind, part]) => [kind, thousandths(part)]);
  return Object.fromEntries(parts) as Record<string, number>;
}
