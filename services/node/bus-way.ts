/**
 * A node's way over the bus: that its server answers is not enough, for a server that is cut off from the others of its cluster
 * answers, too. One's own words come back over it, and more of the others' than not are heard there.
 */
import type { Clock } from "../ports/clock.js";
import { SUSPECT_AFTER_MS, TICK_LATE_MS } from "./limits.js";
import { Reach } from "./reach.js";

/** Another node that is alive by some other way, and says that its own way over the bus is good. */
export interface Voter {
  readonly heardOnBusAtMs: number;
}

export class BusWay {
  private readonly clock: Clock;
  private readonly reach: Reach;
  private echoAtMs = -Infinity;
  /** Since when one's own words have come back without a gap. */
  private echoSinceMs = Infinity;
  /** Since when too few of the others are heard; null: enough are. */
  private apartSinceMs: number | null = null;
  private togetherSinceMs = -Infinity;

  constructor(clock: Clock, roundTrip: () => Promise<unknown>) {
    this.clock = clock;
    this.reach = new Reach(clock, roundTrip);
  }

  probe(limitMs: number): void {
    this.reach.probe(limitMs);
  }

  /** Takes note that one's own word has come back. */
  echo(): void {
    const nowMs = this.clock.now();
    if (nowMs - this.echoAtMs > TICK_LATE_MS) this.echoSinceMs = nowMs;
    this.echoAtMs = nowMs;
  }

  /** For how long somebody who is heard on the bus alone has said nothing, in milliseconds: while nothing came over it, nobody was silent. */
  silenceMs(heardAtMs: number): number {
    return this.echoAtMs - Math.max(heardAtMs, this.echoSinceMs);
  }

  /**
   * Looks who of the others is heard on the bus. Where fewer are than not, this node is on the smaller side of a bus that is in
   * two; where as many are, nobody knows which side is the better, and nobody moves.
   */
  vote(voters: readonly Voter[]): void {
    const nowMs = this.clock.now();
    const missed = voters.filter((each) => nowMs - each.heardOnBusAtMs > SUSPECT_AFTER_MS);
    const heard = 1 + voters.length - missed.length;
    if (heard >= missed.length) {
      if (this.apartSinceMs !== null) this.togetherSinceMs = nowMs;
      this.apartSinceMs = null;
      return;
    }
    this.apartSinceMs ??= nowMs - SUSPECT_AFTER_MS;
  }

  /** For how long it has been bad, in milliseconds; 0: it is good. */
  get badForMs(): number {
    const apartForMs = this.apartSinceMs === null ? 0 : this.clock.now() - this.apartSinceMs;
    return Math.max(this.reach.badForMs, apartForMs);
  }

  /** For how long no answer has taken longer than a limit, and enough of the others were heard, in milliseconds. */
  goodForMs(limitMs: number): number {
    if (this.apartSinceMs !== null) return 0;
    return Math.min(this.reach.goodForMs(limitMs), this.clock.now() - this.togetherSinceMs);
  }
}
