/** Commits whose answer, or the commit itself, goes astray between a node and Postgres. */
import type { Cluster } from "../cluster/cluster.js";
import type { Count } from "../cluster/tally.js";
import type { CommitFaults } from "../servers/switches.js";
import type { Begun } from "./kinds.js";
import type { PlannedFault } from "./plan.js";

const CHANCE_MAX = 0.1;
const LATE_MEAN_US = 6_000_000;
const REPEATED_MEAN_US = 100_000;

/** Bites when a batch was stored whose leader did not hear so. */
export function loseAnswers(cluster: Cluster, { size }: PlannedFault): Begun {
  return strike(cluster, { answerLost: size * CHANCE_MAX }, "storedUnheard");
}

export function loseRequests(cluster: Cluster, { size }: PlannedFault): Begun {
  return strike(cluster, { requestLost: size * CHANCE_MAX }, "lostUnsent");
}

/** Bites when a commit came after its leader had given it up, or was deposed. */
export function delay(cluster: Cluster, { size }: PlannedFault): Begun {
  const faults = { late: (0.2 + size) * CHANCE_MAX, lateMeanUs: LATE_MEAN_US };
  return strike(cluster, faults, "lateCommits");
}

export function repeat(cluster: Cluster, { size }: PlannedFault): Begun {
  const faults = { repeated: size * 4 * CHANCE_MAX, repeatedMeanUs: REPEATED_MEAN_US };
  return strike(cluster, faults, "repeatedCommits");
}

function strike(cluster: Cluster, faults: Partial<CommitFaults>, count: Count): Begun {
  const { commitFaults } = cluster.servers.postgres;
  const before = cluster.tally.of(count);
  Object.assign(commitFaults, faults);
  const end = (): void => {
    for (const name of Object.keys(faults)) commitFaults[name as keyof CommitFaults] = 0;
  };
  return { end, hasBitten: () => cluster.tally.of(count) > before };
}
