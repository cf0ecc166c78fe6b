/** What happened in a drill, and when: who takes part in it writes it down as it happens. */

/** What is told of a round; the words of the page (`chaos/page`) are of these. */
export type TimelineKind =
  /** A round began: the exchange is waited for until it is whole. */
  | "began"
  /** The blow, with what and whom. */
  | "struck"
  /** It is proved that the fault did what it is for. */
  | "bitten"
  /** The fault is taken away. */
  | "healed"
  /** Whoever moved and stood still for longest applied nothing from here on; */
  | "still"
  /** and again from here on. */
  | "again"
  /** The first fill of an order that was sent after the blow (or after the healing, where nobody can trade before). */
  | "resumed"
  /** Such a fill on each symbol that was struck, from each ledger shard. */
  | "allResumed"
  /** Everything is whole again, and the round is over. */
  | "whole";

export interface TimelineEvent {
  readonly kind: TimelineKind;
  readonly round: number;
  /** Milliseconds since the drill began. */
  readonly atMs: number;
  /** What, and whom; empty where the kind says it all. */
  readonly what: string;
  /** Which of the round's faults it is about; absent: there is one, or it is about all. */
  readonly of?: string;
}

const TENTHS = 10;

export class Timeline {
  private startedMs = performance.now();
  private taken: TimelineEvent[] = [];
  private round = 0;

  get events(): readonly TimelineEvent[] {
    return this.taken;
  }

  /** When it began, in milliseconds since 1970, by the clock of the clients' logs. */
  get startedAt(): number {
    return performance.timeOrigin + this.startedMs;
  }

  /** How long the drill lasts by now. */
  get elapsedMs(): number {
    return this.since(performance.now());
  }

  /** Begins anew, for the next drill. */
  begin(): void {
    this.startedMs = performance.now();
    this.taken = [];
    this.round = 0;
  }

  beginRound(): void {
    this.round += 1;
    this.add("began");
  }

  /** `nowMs`: when it happened (of `performance.now`), if that is not now. */
  add(kind: TimelineKind, what = "", nowMs = performance.now(), of?: string): void {
    const event = { kind, round: this.round, atMs: this.since(nowMs), what };
    this.taken.push(of === undefined ? event : { ...event, of });
  }

  private since(nowMs: number): number {
    return Math.round((nowMs - this.startedMs) * TENTHS) / TENTHS;
  }
}
