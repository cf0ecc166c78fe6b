/** How nodes watch each other, beside etcd: a process that ends closes its connections at once. */

export interface PeerHandlers {
  /** Whatever the peer says. */
  heard(data: Uint8Array): void;
  /** The address refuses a connection, at first or after one broke: whoever was there has ended. Called once; the watch is over. */
  gone(): void;
}

export interface Peers {
  /** Listens, and gives the address at which others can watch this node. */
  listen(): Promise<string>;
  /** Says something to everybody who watches this node. */
  say(data: Uint8Array): void;
  /** What each watcher has not read yet, as far as that waits here. */
  unreadBytes(): readonly number[];
  /**
   * Watches a peer: connects, and connects again when the connection breaks, for as long as there is somebody or no word
   * at all (a network that is cut). The returned function ends it.
   */
  watch(address: string, handlers: PeerHandlers): () => void;
  close(): Promise<void>;
}
