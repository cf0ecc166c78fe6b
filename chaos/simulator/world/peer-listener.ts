/** A process that listens at an address, for those who want to watch it. */
import type { SimProcess } from "./process.js";

/** A connection of somebody who watches. */
export interface PeerConnection {
  /** The name of the process that watches. */
  readonly watcher: string;
  hear(data: Uint8Array): void;
  /** The process that is watched has closed it, or has ended. */
  close(): void;
}

export interface PeerListener {
  readonly process: SimProcess;
  /** The connections that are open. */
  readonly connections: Set<PeerConnection>;
}
