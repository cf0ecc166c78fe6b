/** The ports of one process of the run, on the servers of the run. */
import type { LeaseStore } from "../../../services/ports/lease-store.js";
import type { Bus, Log } from "../../../services/ports/log.js";
import type { Peers } from "../../../services/ports/peers.js";
import type { Reads } from "../../../services/ports/reads.js";
import { type Batch, CommitUnknownError, type Store } from "../../../services/ports/store.js";
import { leasesOf } from "../adapters/leases.js";
import { NatsConnection } from "../adapters/nats-connection.js";
import { SimBus } from "../adapters/sim-bus.js";
import { SimLog } from "../adapters/sim-log.js";
import { SimPeers } from "../adapters/sim-peers.js";
import { SimReads } from "../adapters/sim-reads.js";
import { SimStore } from "../adapters/sim-store.js";
import { SimEtcd } from "../servers/etcd.js";
import { SimNats } from "../servers/nats.js";
import { SimPostgres } from "../servers/postgres.js";
import type { SimProcess } from "../world/process.js";
import type { World } from "../world/world.js";
import { over } from "../../over.js";
import type { Tally } from "./tally.js";

export interface PortsOfProcess {
  readonly store: Store;
  readonly reads: Reads;
  readonly log: Log;
  readonly bus: Bus;
  readonly leases: LeaseStore;
  readonly peers: Peers;
}

export interface Servers {
  readonly postgres: SimPostgres;
  readonly nats: SimNats;
  readonly etcd: SimEtcd;
}

const LEASE_TTL_SECONDS = 1;

export function makeServers(world: World, ledgerShards: number): Servers {
  return {
    postgres: new SimPostgres(world, { ledgerShards }),
    nats: new SimNats(world),
    etcd: new SimEtcd(world),
  };
}

export function portsOf(process: SimProcess, servers: Servers, tally?: Tally): PortsOfProcess {
  const { postgres, nats, etcd } = servers;
  const store = new SimStore(process, postgres);
  const connection = new NatsConnection(process, nats);
  return {
    store: tally ? counted(store, tally) : store,
    reads: new SimReads(process, postgres),
    log: new SimLog(connection),
    bus: new SimBus(connection),
    peers: new SimPeers(process),
    leases: leasesOf(process, etcd, LEASE_TTL_SECONDS),
  };
}

/** Counts commits whose outcome their leader does not hear, by what it was. */
function counted(store: Store, tally: Tally): Store {
  return over<Store>(store, {
    commit: async (batch: Batch) => {
      try {
        return await store.commit(batch);
      } catch (error) {
        if (error instanceof CommitUnknownError) {
          tally.add(tally.storedBatches.has(batch) ? "storedUnheard" : "lostUnsent");
        }
        throw error;
      }
    },
  });
}
