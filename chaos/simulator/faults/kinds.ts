/**
 * Every kind of fault: for how long it lasts, what it does, and when it has bitten. A fault that changed nothing for
 * anybody does not count.
 */
import type { Cluster } from "../cluster/cluster.js";
import type { PlannedFault } from "./plan.js";
import * as clocks from "./clocks.js";
import * as commits from "./commits.js";
import * as network from "./network.js";
import * as placement from "./placement.js";
import * as processes from "./processes.js";
import * as servers from "./servers.js";
import * as strangers from "./strangers.js";
import * as upgrades from "./upgrades.js";

export interface Begun {
  /** Takes the fault back; called once. */
  end(): void;
  /** To be asked at the end of the run. */
  hasBitten(): boolean;
}

export interface Kind {
  /** The shortest and the longest time, in milliseconds. */
  readonly forMs: readonly [number, number];
  /** When it begins at the latest, in milliseconds, if it needs much of the run. */
  readonly latestMs?: number;
  readonly begin: (cluster: Cluster, fault: PlannedFault) => Begun;
  /** What is otherwise from the boot on, in a run whose plan has such a fault. */
  readonly prepare?: (cluster: Cluster) => void;
}

export const KINDS = {
  "crash-node": { forMs: [50, 4_000], begin: processes.crashNode },
  "crash-at-await": { forMs: [1_500, 4_000], begin: processes.crashAtAwait },
  "crash-all-nodes": { forMs: [100, 1_500], begin: processes.crashAllNodes },
  "crash-gateway": { forMs: [50, 2_500], begin: processes.crashGateway },
  "crash-gateway-at-await": { forMs: [1_500, 4_000], begin: processes.crashGatewayAtAwait },
  "pause-short": { forMs: [50, 600], begin: processes.pauseShort },
  "pause-long": { forMs: [1_800, 5_000], begin: processes.pauseLong },
  "pause-gateway": { forMs: [300, 4_000], begin: processes.pauseGateway },
  "flapping-node": { forMs: [2_500, 5_000], begin: processes.flap },
  "rolling-restart": { forMs: [6_000, 9_000], begin: processes.rollingRestart },
  "rolling-upgrade": {
    forMs: [5_000, 9_000],
    latestMs: 4_000,
    begin: upgrades.rollingUpgrade,
    prepare: upgrades.beginOlder,
  },
  "gateway-restart": { forMs: [100, 100], begin: processes.restartGateway },
  "slot-taken": { forMs: [1_500, 4_000], begin: processes.takeSlot },
  "claims-voided": { forMs: [100, 100], begin: servers.voidClaims },
  "name-taken": { forMs: [100, 100], begin: processes.takeName },
  "clock-jump": { forMs: [100, 100], begin: clocks.jump },
  "gateway-clock": { forMs: [100, 100], begin: clocks.jumpGateway },
  "clock-drift": { forMs: [2_000, 6_000], begin: clocks.drift },
  "postgres-clock": { forMs: [1_000, 4_000], begin: clocks.jumpPostgres },
  "partition-one-way": { forMs: [300, 4_000], begin: network.cutOneWay },
  "partition-two-way": { forMs: [300, 4_000], begin: network.cutBothWays },
  "partition-peers": { forMs: [300, 4_000], begin: network.cutPeers },
  "partition-gateway": { forMs: [300, 3_000], begin: network.cutGateway },
  "late-messages": { forMs: [1_000, 5_000], begin: network.late },
  "bus-lost": { forMs: [1_000, 6_000], begin: network.loseMessages },
  "bus-repeated": { forMs: [1_000, 6_000], begin: network.repeatMessages },
  "bus-delayed": { forMs: [1_000, 6_000], begin: network.delayMessages },
  "commit-answer-lost": { forMs: [1_500, 5_000], begin: commits.loseAnswers },
  "commit-request-lost": { forMs: [1_500, 5_000], begin: commits.loseRequests },
  "commit-late": { forMs: [2_000, 6_000], begin: commits.delay },
  "commit-repeated": { forMs: [1_500, 5_000], begin: commits.repeat },
  "postgres-slow": { forMs: [500, 3_000], begin: servers.slowPostgres },
  "postgres-frozen": { forMs: [200, 2_500], begin: servers.freezePostgres },
  "postgres-restart": { forMs: [100, 1_500], begin: servers.restartPostgres },
  "nats-restart": { forMs: [100, 1_500], begin: servers.restartNats },
  "nats-slow": { forMs: [500, 3_000], begin: servers.slowNats },
  "nats-frozen": { forMs: [200, 2_500], begin: servers.freezeNats },
  "nats-lost-tail": { forMs: [100, 1_000], begin: servers.loseTails },
  "nats-wiped": { forMs: [100, 1_000], begin: servers.wipeNats },
  "nats-lost-stream": { forMs: [100, 100], begin: servers.loseStream },
  "nats-full": { forMs: [200, 2_500], begin: strangers.fillInbox },
  "nats-rolled-back": { forMs: [200, 5_000], begin: servers.rollBackNats },
  "nats-out-of-reach": { forMs: [3_000, 8_000], begin: servers.putOutOfReach },
  "nats-split": { forMs: [300, 5_000], begin: network.splitNats },
  "etcd-restart": { forMs: [100, 2_000], begin: servers.restartEtcd },
  "etcd-slow": { forMs: [500, 3_000], begin: servers.slowEtcd },
  "etcd-wiped": { forMs: [100, 100], begin: servers.wipeEtcd },
  "etcd-restored": { forMs: [500, 6_000], begin: servers.restoreEtcd },
  "etcd-no-quorum": { forMs: [500, 5_000], begin: servers.takeQuorum },
  "etcd-leases-forgotten": { forMs: [100, 100], begin: servers.forgetLeases },
  move: { forMs: [2_000, 5_000], begin: placement.move },
  drain: { forMs: [2_500, 6_000], begin: placement.drain },
  cordon: { forMs: [2_500, 6_000], begin: placement.cordon },
  reweigh: { forMs: [4_000, 9_500], latestMs: 3_500, begin: placement.reweigh },
  "no-standby": { forMs: [3_000, 8_000], begin: placement.withoutStandby },
  "strange-frames": { forMs: [500, 3_000], begin: strangers.injectFrames },
  "strange-sources": { forMs: [500, 3_000], begin: strangers.injectSources },
  "false-announcements": { forMs: [500, 3_000], begin: strangers.announceFalsely },
  "strange-messages": { forMs: [500, 3_000], begin: strangers.sayStrangeThings },
  "peers-refused": { forMs: [300, 4_000], begin: network.refusePeers },
} as const satisfies Record<string, Kind>;

export type FaultKind = keyof typeof KINDS;
