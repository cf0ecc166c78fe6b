/**
 * Things of a state whose part in its hash is brought up to date when somebody asks for the hash, once for all that a batch has
 * changed of them. What a thing has added to the sums stays with it, to be taken out again, so it does not matter whether
 * it is touched before it changes or after, as long as both come before the next `settle`.
 */
import { StateHash } from "./hash.js";

export interface Hashed {
  /** What it has added to the sums. */
  lowHash: number;
  highHash: number;
  /** Has it changed since? */
  isStale: boolean;
}

/** Of a thing that has added nothing yet. */
export const UNHASHED: Readonly<Hashed> = { lowHash: 0, highHash: 0, isStale: false };

export class LateHash<Thing extends Hashed> {
  private readonly sum: StateHash;
  private readonly addTo: (hash: StateHash, thing: Thing) => void;
  private readonly own = new StateHash();
  private stale: Thing[] = [];

  /** `addTo` adds what a thing is now; nothing, when it is no part of the state any more. */
  constructor(sum: StateHash, addTo: (hash: StateHash, thing: Thing) => void) {
    this.sum = sum;
    this.addTo = addTo;
  }

  /** The thing is new, or changes. */
  touch(thing: Thing): void {
    if (thing.isStale) return;
    thing.isStale = true;
    this.stale.push(thing);
  }

  /** Brings the sum up to date. */
  settle(): void {
    const { sum, own } = this;
    for (const thing of this.stale) {
      own.reset();
      this.addTo(own, thing);
      sum.addSums(own.low - thing.lowHash, own.high - thing.highHash);
      thing.lowHash = own.low;
      thing.highHash = own.high;
      thing.isStale = false;
    }
    this.stale = [];
  }
}
