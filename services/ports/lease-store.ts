/** Who hosts what, by leases that run out. Decides only *when* someone takes over, never what is true (R12). */

export interface Leadership {
  readonly actorName: string;
  readonly node: string;
  /** etcd's revision at which the key was won; recorded for the audit. */
  readonly revision: number;
}

export interface LeaseStore {
  /** Takes a lease and puts this node under it; resolves when both are there. Kept alive until `close`. */
  join(node: string, info: string): Promise<void>;
  /** Nodes that are alive now, by name, with what they said of themselves. */
  nodes(): ReadonlyMap<string, string>;
  /** Who leads what, as last seen. */
  leaders(): ReadonlyMap<string, Leadership>;
  /** Called after `nodes` or `leaders` may have changed. */
  onChange(handler: () => void): () => void;
  /** Called when the node's lease is gone (ran out, or etcd forgot it). The store joins again by itself. */
  onLost(handler: (reason: string) => void): () => void;
  /** Wins the actor's key if nobody holds it. Null: somebody does. */
  claim(actorName: string): Promise<Leadership | null>;
  /** Gives the key up if this node holds it. */
  release(actorName: string): Promise<void>;
  /** Gives the lease back, and with it everything that was held. */
  close(): Promise<void>;
}
