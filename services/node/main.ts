/** The process that hosts actors. */
import { randomBytes } from "node:crypto";
import { EtcdLeaseStore, LEASE_NAMESPACE } from "../adapters/etcd/etcd-lease-store.js";
import { connectNats, NatsBus, NatsLog } from "../adapters/nats/index.js";
import { TcpPeers } from "../adapters/peers/tcp-peers.js";
import { PostgresStore } from "../adapters/postgres/store.js";
import { SystemClock } from "../common/clock.js";
import { loadConfig } from "../common/config.js";
import { startHttp } from "../common/http.js";
import { createLog } from "../common/log.js";
import { beforeScrape, collectProcessMetrics } from "../common/metrics.js";
import { watchParent } from "../common/parent.js";
import { installShutdown } from "../common/shutdown.js";
import { Directory } from "../host/directory.js";
import { Node } from "./node.js";
import { MetricsObserver } from "./observer.js";

const INCARNATION_BYTES = 4;

const { values: config } = loadConfig();
const logger = createLog("node", { node: config.node });
const clock = new SystemClock();
collectProcessMetrics();

/** Names this life of the process, so that its connections to PostgreSQL are not taken for a predecessor's. */
const incarnation = `${config.node}#${randomBytes(INCARNATION_BYTES).toString("hex")}`;
const store = new PostgresStore(config.postgresUrl, incarnation);
const connection = await connectNats(config.natsUrl, config.node);
const bus = new NatsBus(connection);
const leases = new EtcdLeaseStore(config.etcdUrl, {
  namespace: LEASE_NAMESPACE,
  ttlSeconds: config.leaseTtlSeconds,
  clock,
});
const observer = new MetricsObserver();
const directory = new Directory({ bus, store, clock, logger, observer });
const node = new Node(
  {
    node: config.node,
    incarnation,
    peers: new TcpPeers(),
    store,
    log: await NatsLog.open(connection, clock, config.inboxMib),
    bus,
    leases,
    clock,
    directory,
    logger,
    observer,
  },
  { weight: config.weight },
);

beforeScrape(() => observer.measure(node));

const http = await startHttp({
  port: config.httpPort,
  ready: () => {
    const reasons = node.notReady();
    return { ok: reasons.length === 0, reasons };
  },
  extra: {
    "/leading": () => node.leading(),
    "/backlogs": () => node.backlogs(),
    "/standbys": () => node.standbys(),
    "/trials": () => node.trials(),
  },
});

const shutdown = installShutdown({
  log: logger,
  drain: async () => {
    await node.close();
    directory.close();
    await connection.drain();
    await store.close();
    await http.close();
  },
});
watchParent(() => void shutdown("the supervisor is gone"));

await node.start();
process.stdout.write(`${JSON.stringify({ ready: true, kind: "node", http: http.port })}\n`);
