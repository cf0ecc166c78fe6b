/** What the servers of a run have in common: they are up, down, frozen or slow, and whoever is connected notices. */
import type { World } from "../world/world.js";
import { exponentialUs, type Random } from "../world/random.js";
import { noteKind } from "../world/trace.js";
import type { ServerSwitches } from "./switches.js";

const SERVER = noteKind("server");

/** One end of a connection, as the server knows it. */
export interface Connected {
  /** The server has ended, or thrown the connection out. */
  broken(): void;
}

export class SimServer implements ServerSwitches {
  readonly world: World;
  readonly name: string;
  slowMeanUs = 0;
  /** Counts the server's lives: what was sent to an earlier one is lost with its connection. */
  life = 1;
  /** How many connections have been broken or refused, and how many requests had to wait for the server. */
  turnedAway = 0;
  keptWaiting = 0;
  protected readonly random: Random;
  /** Requests of one connection are done in order, however slow the server is. */
  protected readonly keepsOrder: boolean = true;
  private mode: "up" | "down" | "frozen" = "up";
  private doneUs = 0;
  private backlog: (() => void)[] = [];
  private readonly connected = new Set<Connected>();

  constructor(world: World, name: string) {
    this.world = world;
    this.name = name;
    this.random = world.random(`server ${name}`);
  }

  get isUp(): boolean {
    return this.mode === "up";
  }

  get isDown(): boolean {
    return this.mode === "down";
  }

  connect(connection: Connected): () => void {
    this.connected.add(connection);
    return () => this.connected.delete(connection);
  }

  /** For adapters: a request has arrived. */
  accept(work: () => void): "done" | "waits" | "refused" {
    if (this.mode === "down") {
      this.turnedAway += 1;
      return "refused";
    }
    const { nowUs } = this.world.scheduler;
    if (this.mode === "up" && this.slowMeanUs === 0 && this.doneUs <= nowUs) {
      work();
      return "done";
    }
    this.keptWaiting += 1;
    if (this.mode === "frozen") this.backlog.push(work);
    else this.later(work);
    return "waits";
  }

  stop(): void {
    if (this.mode === "down") return;
    this.turn("down");
    this.life += 1;
    this.backlog = [];
    this.breakConnections();
  }

  start(): void {
    if (this.mode === "down") this.turn("up");
  }

  freeze(): void {
    if (this.mode === "up") this.turn("frozen");
  }

  thaw(): void {
    if (this.mode !== "frozen") return;
    this.turn("up");
    const { backlog } = this;
    this.backlog = [];
    for (const work of backlog) this.accept(work);
  }

  protected breakConnections(): void {
    this.turnedAway += this.connected.size;
    for (const connection of this.connected) connection.broken();
  }

  private later(work: () => void): void {
    const { scheduler } = this.world;
    let doneUs = scheduler.nowUs + exponentialUs(this.random, this.slowMeanUs);
    if (this.keepsOrder) doneUs = this.doneUs = Math.max(this.doneUs, doneUs);
    scheduler.at(doneUs, () => {
      if (this.mode === "up") work();
      else if (this.mode === "frozen") this.backlog.push(work);
    });
  }

  private turn(mode: "up" | "down" | "frozen"): void {
    this.mode = mode;
    const { trace, scheduler } = this.world;
    trace.note(scheduler.nowUs, SERVER, this.name, ["up", "down", "frozen"].indexOf(mode), 0, mode);
  }
}
