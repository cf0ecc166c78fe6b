/** The lease store of one process: the production code, on the etcd of a run. */
import { EtcdLeaseStore } from "../../../services/adapters/etcd/etcd-lease-store.js";
import type { SimEtcd } from "../servers/etcd.js";
import type { SimProcess } from "../world/process.js";
import { SimEtcdClient } from "./etcd-client.js";

export const LEASE_NAMESPACE = "sim";

export function leasesOf(process: SimProcess, etcd: SimEtcd, ttlSeconds: number): EtcdLeaseStore {
  return new EtcdLeaseStore(new SimEtcdClient(process, etcd).asEtcd3(), {
    namespace: LEASE_NAMESPACE,
    ttlSeconds,
    clock: process.clock,
  });
}
