/**
 * How the nodes of a run watch each other: the system closes a dead process's connections at once, and refuses new ones.
 * A paused process's system takes connections for it.
 */
import { PeerAddressError } from "../../../services/adapters/peers/tcp-peers.js";
import type { PeerHandlers, Peers } from "../../../services/ports/peers.js";
import type { PeerConnection, PeerListener } from "../world/peer-listener.js";
import type { SimProcess } from "../world/process.js";

const DIAL_MS_MAX = 500;
const RETRY_AFTER_MS = 100;
/** Whoever takes connections and closes them is not dialled faster than this. */
const DIAL_EVERY_MS = 20;
const FIRST_PORT = 20_000;

export class SimPeers implements Peers {
  private readonly process: SimProcess;
  private readonly watches = new Set<PeerWatch>();
  private address: string | null = null;

  constructor(process: SimProcess) {
    this.process = process;
    process.onEnd(() => this.unlisten());
  }

  async listen(): Promise<string> {
    const { process } = this;
    const { listeners } = process.world;
    let port = FIRST_PORT + process.life;
    while (listeners.has(`${process.name}:${port}`)) port += 1;
    this.address = `${process.name}:${port}`;
    listeners.set(this.address, { process, connections: new Set() });
    return this.address;
  }

  say(data: Uint8Array): void {
    if (!this.process.pass("sending")) return;
    const said = Buffer.from(data);
    for (const connection of this.listener()?.connections ?? []) connection.hear(said);
  }

  /** The network takes everything at once. */
  unreadBytes(): readonly number[] {
    return [];
  }

  watch(address: string, handlers: PeerHandlers): () => void {
    const [, host] = /^(.+):\d{1,5}$/.exec(address) ?? [];
    if (host === undefined) throw new PeerAddressError(`"${address}" is not an address`);
    const watch = new PeerWatch(this.process, address, host, handlers);
    this.watches.add(watch);
    return () => {
      this.watches.delete(watch);
      watch.stop();
    };
  }

  async close(): Promise<void> {
    for (const watch of this.watches) watch.stop();
    this.watches.clear();
    this.unlisten();
  }

  private listener(): PeerListener | undefined {
    return this.address === null ? undefined : this.process.world.listeners.get(this.address);
  }

  private unlisten(): void {
    const listener = this.listener();
    if (!listener) return;
    this.process.world.listeners.delete(this.address!);
    for (const connection of listener.connections) connection.close();
    listener.connections.clear();
  }
}

/** Dials an address, again and again, until it is refused. */
class PeerWatch {
  private readonly process: SimProcess;
  private readonly address: string;
  private readonly host: string;
  private readonly handlers: PeerHandlers;
  private hangUp: () => void = () => undefined;
  private cancel: () => void = () => undefined;
  private isOver = false;

  constructor(process: SimProcess, address: string, host: string, handlers: PeerHandlers) {
    this.process = process;
    this.address = address;
    this.host = host;
    this.handlers = handlers;
    process.onEnd(() => this.hangUp());
    this.dial();
  }

  stop(): void {
    this.isOver = true;
    this.cancel();
    this.hangUp();
  }

  private dial(): void {
    const { process, host, address } = this;
    const { world, clock, name } = process;
    const outward = world.network.channel(name, host, true);
    const inward = world.network.channel(host, name, true);
    const dialledMs = clock.now();
    let isConnected = false;
    let isClosed = false;
    const closed = () => {
      if (isClosed) return;
      isClosed = true;
      this.hangUp();
      this.cancel();
      if (this.isOver) return;
      const pauseMs = isConnected ? DIAL_EVERY_MS : RETRY_AFTER_MS;
      this.cancel = clock.after(dialledMs + pauseMs - clock.now(), () => this.dial());
    };
    const tell = (callback: () => void) => inward.send(() => process.deliver(callback));
    inward.onBroken = () => process.deliver(closed);
    const connection: PeerConnection = {
      watcher: name,
      hear: (data) => tell(() => this.hear(data, isClosed)),
      close: () => tell(closed),
    };
    outward.send(() => {
      const listener = outward.link.refuses ? undefined : world.listeners.get(address);
      if (!listener) {
        tell(() => this.refused(isClosed));
        return;
      }
      if (!process.isAlive || this.isOver || isClosed) return;
      listener.connections.add(connection);
      this.hangUp = () => listener.connections.delete(connection);
      tell(() => {
        isConnected = true;
        if (!isClosed) this.cancel();
      });
    });
    this.cancel = clock.after(DIAL_MS_MAX, closed);
  }

  private hear(data: Uint8Array, isClosed: boolean): void {
    if (!this.isOver && !isClosed) this.handlers.heard(data);
  }

  /** Nobody is there any more. */
  private refused(isClosed: boolean): void {
    if (this.isOver || isClosed) return;
    this.stop();
    this.handlers.gone();
  }
}
