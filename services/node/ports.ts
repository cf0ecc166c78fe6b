/** What a node stands on in production: PostgreSQL, NATS and etcd, as the settings say where they are. */
import { randomBytes } from "node:crypto";
import { EtcdLeaseStore, LEASE_NAMESPACE } from "../adapters/etcd/etcd-lease-store.js";
import { connectNats, NatsBus, NatsLog } from "../adapters/nats/index.js";
import { TcpPeers } from "../adapters/peers/tcp-peers.js";
import { openStore } from "../adapters/instances/open.js";
import type { Config } from "../common/config.js";
import type { NodeDependencies } from "./node.js";

const INCARNATION_BYTES = 4;

export interface NodePorts
  extends Pick<
    NodeDependencies,
    "clock" | "incarnation" | "store" | "log" | "bus" | "leases" | "peers"
  > {
  /** Ends the connections of which nobody else takes care. */
  close(): Promise<void>;
}

export async function openPorts(config: Config, clock: NodePorts["clock"]): Promise<NodePorts> {
  // Names this life of the process, so that its connections to PostgreSQL are not taken for a predecessor's.
  const incarnation = `${config.node}#${randomBytes(INCARNATION_BYTES).toString("hex")}`;
  const store = await openStore(config.postgresUrl, incarnation);
  const connection = await connectNats(config.natsUrl, config.node);
  return {
    clock,
    incarnation,
    store,
    log: await NatsLog.open(connection, clock, config.inboxMib),
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
