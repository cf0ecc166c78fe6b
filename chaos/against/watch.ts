/** Who ends a drill when something is hurt that it was not to touch, or when the probe is not answered any more. */
import type { Cluster, ClusterState } from "../../services/cli/cluster.js";
import { changedBetween } from "./health.js";
import type { Probe } from "./probe.js";

const LOOK_EVERY_MS = 250;

export interface Watched {
  readonly cluster: Cluster;
  readonly probe: Probe;
  /** An order of the probe that has no end after so long ends the drill. */
  readonly abortAfterMs: number;
  /** How things were, and whose leaders the drill itself changes. */
  readonly before: ClusterState;
  readonly mayChange: ReadonlySet<string>;
  readonly abort: (reason: string) => void;
}

export class Watch {
  private readonly watched: Watched;
  private readonly timer: NodeJS.Timeout;
  private isLooking = false;
  private hasEnded = false;

  constructor(watched: Watched) {
    this.watched = watched;
    this.timer = setInterval(() => void this.look(), LOOK_EVERY_MS);
  }

  end(): void {
    this.hasEnded = true;
    clearInterval(this.timer);
  }

  private async look(): Promise<void> {
    if (this.isLooking) return;
    this.isLooking = true;
    const reason = await this.reason();
    this.isLooking = false;
    if (reason === null || this.hasEnded) return;
    this.end();
    this.watched.abort(reason);
  }

  /** Why the drill has to end; null: it has not. */
  private async reason(): Promise<string | null> {
    const { cluster, probe, abortAfterMs, before, mayChange } = this.watched;
    if (probe.failure !== null) return `the account's events ended: ${probe.failure}`;
    if (probe.oldestMs > abortAfterMs) {
      return unanswered(abortAfterMs);
    }
    try {
      const [hurt] = changedBetween(before, await cluster.look(), mayChange);
      return hurt === undefined ? null : `HURT_OUTSIDE: ${hurt}, which the drill does not touch`;
    } catch (error) {
      return `EXCHANGE_NOT_SEEN: ${(error as Error).message}`;
    }
  }
}

export function unanswered(forMs: number): string {
  return `PROBE_UNANSWERED: an order of the probe has had no end for ${forMs} ms`;
}
