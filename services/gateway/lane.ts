/**
 * The way to one receiver's inbox: commands of one turn of the event loop go into one frame, few frames are on their way
 * at a time, and what is not confirmed is sent again when it is asked for, when the receiver has moved, or by time.
 * A frame that the log refuses keeps its numbers and is sent again: numbers are never left out (R4).
 */
import type { Logger } from "pino";
import type { Clock } from "../ports/clock.js";
import { type Log, LogRefusedError } from "../ports/log.js";
import { Admission, type Priority } from "./admission.js";
import type { Leaders } from "./leaders.js";
import {
  ANSWER_MS_MAX,
  FRAMES_IN_FLIGHT_MAX,
  PENDING_COMMANDS_PER_RECEIVER_MAX,
  PUBLISHES_IN_FLIGHT_MAX,
  RESEND_AFTER_MS,
  RESEND_FRAMES_MAX,
  RETRY_WHEN_FULL_MS,
  STREAM_FULL_PAUSE_MS,
  STREAM_FULL_RETURN_MS,
} from "./limits.js";
import * as metrics from "./metrics.js";
import { Overload, RetrySpread, retryMsAt, returnMsAt } from "./overload.js";
import { type Answer, type Confirmer, Pending, type PendingFrame, type Waiter } from "./pending.js";
import { type CommandRefusal, exhausted, noLeader } from "./refusal.js";

export interface LaneDependencies {
  readonly log: Log;
  readonly clock: Clock;
  readonly leaders: Leaders;
  readonly logger: Logger;
}

export class Lane {
  readonly receiver: number;
  private readonly deps: LaneDependencies;
  private readonly pending: Pending;
  private readonly admission: Admission;
  private readonly overload: Overload;
  /** Of what is told when there is room for nothing, whatever its priority. */
  private readonly spread = new RetrySpread();
  /** Frames on their way to the inbox of an anchor: those to one before it do not hold up others. */
  private way = { anchor: 0, inFlight: 0 };
  private fullUntilMs = 0;
  /** Did the log refuse what was sent last? It is said once, until it takes something again. */
  private isRefused = false;
  /** Was a mark of what was never sent heard? Anybody can say anything on the bus: it is said once, and counted each time. */
  private hasForged = false;

  constructor(receiver: number, source: number, token: number, deps: LaneDependencies) {
    this.receiver = receiver;
    this.deps = deps;
    this.pending = new Pending(source, token);
    this.admission = new Admission(deps.clock);
    this.overload = new Overload(deps.clock);
  }

  get size(): number {
    return this.pending.size;
  }

  /** Commands that wait for an answer, and how many may. */
  get waiting(): number {
    return this.pending.waiting;
  }

  get waitingMax(): number {
    return this.admission.limit("normal");
  }

  /** May a client that has so many of them waiting add another? */
  hasRoom(ofClient: number): boolean {
    return this.admission.hasRoom(ofClient, this.pending.waiting);
  }

  get framesInFlight(): number {
    return this.way.inFlight;
  }

  get hasWaiters(): boolean {
    return this.pending.hasWaiters;
  }

  /** Why a new command cannot be taken now, or nothing. Once it is numbered it is too late to refuse it. */
  refusal(priority: Priority): CommandRefusal | undefined {
    const { leaders, clock } = this.deps;
    const inbox = leaders.inbox(this.receiver);
    if (!inbox || !leaders.isLed(this.receiver)) {
      return noLeader(inbox?.name ?? `actor ${this.receiver}`);
    }
    if (this.pending.size >= PENDING_COMMANDS_PER_RECEIVER_MAX) {
      const message = `${PENDING_COMMANDS_PER_RECEIVER_MAX} commands wait for ${inbox.name}`;
      const retryMs = retryMsAt(RETRY_WHEN_FULL_MS, this.spread.next());
      return exhausted("TOO_MANY_PENDING", message, retryMs);
    }
    const fullMs = this.fullUntilMs - clock.now();
    if (fullMs > 0) {
      // Nobody is told to come before the pause is over; who is refused late in it comes no nearer to its end than who was early.
      const retryMs = Math.ceil(fullMs) + returnMsAt(STREAM_FULL_RETURN_MS, this.spread.next());
      return exhausted("STREAM_FULL", `the inbox of ${inbox.name} is full`, retryMs);
    }
    const retryMs = this.admission.retryMs(this.pending.waiting, priority);
    if (retryMs === 0) return undefined;
    return this.overload.refusal(inbox.name, this.admission.answersPerSecond, priority, retryMs);
  }

  /** Why a client that has so many of those waiting may not add one by a call of its own, or nothing. */
  shareRefusal(ofClient: number, priority: Priority): CommandRefusal | undefined {
    if (this.admission.hasRoom(ofClient, this.pending.waiting, priority)) return undefined;
    const name = this.deps.leaders.inbox(this.receiver)?.name ?? `actor ${this.receiver}`;
    const message = `this client has ${ofClient} commands waiting for ${name}, and others need room there, too; wait for answers, or try again after retry_ms`;
    return exhausted("OVERLOADED", message, retryMsAt(RETRY_WHEN_FULL_MS, this.spread.next()));
  }

  /** Numbers a command; `flush` sends it. */
  add(payload: Uint8Array, waiter: Waiter | null, giveUpAtMs: number): void {
    this.pending.add(payload, waiter, giveUpAtMs);
  }

  /** Numbers a command to a receiver that answers nobody; the confirmer hears of its commit. */
  addToConfirm(payload: Uint8Array, confirmer: Confirmer, giveUpAtMs: number): void {
    this.pending.add(payload, null, giveUpAtMs);
    this.pending.whenConfirmed(confirmer, giveUpAtMs);
  }

  /** Sends what has gathered, as far as frames may be on their way. */
  flush(): void {
    while (this.pending.hasGathered) {
      if (!this.deps.leaders.inbox(this.receiver)) return;
      if (this.wayNow().inFlight >= PUBLISHES_IN_FLIGHT_MAX) return;
      const frame = this.pending.takeFrame(this.deps.clock.now());
      if (!frame) return;
      metrics.framesPublished.inc();
      this.publish(frame);
    }
  }

  answer(number: number, answer: Answer): void {
    const waiting = this.pending.takeWaiter(number);
    if (!waiting) return;
    this.admission.answered(this.deps.clock.now() - (waiting.giveUpAtMs - ANSWER_MS_MAX));
    waiting.waiter(answer);
  }

  confirm(number: number): void {
    if (this.pending.confirm(number)) return;
    metrics.malformedMessages.inc();
    if (this.hasForged) return;
    this.hasForged = true;
    const actor = this.deps.leaders.inbox(this.receiver)?.name;
    this.deps.logger.warn(
      { actor, number },
      "it says that it has had what was never sent; more of that is only counted",
    );
  }

  /** Sends again what the receiver may lack, from a number on (0: everything that is not confirmed). */
  resend(from: number, reason: string): void {
    this.resendFrames(this.pending.framesFrom(from, RESEND_FRAMES_MAX), reason);
  }

  /** To be called now and then: sends again what is overdue, and gives up waiting for what is too late. */
  check(): void {
    const now = this.deps.clock.now();
    this.pending.expireConfirmers(now);
    for (const waiter of this.pending.takeExpired(now)) {
      metrics.commandsUnknown.inc();
      waiter(null);
    }
    this.resendFrames(this.pending.overdue(now - RESEND_AFTER_MS, RESEND_FRAMES_MAX), "overdue");
    this.flush();
    this.measure();
  }

  /** Without an inbox it has no name, and nothing was ever sent there. */
  private measure(): void {
    const inbox = this.deps.leaders.inbox(this.receiver);
    if (!inbox) return;
    const receiver = inbox.name;
    metrics.pendingCommands.set({ receiver }, this.pending.size);
    metrics.answersPerSecond.set({ receiver }, this.admission.answersPerSecond);
  }

  private resendFrames(frames: readonly PendingFrame[], reason: string): void {
    if (!this.deps.leaders.inbox(this.receiver)) return;
    for (const frame of frames) {
      // Each ends by itself; what is left comes when the oldest is overdue again, or when it is asked for.
      if (this.wayNow().inFlight >= FRAMES_IN_FLIGHT_MAX) return;
      frame.sentAtMs = this.deps.clock.now();
      metrics.framesResent.inc({ reason });
      this.publish(frame);
    }
  }

  private publish(frame: PendingFrame): void {
    const inbox = this.deps.leaders.inbox(this.receiver)!;
    const way = this.wayNow();
    way.inFlight += 1;
    this.deps.log
      .publish(inbox.name, inbox.anchor, frame.bytes)
      .then(
        () => {
          this.isRefused = false;
        },
        (error: unknown) => this.refused(frame, error, inbox.name),
      )
      .finally(() => {
        way.inFlight -= 1;
        this.flush();
      });
  }

  private wayNow(): { inFlight: number } {
    const { anchor } = this.deps.leaders.inbox(this.receiver)!;
    if (anchor !== this.way.anchor) this.way = { anchor, inFlight: 0 };
    return this.way;
  }

  /** The frame stays pending and is sent again at the next check. */
  private refused(frame: PendingFrame, error: unknown, actor: string): void {
    frame.sentAtMs = -Infinity;
    const reason = error instanceof LogRefusedError ? error.reason : "failed";
    metrics.publishesRefused.inc({ reason });
    if (reason === "full") this.fullUntilMs = this.deps.clock.now() + STREAM_FULL_PAUSE_MS;
    if (this.isRefused) return;
    this.isRefused = true;
    this.deps.logger.warn({ actor, reason, error: String(error) }, "the log did not take a frame");
  }
}
