/** Clocks that are wrong. Nothing but the moment of a takeover may depend on them (R12). */
import type { Cluster } from "../cluster/cluster.js";
import type { Begun } from "./kinds.js";
import type { PlannedFault } from "./plan.js";

const US_PER_MS = 1_000;
const NOTHING = (): void => undefined;
const JUMP_MS_MAX = 60_000;
const POSTGRES_JUMP_MS_MAX = 5_000;

/** A machine that slept. Bites when it led something. */
export function jump(cluster: Cluster, { node, size }: PlannedFault): Begun {
  const process = cluster.process(node);
  const led = process.isAlive ? cluster.ledBy(process).length : 0;
  process.clock.jump(Math.round(size * JUMP_MS_MAX * US_PER_MS));
  return { end: NOTHING, hasBitten: () => led > 0 };
}

/** The clock by which deadlines are set. Bites when clients were connected. */
export function jumpGateway(cluster: Cluster, { gateway, size }: PlannedFault): Begun {
  const isOpen = cluster.gateways.get(gateway)?.door?.isOpen ?? false;
  cluster.process(gateway).clock.jump(Math.round(size * JUMP_MS_MAX * US_PER_MS));
  return { end: NOTHING, hasBitten: () => isOpen };
}

/** Between half and twice as fast as it should be. */
export function drift(cluster: Cluster, { node, size }: PlannedFault): Begun {
  const process = cluster.process(node);
  const led = process.isAlive ? cluster.ledBy(process).length : 0;
  process.clock.drift(size < 0.5 ? 0.5 + size : 2 * size);
  return { end: () => process.clock.drift(1), hasBitten: () => led > 0 };
}

/** The clock that stamps batches goes ahead, or back. Bites when it has stamped some before it is right again. */
export function jumpPostgres(cluster: Cluster, { size }: PlannedFault): Begun {
  const byUs = Math.round((size - 0.5) * 2 * POSTGRES_JUMP_MS_MAX * US_PER_MS);
  const batches = cluster.tally.of("stored");
  const { postgres } = cluster.servers;
  postgres.jumpClock(byUs);
  let stamped = 0;
  const end = (): void => {
    stamped = cluster.tally.of("stored") - batches;
    postgres.jumpClock(-byUs);
  };
  return { end, hasBitten: () => byUs !== 0 && stamped > 0 };
}
