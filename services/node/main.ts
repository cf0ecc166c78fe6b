/** The process that hosts actors. */
import { MetricsObserver } from "./observer.js";
import { Node } from "./node.js";
import { EtcdLeaseStore } from "../adapters/etcd/etcd-lease-store.js";
import { connectNats, NatsBus, NatsLog } from "../adapters/nats/index.js";
import { PostgresStore } from "../adapters/postgres/store.js";
import { SystemClock } from "../common/clock.js";
import { loadConfig } from "../common/config.js";
import { startHttp } from "../common/http.js";
import { createLog } from "../common/log.js";
import { collectProcessMetrics } from "../common/metrics.js";
import { watchParent } from "../common/parent.js";
import { installShutdown } from "../common/shutdown.js";
import { Directory } from "../host/directory.js";
