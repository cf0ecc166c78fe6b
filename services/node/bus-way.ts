/**
 * A node's way over NATS: that its server answers is not enough, for one that is cut off from the others of its cluster answers, too. So where
 * somebody who is well is not heard on the bus, JetStream is asked: who has no answer is on the side that has none to give. But a leader of JetStream that
 * was cut off with its server answers for up to twenty seconds more, and those who will elect another have none till then. So an answer is believed
 * at once only by who hears more of the others than he misses. That one's own words come back says that nobody else is silent only because the bus is.
 */
import type { Clock } from "../ports/clock.js";
import {
  JUDGES_AFTER_MS,
  JUDGES_WITHIN_MS,
  MISSED_AFTER_MS,
  STALE_ANSWERS_MS_MAX,
} from "./limits.js";
import { type JudgesLimit, Reach } from "./reach.js";

/** Another node that is alive by some other way, and says that its own server answers it. */
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
  /** Since when every question was answered in time. */
  private answeredSinceMs = -Infinity;
  private missed: readonly Voter[] = [];
  /** Is nobody else heard there, or no more than are missed? */
  private isAlone = false;
  private goodSinceMs = -Infinity;
  private isAsking = false;

  constructor(deps: BusWayDependencies) {
    this.deps = deps;
    this.reach = new Reach(deps.clock, deps.roundTrip);
  }

  probe(): void {
    this.reach.probe();
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
    const nowMs = clock.now();
    const missed = voters.filter((each) => nowMs - each.heardOnBusAtMs > MISSED_AFTER_MS);
    const isMissed = missed.length > 0;
    this.missed = missed;
    this.isAlone = missed.length >= 1 + voters.length - missed.length;
    if (!isMissed) this.answered();
    if (!isMissed || this.missedSinceMs === null) this.answeredSinceMs = nowMs;
    const heardAtMs = Math.min(...missed.map(({ heardOnBusAtMs }) => heardOnBusAtMs));
    this.missedSinceMs = isMissed ? heardAtMs : null;
    // Whoever could not be sure begins anew when he is.
    if (!this.isBelieved) this.goodSinceMs = nowMs;
    if (!isMissed || this.isAsking) return;
    this.isAsking = true;
    void streamsAnswer().then((isAnswered) => {
      this.isAsking = false;
      if (isAnswered) this.answered();
    });
  }

  private answered(): void {
    const nowMs = this.deps.clock.now();
    if (this.apartForMs > JUDGES_WITHIN_MS) {
      this.goodSinceMs = nowMs;
      this.answeredSinceMs = nowMs;
    }
    this.answeredAtMs = nowMs;
  }

  /** May it be believed that this is the side that has streams? */
  private get isBelieved(): boolean {
    if (this.missedSinceMs === null || !this.isAlone) return true;
    return this.deps.clock.now() - this.answeredSinceMs >= STALE_ANSWERS_MS_MAX;
  }

  /** Is somebody who is not heard here for so long on the other side, by the answers and by those who are heard? */
  isSureToMiss(voter: Voter): boolean {
    if (!this.missed.includes(voter)) return false;
    const isGood = this.goodForMs(JUDGES_WITHIN_MS) > JUDGES_AFTER_MS;
    return isGood && this.deps.clock.now() - voter.heardOnBusAtMs > JUDGES_AFTER_MS;
  }

  /** For how long it seems to be on the side of a bus in two that has no streams. */
  private get apartForMs(): number {
    if (this.missedSinceMs === null) return 0;
    return this.deps.clock.now() - Math.max(this.missedSinceMs, this.answeredAtMs);
  }

  /** Is it JetStream that does not answer, where the server does? */
  get isApart(): boolean {
    return this.apartForMs > this.reach.badForMs;
  }

  /** For how long it has been bad, in milliseconds; about 0: it is good. */
  get badForMs(): number {
    return Math.max(this.reach.badForMs, this.apartForMs);
  }

  /** For how long no answer has taken longer than a limit, in milliseconds; 0 also where its answers are not to be believed yet. */
  goodForMs(limitMs: JudgesLimit): number {
    if (this.apartForMs > limitMs || !this.isBelieved) return 0;
    return Math.min(this.reach.goodForMs(limitMs), this.deps.clock.now() - this.goodSinceMs);
  }
}
