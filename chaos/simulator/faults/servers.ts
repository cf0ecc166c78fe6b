/** Servers that restart, stand still, are slow, and lose what they had stored. */
import type { Cluster } from "../cluster/cluster.js";
import type { SimServer } from "../servers/server.js";
import type { Begun } from "./kinds.js";
import type { PlannedFault } from "./plan.js";

const NOTHING = (): void => undefined;
const SLOW_US_MAX = 120_000;
const TAIL_MESSAGES_MAX = 40;

/** Bites when a commit was stored meanwhile. */
export function slowPostgres(cluster: Cluster, { size }: PlannedFault): Begun {
  const { postgres } = cluster.servers;
  const before = cluster.tally.of("stored");
  let after = before;
  const slowed = slow(postgres, size);
  const end = (): void => {
    after = cluster.tally.of("stored");
    slowed.end();
  };
  return { end, hasBitten: () => after > before };
}

export const slowNats = ({ servers }: Cluster, { size }: PlannedFault): Begun =>
  slow(servers.nats, size);
export const slowEtcd = ({ servers }: Cluster, { size }: PlannedFault): Begun =>
  slow(servers.etcd, size);
export const restartPostgres = ({ servers }: Cluster): Begun => restart(servers.postgres);
export const restartNats = ({ servers }: Cluster): Begun => restart(servers.nats);
export const restartEtcd = ({ servers }: Cluster): Begun => restart(servers.etcd);
export const freezePostgres = ({ servers }: Cluster): Begun => freeze(servers.postgres);
export const freezeNats = ({ servers }: Cluster): Begun => freeze(servers.nats);

/** Bites when somebody was connected, or came while it was down. */
function restart(server: SimServer): Begun {
  const wasUp = server.isUp;
  const before = server.turnedAway;
  server.stop();
  return { end: () => server.start(), hasBitten: () => wasUp && server.turnedAway > before };
}

/** Each request takes its time. Bites when somebody had to wait. */
function slow(server: SimServer, size: number): Begun {
  const before = server.keptWaiting;
  server.slowMeanUs = 1_000 + size * SLOW_US_MAX;
  const end = (): void => {
    server.slowMeanUs = 0;
  };
  return { end, hasBitten: () => server.keptWaiting > before };
}

/** Bites when somebody had to wait. */
function freeze(server: SimServer): Begun {
  const before = server.keptWaiting;
  server.freeze();
  return { end: () => server.thaw(), hasBitten: () => server.keptWaiting > before };
}

/** Bites when messages were lost that were there. */
export function loseTails({ servers }: Cluster, { size }: PlannedFault): Begun {
  const { nats } = servers;
  nats.stop();
  const lost = nats.loseTails(1 + Math.floor(size * TAIL_MESSAGES_MAX));
  return { end: () => nats.start(), hasBitten: () => lost > 0 };
}

export function wipeNats({ servers }: Cluster): Begun {
  const { nats } = servers;
  const streams = nats.streams().length;
  nats.stop();
  nats.wipe();
  return { end: () => nats.start(), hasBitten: () => streams > 0 };
}

/** Bites when the actor has gone on in another stream. */
export function loseStream(cluster: Cluster, { actor }: PlannedFault): Begun {
  const history = cluster.checks.history.byName.get(actor);
  const anchor = history?.anchor ?? 0;
  const wasThere = cluster.servers.nats.removeStream(actor, anchor);
  return { end: NOTHING, hasBitten: () => wasThere && (history?.anchor ?? 0) > anchor };
}

/** Everything NATS had stored is as it was when the fault began. Bites when it had gone on. */
export function rollBackNats({ servers, checks, tally }: Cluster): Begun {
  const { nats } = servers;
  const snapshot = nats.snapshot();
  const before = tally.of("published");
  let after = before;
  const end = (): void => {
    after = tally.of("published");
    checks.streams.willRollBack(snapshot.atUs);
    nats.rollBack(snapshot);
  };
  return { end, hasBitten: () => after > before };
}

/** Bites when the actor has gone on in another stream. */
export function putOutOfReach(cluster: Cluster, { actor }: PlannedFault): Begun {
  const { nats } = cluster.servers;
  const history = cluster.checks.history.byName.get(actor);
  const anchor = history?.anchor ?? 0;
  nats.setReach(actor, anchor, false);
  const end = () => nats.setReach(actor, anchor, true);
  return { end, hasBitten: () => (history?.anchor ?? 0) > anchor };
}

export function wipeEtcd({ servers }: Cluster): Begun {
  const { etcd } = servers;
  const revision = etcd.snapshot().revision;
  etcd.wipe();
  return { end: NOTHING, hasBitten: () => revision > 0 };
}

/** etcd is as it was when the fault began. Bites when it had gone on. */
export function restoreEtcd({ servers }: Cluster): Begun {
  const { etcd } = servers;
  const snapshot = etcd.snapshot();
  let hasBitten = false;
  const end = (): void => {
    hasBitten = etcd.snapshot().revision > snapshot.revision;
    etcd.restore(snapshot);
  };
  return { end, hasBitten: () => hasBitten };
}

/** Bites when somebody has asked in vain. */
export function takeQuorum({ servers }: Cluster): Begun {
  const { etcd } = servers;
  const before = etcd.keptWaiting;
  etcd.hasQuorum = false;
  const end = (): void => {
    etcd.hasQuorum = true;
  };
  return { end, hasBitten: () => etcd.keptWaiting > before };
}

export function forgetLeases({ servers }: Cluster): Begun {
  servers.etcd.forgetLeases();
  return { end: NOTHING, hasBitten: () => true };
}

/** What an operator does after a backup was restored: every claim is void. Bites when somebody had one. */
export function voidClaims({ servers, tally }: Cluster): Begun {
  const before = tally.of("raised");
  servers.postgres.reincarnate();
  return { end: NOTHING, hasBitten: () => tally.of("raised") > before };
}
