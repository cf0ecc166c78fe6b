/** Many markets on few nodes, of which one is killed: how long until the others lead everything that it led. */
import { setTimeout as sleep } from "node:timers/promises";
import { leadingOf } from "../../chaos/ask-node.js";
import { ledBy, settledLeaders } from "../../chaos/stage/victims.js";
import { Scene } from "../../chaos/scene.js";

const NODES = 3;
const LEDGER_SHARDS = 4;
/** So that a thousand inboxes find room on NATS's disk. */
const INBOX_MIB = 4;
const POLL_MS = 20;
const BACK_LIMIT_MS = 120_000;

export interface CrowdReport {
  readonly markets: number;
  readonly nodes: number;
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
    const leaders = await settledLeaders(exchange);
    const led = exchange.nodes.map((node) => ledBy(node, leaders));
    const victim = led.reduce((a, b) => (b.tokens.size > a.tokens.size ? b : a));
    const others = exchange.nodes.filter(({ name }) => name !== victim.process.name);
    const struckAtMs = performance.now();
    victim.process.kill();
    const report = { markets, nodes: NODES, actorsPerNode: victim.tokens.size };
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
    log(`the logs are kept in ${scene.keepLogs()}`);
    throw error;
  } finally {
    await scene.stop();
  }
}
