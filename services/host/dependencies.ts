/** What every host of a node shares. */
import type { Logger } from "pino";
import type { Clock } from "../ports/clock.js";
import type { LeaseStore } from "../ports/lease-store.js";
import type { Bus, Log } from "../ports/log.js";
import type { Store } from "../ports/store.js";
import type { CommitTurns } from "./commit-turns.js";
import type { Directory } from "./directory.js";
import type { EarlyInbox } from "./early-inbox.js";
import type { FollowingTurns } from "./following-turns.js";
import type { HostObserver } from "./observer.js";
import type { RestoreActor } from "./restore-actor.js";

export interface HostDependencies {
  readonly node: string;
  /** Different in each life of the node's process. */
  readonly incarnation: string;
  readonly store: Store;
  readonly log: Log;
  readonly bus: Bus;
  readonly leases: LeaseStore;
  readonly clock: Clock;
  readonly directory: Directory;
  readonly turns: CommitTurns;
  readonly followingTurns: FollowingTurns;
  /** Those that keep something now. */
  readonly earlyInboxes: Set<EarlyInbox>;
  readonly logger: Logger;
  readonly observer: HostObserver;
  /** How actors are made from their rows, if not as this version does. */
  readonly restoreActor?: RestoreActor;
}
