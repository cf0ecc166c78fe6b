/** What a node stands on in production: PostgreSQL, NATS and etcd, as the settings say where they are. */
import { randomBytes } from "node:crypto";
import { EtcdLeaseStore, LEASE_NAMESPACE } from "../adapters/etcd/etcd-lease-store.js";
import { connectNats, NatsBus, NatsLog } from "../adapters/nats/index.js";
import { TcpPeers } from "../adapters/peers/tcp-peers.js";
import { openStore } from "../adapters/instances/open.js";
import type { Config } from "../common/config.js";
import { firstAnswerOf } from "../common/first-answer.js";
import { createLog } from "../common/log.js";
import type { NodeDependencies } from "./node.js";

const INCARNATION_BYTES = 4;

export interface NodePorts
  extends Pick<
    NodeDependencies,
    "clock" | "incarnation" | "exchange" | "store" | "log" | "bus" | "leases" | "peers"
  > {
  /** Ends the connections of which nobody else takes care. */
  close(): Promise<void>;
}

export async function openPorts(config: Config, clock: NodePorts["clock"]): Promise<NodePorts> {
  // Names this life of the process, so that its connections to PostgreSQL are not taken for a predecessor's.
  const incarnation = `${config.node}#${randomBytes(INCARNATION_BYTES).toString("hex")}`;
  const ask = firstAnswerOf(config, createLog("node", { node: config.node }));
  const { store, exchange } = await ask("PostgreSQL", (url) => openStore(url, incarnation));
  const connection = await ask("NATS", (url) => connectNats(url, config.node));
  const log = await ask("NATS", () => NatsLog.open(connection, clock, config.inboxMib));
  return {
    clock,
    incarnation,
    exchange,
    store,
    log,
    bus: new NatsBus(connection),
    leases: new EtcdLeaseStore(config.etcdUrl, {
      namespace: LEASE_NAMESPACE,
      ttlSeconds: config.leaseTtlSeconds,
      clock,
    }),
    peers: new TcpPeers({
      listen: config.peerListen,
      port: config.peerPort,
      host: config.peerHost,
    }),
    async close() {
      await connection.drain();
      await store.close();
    },
  };
}
