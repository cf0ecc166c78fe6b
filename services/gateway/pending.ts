/**
 * A gateway's commands to one receiver (R4): numbered without a gap, framed, and kept until the receiver has committed
 * them, to be sent again under the same numbers. Beside them whoever waits for an answer; an answer may come before
 * the receiver's mark or after it.
 */
import { encodeFrame, stampToken } from "../../actors/kernel/frame.js";
import type { PairReply } from "../../actors/ledger/account-events.js";
import { FRAME_BYTES_MAX, FRAME_COMMANDS_MAX } from "../../actors/kernel/limits.js";

/** A frame's bytes besides its commands, and a command's besides its payload, at most. */
const FRAME_HEAD_BYTES = 64;
const COMMAND_HEAD_BYTES = 8;

/** What a receiver said about a command. */
export interface Answer {
  readonly account: number;
  readonly code: number;
  /** The order that the command made or was about; 0: none. */
  readonly orderId: number;
  /** The number of the answering event in the account's sequence; 0: it took none. */
  readonly sequence: number;
  /** The receiver's fencing token. */
  readonly token: number;
  readonly repeated: boolean;
  /** How many orders the command was passed on for, where it was about many. */
  readonly orders: number;
  /** Of a pair; the rest is about its first order, then. */
  readonly pair?: PairReply;
}

/** Called once: with the answer, or with null when nobody answered in time. */
export type Waiter = (answer: Answer | null) => void;

/** Somebody who waits for an answer, until when; on the monotonic clock, in milliseconds. */
export interface Waiting {
  readonly waiter: Waiter;
  readonly giveUpAtMs: number;
}

/** Called once: true when the receiver has committed the command, false when it has not in time. */
export type Confirmer = (isCommitted: boolean) => void;

export interface PendingFrame {
  readonly first: number;
  readonly last: number;
  readonly bytes: Uint8Array;
  /** On the monotonic clock, in milliseconds. */
  sentAtMs: number;
}

export class Pending {
  private readonly source: number;
  private readonly token: number;
  /** Commands that are numbered and not framed yet; the last of them has the number `lastNumber`. */
  private gathered: Uint8Array[] = [];
  private frames: PendingFrame[] = [];
  private lastNumber = 0;
  private confirmed = 0;
  /** In the order of their numbers, and so of their time. */
  private readonly waiters = new Map<number, Waiting>();
  /** Of receivers that answer nobody: whoever waits until the command is committed, in the order of the numbers. */
  private confirmers: { number: number; confirmer: Confirmer; giveUpAtMs: number }[] = [];

  constructor(source: number, token: number) {
    this.source = source;
    this.token = token;
  }

  /** Commands that are kept: not confirmed, or not answered, whichever are more. */
  get size(): number {
    return Math.max(this.lastNumber - this.confirmed, this.waiters.size);
  }

  /** Commands that somebody waits for the answer to. */
  get waiting(): number {
    return this.waiters.size;
  }

  get hasGathered(): boolean {
    return this.gathered.length > 0;
  }

  get hasWaiters(): boolean {
    return this.waiters.size > 0 || this.confirmers.length > 0;
  }

  /** Numbers a command. Without a waiter nobody wants an answer. */
  add(payload: Uint8Array, waiter: Waiter | null, giveUpAtMs: number): number {
    this.lastNumber += 1;
    this.gathered.push(payload);
    if (waiter) this.waiters.set(this.lastNumber, { waiter, giveUpAtMs });
    return this.lastNumber;
  }

  /** Calls back when the command that was numbered last is committed. */
  whenConfirmed(confirmer: Confirmer, giveUpAtMs: number): void {
    this.confirmers.push({ number: this.lastNumber, confirmer, giveUpAtMs });
  }

  /** The next frame of gathered commands, as many as fit; null when nothing is gathered. */
  takeFrame(nowMs: number): PendingFrame | null {
    if (this.gathered.length === 0) return null;
    const count = this.countThatFits();
    const first = this.lastNumber - this.gathered.length + 1;
    const bytes = encodeFrame(this.source, first, this.gathered.slice(0, count));
    stampToken(bytes, this.token);
    this.gathered = this.gathered.slice(count);
    const frame = { first, last: first + count - 1, bytes, sentAtMs: nowMs };
    this.frames.push(frame);
    return frame;
  }

  /** Takes the waiter of a command away; undefined when it was answered before or nobody waits. */
  takeWaiter(number: number): Waiting | undefined {
    const found = this.waiters.get(number);
    this.waiters.delete(number);
    return found;
  }

  /**
   * The receiver has committed the commands up to a number; frames that lie below it are forgotten. False: there is no
   * such number, so whoever says so is not our receiver.
   */
  confirm(number: number): boolean {
    if (number > this.lastNumber) return false;
    if (number <= this.confirmed) return true;
    this.confirmed = number;
    let done = 0;
    while (done < this.frames.length && this.frames[done]!.last <= number) done += 1;
    if (done > 0) this.frames = this.frames.slice(done);
    this.endConfirmers((each) => each.number <= number, true);
    return true;
  }

  /** Kept frames that hold commands from a number on, oldest first. */
  framesFrom(number: number, framesMax: number): PendingFrame[] {
    const from = this.frames.findIndex((frame) => frame.last >= number);
    return from < 0 ? [] : this.frames.slice(from, from + framesMax);
  }

  /** Kept frames, oldest first, if the oldest was sent before a moment. */
  overdue(sentBeforeMs: number, framesMax: number): PendingFrame[] {
    const oldest = this.frames[0];
    if (!oldest || oldest.sentAtMs > sentBeforeMs) return [];
    return this.frames.slice(0, framesMax).filter((frame) => frame.sentAtMs <= sentBeforeMs);
  }

  /** Tells those who wait for a commit that their time is over. */
  expireConfirmers(nowMs: number): void {
    this.endConfirmers((each) => each.giveUpAtMs <= nowMs, false);
  }

  /** Waiters whose time is over. */
  takeExpired(nowMs: number): Waiter[] {
    const expired: Waiter[] = [];
    for (const [number, { waiter, giveUpAtMs }] of this.waiters) {
      if (giveUpAtMs > nowMs) break;
      this.waiters.delete(number);
      expired.push(waiter);
    }
    return expired;
  }

  private endConfirmers(
    isOver: (each: { number: number; giveUpAtMs: number }) => boolean,
    isCommitted: boolean,
  ): void {
    if (this.confirmers.length === 0) return;
    const over = this.confirmers.filter(isOver);
    this.confirmers = this.confirmers.filter((each) => !isOver(each));
    for (const { confirmer } of over) confirmer(isCommitted);
  }

  private countThatFits(): number {
    let bytes = FRAME_HEAD_BYTES;
    let count = 0;
    while (count < this.gathered.length && count < FRAME_COMMANDS_MAX) {
      bytes += this.gathered[count]!.length + COMMAND_HEAD_BYTES;
      if (bytes > FRAME_BYTES_MAX && count > 0) break;
      count += 1;
    }
    return count;
  }
}
