/** The process that clients talk to. */
import { connectNats, NatsBus, NatsLog } from "../adapters/nats/index.js";
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
import { Gateway } from "./gateway.js";
import { TierLimits } from "./tier-limits.js";

const EXIT_DEPOSED = 1;

const config = configOrExit();
const logger = createLog("gateway", { node: config.node, slot: config.slot });
const clock = new SystemClock();
collectProcessMetrics();

const ask = firstAnswerOf(config, logger);
// Clients may be waiting for this start, so nothing waits for another thing that it does not need.
const [reads, connection] = await Promise.all([
  ask("PostgreSQL", (url) => openReads(url, config.node)),
  ask("NATS", (url) => connectNats(url, config.node)),
]);
const log = await ask("NATS", () => NatsLog.open(connection, clock));
const gateway = await Gateway.start(
  {
    reads,
    log,
    bus: new NatsBus(connection),
    clock,
    logger,
  },
  {
    slot: config.slot,
    name: config.node,
    grpcPort: config.grpcPort,
    tierLimits: new TierLimits(config.tierLimits),
    onDeposed: (reason) => {
      logger.fatal({ reason }, "this gateway is deposed");
      void shutdown(reason, EXIT_DEPOSED);
    },
  },
);

showQueues((): QueueStates<QueuesOf<"gateway">> => {
  return { ...gateway.queues(), "gateway-reads": { length: reads.waiting } };
});
const http = await startHttp({
  port: config.httpPort,
  ready: () => {
    const reasons = gateway.notReady();
    return { ok: reasons.length === 0, reasons };
  },
});

const shutdown = installShutdown({
  log: logger,
  drain: async () => {
    await gateway.close();
    await connection.drain();
    await reads.close();
    await http.close();
  },
});
watchParent(() => void shutdown("the supervisor is gone"));

logger.info(
  { token: gateway.slot.token, port: gateway.port },
  "there is no authentication yet: this gateway listens on loopback only",
);
const ready = { ready: true, kind: "gateway", grpc: gateway.port, http: http.port };
process.stdout.write(`${JSON.stringify(ready)}\n`);
