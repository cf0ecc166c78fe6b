/**
 * One life of a process: everything that reaches its code from outside (timers, answers, messages) comes through
 * `deliver`, so that it can be stopped at any point. A dead process runs no callback any more and sends nothing; what it
 * had sent may still arrive. A paused one (SIGSTOP) gets everything when it goes on.
 */
import type { Random } from "./random.js";
import { noteKind } from "./trace.js";
import type { World } from "./world.js";
import { SimClock } from "./clock.js";

const inLife = (life: number): string => `life ${life}`;
const STARTED = noteKind("started", inLife);
const CRASHED = noteKind("crashed", inLife);
const PAUSED = noteKind("paused", inLife);
const RESUMED = noteKind("resumed", inLife);

/** At the start of a process its monotonic clock shows anything up to this. */
const CLOCK_START_US_MAX = 1_000_000_000;

/** Where a process may be made to die: each request and answer of each port has these points. */
export type CrashPoint = "sending" | "effect" | "answer";

interface Queued {
  readonly callback: () => void;
  readonly isTimer: boolean;
}

export class SimProcess {
  readonly world: World;
  /** The same in all lives, e.g. `node-1`. */
  readonly name: string;
  /** 1 in the first life. */
  readonly life: number;
  /** Different in each life, e.g. `node-1#2`. */
  readonly incarnation: string;
  readonly clock: SimClock;
  readonly random: Random;
  private state: "running" | "paused" | "dead" = "running";
  private queued: Queued[] = [];
  private readonly endHandlers = new Set<() => void>();
  private pointsLeft = Infinity;

  constructor(world: World, name: string, life: number) {
    this.world = world;
    this.name = name;
    this.life = life;
    this.incarnation = `${name}#${life}`;
    this.random = world.random(`process ${this.incarnation}`);
    this.clock = new SimClock(this, this.random.whole(0, CLOCK_START_US_MAX));
    this.note(STARTED);
  }

  get isAlive(): boolean {
    return this.state !== "dead";
  }

  get isPaused(): boolean {
    return this.state === "paused";
  }

  /** Runs a callback of the process: now, when it goes on, or never. */
  deliver(callback: () => void, isTimer = false): void {
    if (this.state === "running") callback();
    else if (this.state === "paused") this.queued.push({ callback, isTimer });
  }

  /** Dies at once: its connections close, no callback of it is ever run again. */
  crash(): void {
    if (this.state === "dead") return;
    this.state = "dead";
    this.queued = [];
    this.note(CRASHED);
    this.world.witness.crashed(this);
    const handlers = [...this.endHandlers];
    this.endHandlers.clear();
    for (const handler of handlers) handler();
  }

  /** Dies after passing so many more points at which a port is asked or answers (0: at the next one). */
  crashAfter(points: number): void {
    this.pointsLeft = points;
  }

  /** Has it died of `crashAfter`? */
  get hasPassedAll(): boolean {
    return this.pointsLeft < 0;
  }

  pause(): void {
    if (this.state !== "running") return;
    this.state = "paused";
    this.note(PAUSED);
  }

  /** Goes on. What has come meanwhile comes now, in its order, or all the timers first. */
  resume(): void {
    if (this.state !== "paused") return;
    this.state = "running";
    this.note(RESUMED);
    const { queued } = this;
    this.queued = [];
    const timersFirst = this.random.chance(0.5);
    const inOrder = timersFirst
      ? [...queued.filter(({ isTimer }) => isTimer), ...queued.filter(({ isTimer }) => !isTimer)]
      : queued;
    const { scheduler } = this.world;
    for (const { callback, isTimer } of inOrder) {
      scheduler.after(0, () => this.deliver(callback, isTimer));
    }
  }

  /** For servers and peers: called once when the process dies, outside of it. */
  onEnd(handler: () => void): () => void {
    this.endHandlers.add(handler);
    return () => this.endHandlers.delete(handler);
  }

  /** For adapters: the process passes a point at which it may die. False: it is dead. */
  pass(_point: CrashPoint): boolean {
    if (this.pointsLeft-- <= 0) this.crash();
    return this.state !== "dead";
  }

  private note(kind: ReturnType<typeof noteKind>): void {
    const { trace, scheduler } = this.world;
    trace.note(scheduler.nowUs, kind, this.name, this.life);
  }
}
