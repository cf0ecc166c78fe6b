/**
 * One life of another node, as this one sees it: what it has said last, and whether its process has ended. That its address
 * refuses a connection says so only where it has spoken to us over one: else the address may be somebody else's (another
 * machine's loopback), or behind a wall. Who goes on speaking after that has not ended, and is never again believed to have.
 */
import type { Logger } from "pino";
import type { Clock } from "../ports/clock.js";
import type { Peers } from "../ports/peers.js";
import type { Heartbeat } from "./heartbeat.js";
import type { NodeInfo } from "./info.js";
import { LAST_WORDS_MS_MAX, REDIAL_AFTER_MS, REDIALS_COUNTED_MAX } from "./limits.js";

export interface NeighbourDependencies {
  readonly peers: Peers;
  readonly clock: Clock;
  readonly logger: Pick<Logger, "warn">;
  /** Takes what comes over the connection; gives whose word it is, null: nobody's. */
  readonly hear: (data: Uint8Array) => Neighbour | null;
  /** Called when the process turns out to have ended. */
  readonly onEnded: () => void;
}

export class Neighbour {
  readonly incarnation: string;
  /** When it was heard last, on whichever way, and when on the bus. */
  heardAtMs: number;
  heardOnBusAtMs: number;
  last: Heartbeat | null = null;
  private readonly deps: NeighbourDependencies;
  private readonly node: string;
  private readonly address: string;
  /** Has it spoken to us over a connection? */
  private hasSpoken = false;
  private endedAtMs: number | null = null;
  /** Has it spoken again after it was taken for ended? */
  private hasComeBack = false;
  /** Refusals that were not believed. */
  private refusals = 0;
  /** Ends the watch, or the wait for the next. */
  private unwatch: () => void = () => undefined;

  constructor(deps: NeighbourDependencies, node: string, { address, incarnation }: NodeInfo) {
    this.deps = deps;
    this.node = node;
    this.address = address;
    this.incarnation = incarnation;
    this.heardAtMs = deps.clock.now();
    this.heardOnBusAtMs = this.heardAtMs;
    if (address !== "") this.watch();
  }

  get hasEnded(): boolean {
    return this.endedAtMs !== null;
  }

  /** Is there a connection over which it has spoken, as far as is known? */
  get isWired(): boolean {
    return this.hasSpoken && !this.hasEnded && !this.hasComeBack;
  }

  /** Whatever it said lately was not listened to. */
  excuse(): void {
    this.heardAtMs = this.deps.clock.now();
    this.heardOnBusAtMs = this.heardAtMs;
  }

  hearOnBus(): void {
    this.heardOnBusAtMs = this.deps.clock.now();
  }

  /** Takes what it has said, on whichever way. */
  hear(heartbeat: Heartbeat): void {
    const nowMs = this.deps.clock.now();
    if (this.endedAtMs !== null) {
      // What it said before its end may come late.
      if (nowMs - this.endedAtMs <= LAST_WORDS_MS_MAX) return;
      this.endedAtMs = null;
      this.hasComeBack = true;
      this.watchLater();
    }
    this.heardAtMs = nowMs;
    this.last = heartbeat;
  }

  stop(): void {
    this.unwatch();
  }

  private watch(): void {
    this.unwatch = this.deps.peers.watch(this.address, {
      heard: (data) => {
        if (this.deps.hear(data) === this) this.hasSpoken = true;
      },
      gone: () => this.refused(),
    });
  }

  private refused(): void {
    if (!this.hasSpoken || this.hasComeBack) return this.watchLater();
    this.endedAtMs = this.deps.clock.now();
    this.deps.onEnded();
  }

  /** Who cannot be reached may be heard on the bus all the same; its silence there is a death, too, only a later one. */
  private watchLater(): void {
    const { clock, logger } = this.deps;
    if (this.refusals === 0) {
      const { node, address } = this;
      logger.warn(
        { node, address },
        "its address refuses connections; only its silence will tell of its end",
      );
    }
    const waitMs = REDIAL_AFTER_MS * 2 ** Math.min(this.refusals, REDIALS_COUNTED_MAX);
    this.refusals += 1;
    this.unwatch = clock.after(waitMs, () => this.watch());
  }
}
