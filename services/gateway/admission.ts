/**
 * How many commands may wait for one receiver's answer. By Little's law a receiver that answers so many a second makes
 * the last of a queue wait for the queue's length divided by that; so the bound on the queue is the rate that was measured
 * times the wait that is allowed, and follows the receiver when that becomes slower. Each gateway measures its own answers,
 * and so has its own share of a receiver that several send to.
 *
 * A rate says what a receiver can do only while its queue is never empty, so only such times are measured; and while it
 * keeps up with what is asked of it, a low rate says only that little was asked. Nothing is learned of a receiver that
 * answers nothing (its leader changes): as many commands as before wait for it.
 *
 * A receiver answers in batches, so even a single command is not answered at once. Where that takes long, a short wait would
 * allow only small batches, these a low rate, and that a shorter queue still. So four times what a command waits behind an
 * empty queue is allowed in any case: who comes in the middle of a batch waits for two, which may be twice as long as the least.
 */
import { QUEUES } from "../common/queues.js";
import type { Clock } from "../ports/clock.js";
import { PENDING_COMMANDS_PER_RECEIVER_MAX } from "./limits.js";

const MS_PER_SECOND = 1_000;

/** How long the last command of the queue shall wait: the first, or four times the wait of one, up to the second. */
export const TARGET_WAIT_MS = 200;
export const TARGET_WAIT_MS_MAX = 600;
const TARGET_OF_ONE = 4;
/** What each observation of the wait of one counts for. */
const WAIT_OF_ONE_GAIN = 0.3;
/** It is the least of so many: one and another may wait for the next leader, or for what other gateways have sent. */
const WAITS_OF_ONE = 4;
/** What a receiver is taken to answer while nobody knows better, in commands a second. */
export const ANSWERS_PER_SECOND_AT_FIRST =
  (QUEUES["gateway-waiting"].limit * MS_PER_SECOND) / TARGET_WAIT_MS;
/** However slow the receiver is. */
export const WAITING_COMMANDS_MIN = 100;
/** What was refused is refused until the queue has come down to this part of its bound. */
const TAKEN_AGAIN_AT = 0.9;
/**
 * A client is not read, or its calls are refused, while it has so many times what is free waiting: alone four fifths of the bound, of two
 * four ninths each. This part of the bound it has in any case, so ten and more clients can be too much, and are refused.
 */
const CLIENT_OF_FREE = 4;
const CLIENT_SHARE_MIN = 0.1;
/** Cancels and the like may wait in a queue that is so many times as long: an overloaded exchange lets people out. */
export const HIGH_PRIORITY_FACTOR = 4;

/** The rate is measured over so long at least, and each measurement counts for so much of it. */
export const MEASURED_MS = 100;
/** Answers that are no further apart are of one batch. */
const APART_MS = 2;
const GAIN = 0.2;
/** Of one during which nobody was answered within twice the target: the estimate is far off. */
const GAIN_WHEN_LATE = 0.5;
/** So much of the way back to what it was at first, each time that the receiver has kept up. */
const FORGETTING = 0.02;

/** Before it is spread. */
export const RETRY_MS_MIN = 10;
export const RETRY_MS_MAX = 1_000;

const FIRST_PER_MS = ANSWERS_PER_SECOND_AT_FIRST / MS_PER_SECOND;

/** `normal` may be refused early: new orders and amends. `high` is what ends orders, and what operators say and ask. */
export type Priority = "normal" | "high";

export class Admission {
  private readonly clock: Pick<Clock, "now">;
  private perMs = FIRST_PER_MS;
  private waitOfOneMs = TARGET_WAIT_MS / TARGET_OF_ONE;
  private lastWaitsOfOneMs: readonly number[] = [this.waitOfOneMs];
  private isShedding = false;
  /** Is the next answer one to a queue that was empty? */
  private isFirst = true;
  /** Since the last measurement: when it was, the answers, the shortest wait for one, and whether anything was refused. */
  private measuredAtMs: number;
  private answers = 0;
  private answeredAtMs = 0;
  /** Since when answers have come without a pause. */
  private togetherSinceMs = 0;
  private shortestMs = Infinity;
  private hasRefused = false;

  constructor(clock: Pick<Clock, "now">) {
    this.clock = clock;
    this.measuredAtMs = clock.now();
  }

  get answersPerSecond(): number {
    return this.perMs * MS_PER_SECOND;
  }

  /** How long the last of the queue may wait. */
  get targetMs(): number {
    const target = Math.max(TARGET_WAIT_MS, this.waitOfOneMs * TARGET_OF_ONE);
    return Math.min(target, TARGET_WAIT_MS_MAX);
  }

  /** Commands that may wait for an answer. */
  limit(priority: Priority): number {
    const inTime = Math.max(WAITING_COMMANDS_MIN, Math.round(this.perMs * this.targetMs));
    const factor = priority === "high" ? HIGH_PRIORITY_FACTOR : 1;
    return Math.min(inTime * factor, PENDING_COMMANDS_PER_RECEIVER_MAX);
  }

  /** May a client add one more to its own that wait, of so many of all? */
  hasRoom(ofClient: number, waiting: number, priority: Priority = "normal"): boolean {
    const limit = this.limit(priority);
    return ofClient < Math.max(limit * CLIENT_SHARE_MIN, CLIENT_OF_FREE * (limit - waiting));
  }

  /** Whether one more may wait besides so many: 0, or when to try again, which is when these are answered. */
  retryMs(waiting: number, priority: Priority): number {
    if (waiting === 0) {
      const { hasRefused } = this;
      this.measureIfDue();
      this.begin(hasRefused);
    }
    const limit = this.limit(priority);
    if (priority === "high") return waiting < limit ? 0 : this.refuse(waiting);
    if (waiting >= limit) this.isShedding = true;
    else if (waiting <= limit * TAKEN_AGAIN_AT) this.isShedding = false;
    return this.isShedding ? this.refuse(waiting) : 0;
  }

  /** The receiver has answered a command that has waited so long. */
  answered(waitedMs: number): void {
    if (this.isFirst) this.seeWaitOfOne(waitedMs);
    this.isFirst = false;
    const now = this.clock.now();
    const isTogether = now - this.answeredAtMs < APART_MS;
    if (!isTogether || now - this.togetherSinceMs >= MEASURED_MS) {
      this.measureIfDue();
      this.togetherSinceMs = now;
    }
    this.answers += 1;
    this.answeredAtMs = now;
    this.shortestMs = Math.min(this.shortestMs, waitedMs);
  }

  /**
   * A measurement ends with the last answer of a batch, so that none is divided by the wait for the rest of it; where answers
   * come without a pause, wherever it is due.
   */
  private measureIfDue(): void {
    const elapsedMs = this.answeredAtMs - this.measuredAtMs;
    if (this.answers > 0 && elapsedMs >= MEASURED_MS) this.measure(elapsedMs);
  }

  private refuse(waiting: number): number {
    this.hasRefused = true;
    const drainedMs = Math.ceil(waiting / this.perMs);
    return Math.min(Math.max(drainedMs, RETRY_MS_MIN), RETRY_MS_MAX);
  }

  /**
   * The queue is empty: what follows is measured from its first command on. Where some were refused it was empty for a moment
   * only, when a short queue was answered all at once; to begin anew each time would never measure that it may be longer. Nor is what
   * comes next alone then: it waits for the commands of other gateways.
   */
  private begin(hasRefused: boolean): void {
    const now = this.clock.now();
    if (hasRefused && now - this.answeredAtMs < MEASURED_MS) return;
    this.isFirst = true;
    if (now - this.measuredAtMs >= MEASURED_MS) this.forget();
    this.startAt(now);
  }

  private seeWaitOfOne(waitedMs: number): void {
    this.lastWaitsOfOneMs = [...this.lastWaitsOfOneMs, waitedMs].slice(-WAITS_OF_ONE);
    this.learnWaitOfOne(Math.min(...this.lastWaitsOfOneMs));
  }

  private learnWaitOfOne(waitedMs: number): void {
    this.waitOfOneMs += (waitedMs - this.waitOfOneMs) * WAIT_OF_ONE_GAIN;
  }

  private measure(elapsedMs: number): void {
    const perMs = this.answers / elapsedMs;
    const isBusy = this.hasRefused || this.shortestMs > this.targetMs;
    const gain = this.shortestMs > 2 * this.targetMs ? GAIN_WHEN_LATE : GAIN;
    if (this.shortestMs < this.waitOfOneMs) this.learnWaitOfOne(this.shortestMs);
    if (isBusy || perMs > this.perMs) this.perMs += (perMs - this.perMs) * gain;
    else this.forget();
    this.startAt(this.measuredAtMs + elapsedMs);
  }

  private startAt(nowMs: number): void {
    this.measuredAtMs = nowMs;
    this.answers = 0;
    this.shortestMs = Infinity;
    this.hasRefused = false;
  }

  /** What was slow once need not be so for ever. */
  private forget(): void {
    if (this.perMs < FIRST_PER_MS) this.perMs += (FIRST_PER_MS - this.perMs) * FORGETTING;
  }
}
