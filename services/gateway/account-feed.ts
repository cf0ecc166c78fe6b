/**
 * One account of one subscription: first what the journal holds, then what is said, with no gap and nothing twice (R9).
 * What is said while the journal is read is kept, up to a limit; where it does not continue, the journal is read on.
 */
import type { QueuedEvent } from "./event-writer.js";
import { BUFFERED_BLOCKS_MAX } from "./limits.js";
import type { Block } from "./shard-events.js";
import type { Subscriber } from "./subscriptions.js";

export class AccountFeed implements Subscriber {
  readonly account: number;
  private readonly push: (event: QueuedEvent) => void;
  private readonly onBehind: (feed: AccountFeed) => void;
  private nextSequence = 0;
  private isLive = false;
  private buffered: Block[] = [];
  /** Was something said that is no longer buffered? Then the journal has it. */
  private hasDropped = false;

  /** `onBehind` asks for the journal to be read from `next` on. */
  constructor(
    account: number,
    push: (event: QueuedEvent) => void,
    onBehind: (feed: AccountFeed) => void,
  ) {
    this.account = account;
    this.push = push;
    this.onBehind = onBehind;
  }

  /** The first sequence that is not delivered yet. */
  get next(): number {
    return this.nextSequence;
  }

  get bufferedBlocks(): number {
    return this.buffered.length;
  }

  /** Says where to begin. What was said since this was subscribed is buffered. */
  begin(sequence: number): void {
    this.nextSequence = sequence;
  }

  take(block: Block): void {
    if (!this.isLive) return this.keep(block);
    if (block.first <= this.nextSequence) return this.deliver(block);
    this.isLive = false;
    this.keep(block);
    this.onBehind(this);
  }

  deliver(block: Block): void {
    const { account, first, token, time } = block;
    for (let n = this.nextSequence - first; n < block.events.length; n++) {
      this.push({ account, sequence: first + n, token, time, event: block.events[n]! });
    }
    this.nextSequence = Math.max(this.nextSequence, first + block.events.length);
  }

  /** The journal has nothing more: goes on with what was said since. False: there is a gap, read on. */
  join(): boolean {
    const buffered = this.buffered;
    this.buffered = [];
    if (this.hasDropped) {
      this.hasDropped = false;
      return false;
    }
    for (let n = 0; n < buffered.length; n++) {
      if (buffered[n]!.first > this.nextSequence) {
        this.buffered = buffered.slice(n);
        return false;
      }
      this.deliver(buffered[n]!);
    }
    this.isLive = true;
    return true;
  }

  private keep(block: Block): void {
    if (this.buffered.length >= BUFFERED_BLOCKS_MAX) {
      this.buffered = [];
      this.hasDropped = true;
    }
    this.buffered.push(block);
  }
}
