/** A node as a process, whatever ports it stands on: it answers over HTTP, and ends in good order when it is asked to. */
import type { Logger } from "pino";
import type { Config } from "../common/config.js";
import { startHttp } from "../common/http.js";
import { createLog } from "../common/log.js";
import { beforeScrape, collectProcessMetrics } from "../common/metrics.js";
import { watchParent } from "../common/parent.js";
import { showQueues } from "../common/queues.js";
import { installShutdown } from "../common/shutdown.js";
import { CommitTurns } from "../host/commit-turns.js";
import { Directory } from "../host/directory.js";
import { sleep } from "../ports/clock.js";
import { sayInterrupted } from "./interrupted.js";
import { Node } from "./node.js";
import { MetricsObserver } from "./observer.js";
import type { NodePorts } from "./ports.js";

/** A node that joins late helps nobody: connections that take longer than this go on being opened while it works. */
const CONNECTIONS_OPEN_MS_MAX = 1_000;
/** One that has not joined after so long says what it may be waiting for. */
const JOINS_MS_USUAL = 2_000;
const NOT_JOINED =
  "not joined yet: etcd does not answer, or this name (PALISADE_NODE) is another process's; that of an earlier life runs out by itself";

/** Resolves when the node has joined the others, or was told to end before. */
export async function runNode(config: Config, ports: NodePorts): Promise<void> {
  const logger = createLog("node", { node: config.node });
  collectProcessMetrics();
  const observer = new MetricsObserver();
  const directory = new Directory({ ...ports, logger, observer });
  const turns = new CommitTurns(ports.clock, ports.store);
  const deps = { ...ports, node: config.node, directory, turns, logger, observer };
  const node = new Node(deps, { weight: config.weight });
  beforeScrape(() => observer.measure(node));
  showQueues(() => node.queues(config.inboxMib));
  const http = await startHttp({
    port: config.httpPort,
    ready: () => {
      const reasons = node.notReady();
      return { ok: reasons.length === 0, reasons };
    },
    extra: {
      "/leading": () => node.leading(),
      "/away": () => node.away(),
      "/backlogs": () => node.backlogs(),
      "/standbys": () => node.standbys(),
      "/trials": () => node.trials(),
      "/stopped": () => node.stopped(),
    },
  });
  let isEnding = false;
  const shutdown = installShutdown({
    log: logger,
    drain: async () => {
      isEnding = true;
      await node.close();
      directory.close();
      await ports.close();
      await http.close();
    },
  });
  watchParent(() => void shutdown("the supervisor is gone"));
  const notYet = setTimeout(() => logger.warn({}, NOT_JOINED), JOINS_MS_USUAL);
  try {
    await warmUp(ports, logger);
    await node.start();
  } catch (error) {
    // Who is told to end while it starts loses what it starts with.
    if (!isEnding) throw error;
    return sayInterrupted(logger, error);
  } finally {
    clearTimeout(notYet);
  }
  process.stdout.write(`${JSON.stringify({ ready: true, kind: "node", http: http.port })}\n`);
}

async function warmUp({ store, clock }: NodePorts, logger: Logger): Promise<void> {
  const warm = store.warmUp?.().catch((error: unknown) => {
    logger.warn({ error: String(error) }, "a leader's connections are opened when they are needed");
  });
  await Promise.race([warm, sleep(clock, CONNECTIONS_OPEN_MS_MAX)]);
}
