/** Everything there is in a run, under one seed and one time. */
import { Network } from "./network.js";
import { SimProcess } from "./process.js";
import { type Random, randomStream } from "./random.js";
import { Scheduler } from "./scheduler.js";
import { Trace } from "./trace.js";
import type { PeerListener } from "./peer-listener.js";
import { SilentWitness, type Witness } from "./witness.js";

/** 14 November 2023: what the servers' clocks show at the start, in microseconds since 1970. */
export const EPOCH_US = 1_700_000_000_000_000;

export interface WorldOptions {
  /** Keeps the log of the run as text too. */
  readonly withText?: boolean;
  /** Hears everything that takes effect. */
  readonly witness?: Witness;
  /** For tests that live in real time. */
  readonly scheduler?: Scheduler;
}

export class World {
  readonly seed: number;
  readonly scheduler: Scheduler;
  readonly trace: Trace;
  readonly network: Network;
  /** Processes that listen, by the addresses that they have given. */
  readonly listeners = new Map<string, PeerListener>();
  /** May be set once, before anything is started. */
  witness: Witness;
  private readonly lives = new Map<string, number>();
  private readonly current = new Map<string, SimProcess>();

  constructor(seed: number, options: WorldOptions = {}) {
    this.seed = seed;
    this.scheduler = options.scheduler ?? new Scheduler();
    this.trace = new Trace(options.withText);
    this.witness = options.witness ?? new SilentWitness();
    this.network = new Network(this.scheduler, this.trace, seed);
  }

  /** A stream of its own; the same name gives the same numbers again. */
  random(name: string): Random {
    return randomStream(this.seed, name);
  }

  /** A new life of a process of this name. */
  start(name: string): SimProcess {
    const process = this.startTwin(name);
    this.current.set(name, process);
    return process;
  }

  /** Another process under a name that is taken, beside the one that has it. */
  startTwin(name: string): SimProcess {
    const life = (this.lives.get(name) ?? 0) + 1;
    this.lives.set(name, life);
    const process = new SimProcess(this, name, life);
    this.witness.started(process);
    return process;
  }

  /** The latest life of each process, in the order of their first starts. */
  get processes(): readonly SimProcess[] {
    return [...this.current.values()];
  }

  /** A server's clock without its own offset, in microseconds since 1970. */
  get wallUs(): number {
    return EPOCH_US + this.scheduler.nowUs;
  }
}
