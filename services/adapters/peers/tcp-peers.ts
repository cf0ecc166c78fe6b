/**
 * How nodes watch each other over TCP: the system closes a dead process's connections at once, and refuses new ones.
 * Whoever watches dials; whoever is watched speaks.
 */
import { once } from "node:events";
import { type AddressInfo, createServer, type Server, type Socket } from "node:net";
import { QUEUES } from "../../common/queues.js";
import type { PeerHandlers, Peers } from "../../ports/peers.js";
import { frameOf } from "./frames.js";
import { type PeerAddress, PeerWatch } from "./peer-watch.js";

/** A watcher that has not read so much is frozen, or a stranger. */
const UNREAD_BYTES_MAX = QUEUES["node-peers"].limit;
const WATCHERS_MAX = 256;
const LOOPBACK = "127.0.0.1";
const PORT_MAX = 65_535;

/** An address at which no peer can be. */
export class PeerAddressError extends Error {
  override readonly name = "PeerAddressError";
}

export interface TcpPeersOptions {
  /** The address of this machine that it listens on, and the port; 0: any free one. */
  readonly listen: string;
  readonly port: number;
  /** How others find this machine. */
  readonly host: string;
}

const ON_THIS_MACHINE: TcpPeersOptions = { listen: LOOPBACK, port: 0, host: LOOPBACK };

export class TcpPeers implements Peers {
  private readonly options: TcpPeersOptions;
  private readonly server: Server;
  private readonly watchers = new Set<Socket>();
  private readonly watches = new Set<PeerWatch>();

  constructor(options = ON_THIS_MACHINE) {
    this.options = options;
    this.server = createServer({ noDelay: true }, (socket) => this.accept(socket));
    this.server.maxConnections = WATCHERS_MAX;
  }

  async listen(): Promise<string> {
    const { listen, port, host } = this.options;
    this.server.listen(port, listen);
    await once(this.server, "listening");
    return `${host}:${(this.server.address() as AddressInfo).port}`;
  }

  say(data: Uint8Array): void {
    const frame = frameOf(data);
    for (const socket of this.watchers) {
      if (socket.writableLength + frame.length > UNREAD_BYTES_MAX) socket.destroy();
      else socket.write(frame);
    }
  }

  unreadBytes(): readonly number[] {
    return [...this.watchers].map((socket) => socket.writableLength);
  }

  /** Throws `PeerAddressError` when the address is not `host:port`. */
  watch(address: string, handlers: PeerHandlers): () => void {
    const watch = new PeerWatch(parseAddress(address), handlers, () => this.watches.delete(watch));
    this.watches.add(watch);
    return () => watch.stop();
  }

  async close(): Promise<void> {
    for (const watch of this.watches) watch.stop();
    if (!this.server.listening) return;
    const closed = once(this.server, "close");
    // First the listening one, so that whoever loses its connection is refused when it dials again.
    this.server.close();
    for (const socket of this.watchers) socket.destroy();
    await closed;
  }

  private accept(socket: Socket): void {
    this.watchers.add(socket);
    socket.on("close", () => this.watchers.delete(socket));
    socket.on("error", () => undefined);
    // A watcher says nothing. What it says all the same is read, so that its end is seen.
    socket.resume();
  }
}

function parseAddress(address: string): PeerAddress {
  const [, host, port] = /^(.+):(\d{1,5})$/.exec(address) ?? [];
  if (host === undefined || Number(port) < 1 || Number(port) > PORT_MAX) {
    throw new PeerAddressError(`"${address}" is not an address; it is written like 10.0.0.1:4711`);
  }
  return { host, port: Number(port) };
}
