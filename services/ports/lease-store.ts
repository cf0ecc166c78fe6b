/** Who hosts what, by leases that run out. Decides only *when* someone takes over, never what is true (R12). */

export interface Leadership {
  readonly actorName: string;
  readonly node: string;
  /** The revision at which the key was put; recorded for the audit, and compared by who takes it over. */
  readonly revision: number;
  /** The token under which the leader before handed the actor to this node; null when the node won the key by itself. */
  readonly handedAt: number | null;
}

/** Another process goes by this name and keeps it alive. */
export class NodeNameTakenError extends Error {
  override readonly name = "NodeNameTakenError";
}

/** What was asked of the store was not done, because it was closed meanwhile. */
export class LeasesClosedError extends Error {
  override readonly name = "LeasesClosedError";
}

export interface LeaseStore {
  /**
   * Takes a lease and puts this node under it; resolves when both are there. Kept alive until `close`. Waits for an
   * earlier life of the node to run out; rejects with `NodeNameTakenError` when it does not, and
   * with `LeasesClosedError` when the store is closed before.
   */
  join(node: string, info: string): Promise<void>;
  /** Says something else of this node than it said when it joined. */
  inform(info: string): Promise<void>;
  /** Nodes that are alive now, by name, with what they said of themselves. */
  nodes(): ReadonlyMap<string, string>;
  /** Who leads what, as last seen. */
  leaders(): ReadonlyMap<string, Leadership>;
  /** What operators wish, by key (see `actors/placement/wishes.ts`); under no lease. */
  wishes(): ReadonlyMap<string, string>;
  /** Sets a wish, or, with null, takes it back. Needs no lease. */
  wish(key: string, value: string | null): Promise<void>;
  /** Called after `nodes`, `leaders` or `wishes` may have changed. */
  onChange(handler: () => void): () => void;
  /** Called when the node's lease is gone (ran out, or etcd forgot it). The store joins again by itself. */
  onLost(handler: (reason: string) => void): () => void;
  /** How long ago the first question was asked since the last answer that came in time, in milliseconds; 0: none was asked since. */
  waitingForAnswerMs(): number;
  /**
   * Wins the actor's key if nobody holds it, or if it is still exactly the one that was seen, whoever holds that. Null:
   * it is neither. Gives what there is when this node holds it already.
   */
  claim(actorName: string, seen?: Leadership): Promise<Leadership | null>;
  /**
   * Writes the key that this node holds over to another node, under that node's lease, with the token under which this
   * one has led. Resolves with the key's revision; null: this node does not hold it, or the other one is not there.
   */
  handOver(actorName: string, to: string, token: number): Promise<number | null>;
  /** Gives the key up if this node holds it. */
  release(actorName: string): Promise<void>;
  /** Gives the lease back, and with it everything that was held. */
  close(): Promise<void>;
}
