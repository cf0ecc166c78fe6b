/** What a test of the peers' contract needs of an adapter. */
import type { Peers } from "../../services/ports/peers.js";

export interface PeersBench {
  /** The peers of a process of its own; closed with the bench. */
  open(): Promise<PeerProcess>;
  /** A way to an address that can be cut. */
  wire(address: string): Promise<PeerWire>;
  close(): Promise<void>;
}

export interface PeerProcess {
  readonly peers: Peers;
  /** The process ends, and what it held open is closed. */
  end(): Promise<void>;
}

export interface PeerWire {
  readonly address: string;
  /** Nothing passes any more, and nobody is told. */
  freeze(): void;
  /** What was held up goes on. */
  thaw(): void;
  /** Ends the connections, and lets new ones pass. */
  cut(): void;
}

export interface OpenPeersBench {
  (): Promise<PeersBench>;
}
