/**
 * A node's way over NATS: that its server answers is not enough, for one that is cut off from the others of its cluster answers, too. So where
 * somebody who is well is not heard on the bus, JetStream is asked: of a cluster in two only one side answers, the one that still
 * has streams to give. That one's own words come back says that nobody else is silent only because the bus is.
 */
import type { Clock } from "../ports/clock.js";
import { JUDGES_WITHIN_MS, MISSED_AFTER_MS } from "./limits.js";
import { Reach } from "./reach.js";

/** Another node that is alive by some other way, and says that its own way over the bus is good. */
export interface Voter {
  readonly heardOnBusAtMs: number;
}

export interface BusWayDependencies {
  readonly clock: Clock;
  readonly roundTrip: () => Promise<unknown>;
  /** Does anybody answer questions about streams? */
  readonly streamsAnswer: () => Promise<boolean>;
}

export class BusWay {
  private readonly deps: BusWayDependencies;
  private readonly reach: Reach;
  /** When a word was said behind the last that came back; null: none was. */
  private saidAtMs: number | null = null;
  private echoAtMs = -Infinity;
  /** Since when one's own words have come back in time. */
  private echoSinceMs = Infinity;
  /** Since when somebody is not heard on the bus who should be; null: all are. */
  private missedSinceMs: number | null = null;
  private answeredAtMs = -Infinity;
  private goodSinceMs = -Infinity;
  private isAsking = false;

  constructor(deps: BusWayDependencies) {
    this.deps = deps;
    this.reach = new Reach(deps.clock, deps.roundTrip);
  }

  probe(limitMs: number): void {
    this.reach.probe(limitMs);
  }

  /** Takes note that a word of one's own was said on it. */
  said(): void {
    this.saidAtMs ??= this.deps.clock.now();
  }

  /** Takes note that one's own word has come back. Who was late himself had said nothing that could. */
  echo(): void {
    const nowMs = this.deps.clock.now();
    const isLate = nowMs - (this.saidAtMs ?? nowMs) > MISSED_AFTER_MS;
    if (isLate || this.echoSinceMs === Infinity) this.echoSinceMs = nowMs;
    this.saidAtMs = null;
    this.echoAtMs = nowMs;
  }

  /** For how long somebody who is heard on the bus alone has said nothing, in milliseconds: while nothing came over it, nobody was silent. */
  silenceMs(heardAtMs: number): number {
    return this.echoAtMs - Math.max(heardAtMs, this.echoSinceMs);
  }

  /** Looks who of the others is not heard on the bus, and asks JetStream if anybody is not. */
  look(voters: readonly Voter[]): void {
    const { clock, streamsAnswer } = this.deps;
    const heardAtMs = Math.min(...voters.map(({ heardOnBusAtMs }) => heardOnBusAtMs));
    const isMissed = clock.now() - heardAtMs > MISSED_AFTER_MS && voters.length > 0;
    if (!isMissed) this.answered();
    this.missedSinceMs = isMissed ? heardAtMs : null;
    if (!isMissed || this.isAsking) return;
    this.isAsking = true;
    void streamsAnswer().then((isAnswered) => {
      this.isAsking = false;
      if (isAnswered) this.answered();
    });
  }

  private answered(): void {
    if (this.apartForMs > JUDGES_WITHIN_MS) this.goodSinceMs = this.deps.clock.now();
    this.answeredAtMs = this.deps.clock.now();
  }

  /** For how long it seems to be on the side of a bus in two that has no streams. */
  private get apartForMs(): number {
    if (this.missedSinceMs === null) return 0;
    return this.deps.clock.now() - Math.max(this.missedSinceMs, this.answeredAtMs);
  }

  /** For how long it has been bad, in milliseconds; about 0: it is good. */
  get badForMs(): number {
    return Math.max(this.reach.badForMs, this.apartForMs);
  }

  /** For how long no answer has taken longer than a limit, in milliseconds. */
  goodForMs(limitMs: number): number {
    if (this.apartForMs > limitMs) return 0;
    return Math.min(this.reach.goodForMs(limitMs), this.deps.clock.now() - this.goodSinceMs);
  }
}
