/**
 * Everything that this gateway sends: one lane per receiver, all numbered by one slot (R4). A command is refused before
 * it has a number, or ends with its receiver's answer, or, after its deadline and a grace, as unknown (R10).
 */
import type { Origin } from "../../actors/ledger/account-events.js";
import type { Announcement } from "../../actors/kernel/event-frame.js";
import { MalformedError } from "../../actors/kernel/bytes.js";
import { decodeResendRequest } from "../../actors/kernel/event-frame.js";
import { sourceOfSlot } from "../../actors/kernel/ids.js";
import { longest, type QueueState, type QueueStates } from "../common/queues.js";
import type { Bus } from "../ports/log.js";
import { resendSubject } from "../ports/subjects.js";
import type { Priority } from "./admission.js";
import type { ExchangeTime } from "./exchange-time.js";
import { Lane, type LaneDependencies } from "./lane.js";
import { ANSWER_MS_MAX, CHECK_EVERY_MS, COMMAND_DEADLINE_MS } from "./limits.js";
import * as metrics from "./metrics.js";
import type { Answer, Waiter } from "./pending.js";
import { gatewayStopping, outcomeUnknown, type Refusal } from "./refusal.js";
import { Ways } from "./ways.js";

const MICROS_PER_MS = 1_000;

export type LaneQueue =
  | "gateway-waiting"
  | "gateway-pending"
  | "gateway-publishing"
  | "gateway-ways";

export interface ClaimedSlot {
  readonly slot: number;
  readonly token: number;
}

export interface CommandsDependencies extends LaneDependencies {
  readonly bus: Bus;
  readonly time: ExchangeTime;
}

export class Commands {
  private readonly deps: CommandsDependencies;
  private readonly claimed: ClaimedSlot;
  private readonly onHigherToken: () => void;
  private readonly lanes = new Map<number, Lane>();
  readonly ways = new Ways();
  private readonly unsubscribe: () => void;
  private cancelCheck: () => void = () => undefined;
  private readonly toFlush = new Set<Lane>();
  private stopping = false;

  /** `onHigherToken` is called when an actor has heard a higher token of the slot. */
  constructor(deps: CommandsDependencies, claimed: ClaimedSlot, onHigherToken: () => void) {
    this.deps = deps;
    this.claimed = claimed;
    this.onHigherToken = onHigherToken;
    deps.leaders.onAnnouncement((announcement) => {
      this.takeMarks(announcement);
      this.ways.take(announcement);
    });
    deps.leaders.onMoved((actor) => this.lanes.get(actor)?.resend(0, "moved"));
    const subject = resendSubject(sourceOfSlot(claimed.slot));
    this.unsubscribe = deps.bus.subscribe(subject, (data) => this.takeRequest(data));
    this.scheduleCheck();
  }

  /** Was nothing heard of the actor's leader for too long? */
  isSilent(actor: number): boolean {
    return this.deps.leaders.isSilent(actor);
  }

  /** The exchange's time, in microseconds since 1970. */
  now(): number {
    return this.deps.time.now();
  }

  /** The deadline of a command that comes in now, in microseconds since 1970. */
  deadline(): number {
    return this.now() + COMMAND_DEADLINE_MS * MICROS_PER_MS;
  }

  /**
   * Gives a refusal, or nothing: then the waiter will be called, once and not before this returns. Only what is taken is
   * written down: under overload most is refused.
   */
  submit(
    receiver: number,
    payload: () => Uint8Array,
    waiter: Waiter | null,
    priority: Priority = "high",
  ): Refusal | undefined {
    const add = (lane: Lane, giveUpAtMs: number) => lane.add(payload(), waiter, giveUpAtMs);
    return this.send(receiver, priority, add);
  }

  /** Resolves when the receiver, which answers nobody, has committed the command; rejects with a `Refusal`. */
  async commit(receiver: number, payload: Uint8Array): Promise<void> {
    const isCommitted = await new Promise<boolean>((resolve, reject) => {
      const refusal = this.send(receiver, "high", (lane, giveUpAtMs) =>
        lane.addToConfirm(payload, resolve, giveUpAtMs),
      );
      if (refusal) reject(refusal);
    });
    if (!isCommitted) throw outcomeUnknown();
  }

  /** May a client that has so many commands waiting for a receiver add another? */
  hasRoom(receiver: number, ofClient: number): boolean {
    return this.lane(receiver).hasRoom(ofClient);
  }

  /** Why a client that has so many commands waiting for a receiver may not add one by a call of its own, or nothing. */
  shareRefusal(receiver: number, ofClient: number, priority: Priority): Refusal | undefined {
    const refusal = this.lane(receiver).shareRefusal(ofClient, priority);
    if (refusal) metrics.countRefused(refusal);
    return refusal;
  }

  queues(): QueueStates<LaneQueue> {
    const lanes = [...this.lanes.values()];
    return {
      "gateway-waiting": fullest(lanes),
      "gateway-pending": longest(lanes.map((lane) => lane.size)),
      "gateway-publishing": longest(lanes.map((lane) => lane.framesInFlight)),
      "gateway-ways": { length: this.ways.longestMs },
    };
  }

  private send(
    receiver: number,
    priority: Priority,
    add: (lane: Lane, giveUpAtMs: number) => void,
  ): Refusal | undefined {
    const lane = this.lane(receiver);
    const refusal = this.stopping
      ? gatewayStopping("nothing was done; try again elsewhere")
      : lane.refusal(priority);
    if (refusal) {
      metrics.countRefused(refusal);
      return refusal;
    }
    add(lane, this.deps.clock.now() + ANSWER_MS_MAX);
    if (this.toFlush.size === 0) this.deps.clock.soon(() => this.flush());
    this.toFlush.add(lane);
    return undefined;
  }

  /** Takes an answer that names a command by its origin; those of other slots and tokens are not for us. */
  answer(receiver: number, origin: Origin, answer: Answer): void {
    const { slot, token } = this.claimed;
    if (origin.slot !== slot || origin.token !== token) return;
    this.lanes.get(receiver)?.answer(origin.number, answer);
  }

  /** Takes no more, and resolves when everything is answered or the time is over. */
  async drain(limitMs: number): Promise<void> {
    this.stopping = true;
    const until = this.deps.clock.now() + limitMs;
    while (this.isWaitedFor() && this.deps.clock.now() < until) {
      await new Promise<void>((resolve) => {
        this.deps.clock.after(CHECK_EVERY_MS, resolve);
      });
    }
  }

  close(): void {
    this.stopping = true;
    this.unsubscribe();
    this.cancelCheck();
  }

  private isWaitedFor(): boolean {
    return [...this.lanes.values()].some((lane) => lane.hasWaiters);
  }

  private lane(receiver: number): Lane {
    let lane = this.lanes.get(receiver);
    if (!lane) {
      const { slot, token } = this.claimed;
      lane = new Lane(receiver, sourceOfSlot(slot), token, this.deps);
      this.lanes.set(receiver, lane);
    }
    return lane;
  }

  private flush(): void {
    const lanes = [...this.toFlush];
    this.toFlush.clear();
    for (const lane of lanes) lane.flush();
  }

  private takeMarks(announcement: Announcement): void {
    const source = sourceOfSlot(this.claimed.slot);
    for (const mark of announcement.marks) {
      if (mark.source !== source) continue;
      if (mark.token > this.claimed.token) this.onHigherToken();
      else if (mark.token === this.claimed.token) {
        this.lanes.get(announcement.actor)?.confirm(mark.number);
      }
    }
  }

  private takeRequest(data: Uint8Array): void {
    try {
      const { receiver, from } = decodeResendRequest(data);
      this.lanes.get(receiver)?.resend(from, "asked");
    } catch (error) {
      if (!(error instanceof MalformedError)) throw error;
      metrics.malformedMessages.inc();
    }
  }

  private scheduleCheck(): void {
    this.cancelCheck = this.deps.clock.after(CHECK_EVERY_MS, () => {
      for (const lane of this.lanes.values()) lane.check();
      this.scheduleCheck();
    });
  }
}

/** Each receiver has a limit of its own, which follows what it answers. */
function fullest(lanes: readonly Lane[]): QueueState {
  const share = ({ waiting, waitingMax }: Lane): number => waiting / waitingMax;
  const [first] = [...lanes].sort((one, other) => share(other) - share(one));
  return first ? { length: first.waiting, limit: first.waitingMax } : { length: 0 };
}
