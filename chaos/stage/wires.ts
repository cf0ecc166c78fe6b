/** The ways of an exchange's processes to its servers, each a wire of its own, so that any of them can be spoiled alone. */
import type { ServerKind } from "../../services/servers/child-server.js";
import { TcpProxy } from "./tcp-proxy.js";

export type Ways = Readonly<Record<ServerKind, TcpProxy>>;

export class Wires {
  private readonly byProcess = new Map<string, Ways>();

  /** Lays a process's wires; gives the servers' addresses by way of them. */
  async lay(
    process: string,
    urls: Readonly<Record<ServerKind, string>>,
  ): Promise<Record<ServerKind, string>> {
    const [nats, etcd, postgres] = await Promise.all([
      TcpProxy.start(urls.nats),
      TcpProxy.start(urls.etcd),
      TcpProxy.start(urls.postgres),
    ]);
    this.byProcess.set(process, { nats, etcd, postgres });
    // etcd's address is wanted without the path that a URL always has.
    return { nats: nats.url, etcd: new URL(etcd.url).origin, postgres: postgres.url };
  }

  /** Throws when the process has none: the exchange was started without wires. */
  of(process: string): Ways {
    const ways = this.byProcess.get(process);
    if (ways) return ways;
    throw new Error(`${process} is connected to its servers directly`);
  }

  /** Leads everybody to another server of a kind. */
  switchTo(kind: ServerKind, url: string): void {
    for (const ways of this.byProcess.values()) ways[kind].switchTo(url);
  }

  /** Everything passes again, at once: for one process, or for all. */
  heal(process?: string): void {
    const wires = process === undefined ? this.all : Object.values(this.of(process));
    for (const wire of wires) {
      wire.spare();
      wire.thaw();
      wire.slow(0);
    }
  }

  async stop(): Promise<void> {
    await Promise.all(this.all.map((wire) => wire.stop()));
  }

  private get all(): TcpProxy[] {
    return [...this.byProcess.values()].flatMap((ways) => Object.values(ways));
  }
}
