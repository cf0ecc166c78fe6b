/**
 * The standbys of a node have a few milliseconds of each turn of its event loop, all of them together, and who has more to do
 * waits in line: what the node leads comes in between, however many they are.
 */
import type { Clock } from "../ports/clock.js";
import { FOLLOWING_TURN_MS_MAX } from "./limits.js";

export class FollowingTurns {
  private readonly clock: Clock;
  private readonly line: (() => void)[] = [];
  private isOpen = false;
  private untilMs = 0;

  constructor(clock: Clock) {
    this.clock = clock;
  }

  /** Is the time of this turn over? */
  get isOver(): boolean {
    this.open();
    return this.clock.now() >= this.untilMs;
  }

  /** Calls back in a later turn, when all who asked before have had theirs. */
  queue(go: () => void): void {
    this.line.push(go);
    this.open();
  }

  private open(): void {
    if (this.isOpen) return;
    this.isOpen = true;
    this.untilMs = this.clock.now() + FOLLOWING_TURN_MS_MAX;
    this.clock.soon(() => this.next());
  }

  private next(): void {
    this.isOpen = false;
    const go = this.line.shift();
    if (!go) return;
    this.open();
    go();
  }
}
