/** The process that gives market data to WebSocket clients. */
import { connectNats, NatsBus } from "../adapters/nats/index.js";
import { openReads } from "../adapters/instances/open.js";
import { SystemClock } from "../common/clock.js";
import { configOrExit } from "../common/config.js";
import { firstAnswerOf } from "../common/first-answer.js";
import { startHttp } from "../common/http.js";
import { createLog } from "../common/log.js";
import { collectProcessMetrics } from "../common/metrics.js";
import { watchParent } from "../common/parent.js";
import { type QueuesOf, type QueueStates, showQueues } from "../common/queues.js";
import { installShutdown } from "../common/shutdown.js";
import { FeedBridge } from "./bridge.js";

const config = configOrExit();
const logger = createLog("feed", { feed: config.node });
collectProcessMetrics();

const ask = firstAnswerOf(config, logger);
const reads = await ask("PostgreSQL", (url) => openReads(url, config.node));
const connection = await ask("NATS", (url) => connectNats(url, config.node));
const bridge = await FeedBridge.start({
  bus: new NatsBus(connection),
  reads,
  clock: new SystemClock(),
  logger,
  port: config.wsPort,
});
showQueues((): QueueStates<QueuesOf<"feed">> => {
  return { ...bridge.queues(), "feed-reads": { length: reads.waiting } };
});
const http = await startHttp({ port: config.httpPort, ready: () => bridge.readiness() });

const shutdown = installShutdown({
  log: logger,
  drain: async () => {
    await bridge.close();
    await connection.drain();
    await reads.close();
    await http.close();
  },
});
watchParent(() => void shutdown("the supervisor is gone"));

const ready = { ready: true, kind: "feed", ws: bridge.port, http: http.port };
process.stdout.write(`${JSON.stringify(ready)}\n`);
