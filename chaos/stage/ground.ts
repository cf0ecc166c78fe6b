/** What an exchange stands on where drills want it to be special: wires, a small disk, clocks that can be set, three NATS servers. */
import { join } from "node:path";
import type { ServerKind } from "../../services/servers/child-server.js";
import type { Log } from "../../services/servers/server-error.js";
import { FakeClocks } from "./fake-clocks.js";
import { type NatsCluster, startNatsCluster } from "./nats-cluster.js";
import { SmallDisk } from "./small-disk.js";
import { Wires } from "./wires.js";

export interface GroundOptions {
  /** Are all ways to the servers wires that can be cut? */
  readonly wired: boolean;
  /** Is its data on a disk that can be filled? */
  readonly smallDisk: boolean;
  /** Can each process's clock be set? */
  readonly fakeClocks: boolean;
  /** One, or three that are one cluster. */
  readonly natsServers: 1 | 3;
}

interface Things {
  wires?: Wires;
  disk?: SmallDisk;
  clocks?: FakeClocks;
  natsCluster?: NatsCluster;
}

type Urls = Record<ServerKind, string>;

export class Ground {
  private readonly things: Things = {};

  /** Throws `CannotStrikeError` where something cannot be had on this machine. */
  static async lay(options: Partial<GroundOptions>, log: Log): Promise<Ground> {
    const ground = new Ground();
    const { things } = ground;
    try {
      if (options.wired) things.wires = new Wires();
      if (options.smallDisk) things.disk = SmallDisk.mount();
      if (options.fakeClocks) things.clocks = await FakeClocks.open(log);
      if (options.natsServers === 3) things.natsCluster = await startNatsCluster();
      return ground;
    } catch (error) {
      await ground.remove();
      throw error;
    }
  }

  /** Where the exchange keeps its data, if not in a folder of its own. */
  get dataDir(): string | undefined {
    const { disk } = this.things;
    return disk && join(disk.path, "data");
  }

  environmentOf(process: string): Record<string, string> {
    return this.things.clocks?.environmentOf(process) ?? {};
  }

  /** By which addresses a process reaches the servers. */
  async waysOf(process: string, urls: Urls): Promise<Urls> {
    const { natsCluster, wires } = this.things;
    const these = natsCluster ? { ...urls, nats: natsCluster.urls } : urls;
    return wires ? wires.lay(process, these) : these;
  }

  /** One of these things; throws when the exchange was started without it. */
  get<Name extends keyof Things>(name: Name): NonNullable<Things[Name]> {
    const found = this.things[name];
    if (found) return found;
    throw new Error(`this exchange was started without ${name}: a drill's surroundings name them`);
  }

  /** Everything passes again, and there is room: whoever is stopped then can end in good order. */
  heal(): void {
    this.things.wires?.heal();
    this.things.disk?.makeRoom();
  }

  async remove(): Promise<void> {
    await this.things.wires?.stop();
    await this.things.natsCluster?.stop();
    this.things.clocks?.remove();
    this.things.disk?.unmount();
  }
}
