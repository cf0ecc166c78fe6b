/** What a test of the lease store's contract needs of an adapter. */
import type { LeaseStore } from "../../services/ports/lease-store.js";

export interface LeasesBench {
  /** A store of a node of its own, not joined yet; closed with the bench. */
  open(): Promise<BenchNode>;
  /** What is really kept, whatever anybody sees: who is alive, and who holds which actor. */
  kept(): Promise<{ readonly nodes: readonly string[]; readonly leaders: Record<string, string> }>;
  /** Takes every node's lease away, as a server does that was restored from a backup. */
  forgetLeases(): Promise<void>;
  stopServer(): Promise<void>;
  startServer(): Promise<void>;
  close(): Promise<void>;
}

/** Of which the server has a disk that may be lost. */
export interface LossyLeasesBench extends Omit<LeasesBench, "forgetLeases"> {
  /** Everything is gone, and the server runs. */
  wipe(): Promise<void>;
  /** Gives what sets the server back to what it has now. */
  remember(): Promise<() => Promise<void>>;
}

export interface BenchNode {
  readonly leases: LeaseStore;
  /** Nothing gets from the node to the server or back, and neither is told. */
  cutOff(): void;
  reconnect(): void;
}

export interface OpenLeasesBench {
  (): Promise<LeasesBench>;
}
