/**
 * Hears one account's events for as long as the run lasts: through some gateway, through another when that one ends or now
 * and then, always from the number after the last that it has heard (R9).
 */
import type {
  AccountEvent,
  SubscribeAccountEventsResponse,
} from "../../../proto/gen/exchange/v1/exchange.js";
import { AccountStream } from "../../../services/gateway/account-stream.js";
import type { EventCall } from "../../../services/gateway/event-writer.js";
import { Session } from "../../../services/gateway/session.js";
import type { AnswersCheck } from "../checks/answers.js";
import type { Verdict } from "../checks/verdict.js";
import type { Door } from "../cluster/door.js";
import { exponentialUs, type Random } from "../world/random.js";
import type { World } from "../world/world.js";

export interface SubscriberDependencies {
  readonly world: World;
  readonly answers: AnswersCheck;
  readonly verdict: Verdict;
  readonly doors: () => readonly Door[];
}

const CONNECT_AGAIN_MEAN_US = 100_000;
/** A subscriber leaves by itself now and then. */
const STAY_MEAN_US = 6_000_000;

export class Subscriber {
  readonly account: number;
  /** The number of the last event that was heard. */
  last = 0;
  private readonly deps: SubscriberDependencies;
  private readonly random: Random;
  private readonly onEvent: (event: AccountEvent) => void;
  private current: Connection | null = null;
  private isResting = false;

  constructor(
    deps: SubscriberDependencies,
    account: number,
    onEvent: (event: AccountEvent) => void,
  ) {
    this.deps = deps;
    this.account = account;
    this.onEvent = onEvent;
    this.random = deps.world.random(`subscriber ${account}`);
  }

  start(): void {
    this.connectLater();
  }

  /** Stays with the gateway it has from now on, unless that one ends. */
  stay(): void {
    this.isResting = true;
  }

  private connectLater(): void {
    const delayUs = 1 + exponentialUs(this.random, CONNECT_AGAIN_MEAN_US);
    this.deps.world.scheduler.after(delayUs, () => this.connect());
  }

  private connect(): void {
    const doors = this.deps.doors();
    if (doors.length === 0) return this.connectLater();
    const connection = new Connection(this.random.pick(doors), {
      heard: (events) => {
        if (this.current === connection) for (const event of events) this.hear(event);
      },
      refused: (error) => this.judge(error),
      ended: () => {
        if (this.current !== connection) return;
        this.current = null;
        this.connectLater();
      },
    });
    this.current = connection;
    connection.subscribe(this.account, this.last + 1);
    this.deps.world.scheduler.after(1 + exponentialUs(this.random, STAY_MEAN_US), () => {
      if (this.current === connection && !this.isResting) connection.leave();
    });
  }

  /** The gateway may be too busy or unable; that it has less than was heard, or has forgotten some, it may not say. */
  private judge({ message }: Error): void {
    this.deps.verdict.expect(
      !/stands at|are kept from|there is no account/.test(message),
      "R9",
      () => `a subscriber of ${this.account} from ${this.last + 1} on was told: ${message}`,
    );
  }

  private hear(event: AccountEvent): void {
    this.deps.answers.heard(event, this.last);
    this.last = event.sequence;
    this.onEvent(event);
  }
}

interface ConnectionHandlers {
  readonly heard: (events: readonly AccountEvent[]) => void;
  readonly ended: () => void;
  /** The gateway has ended it, and says why. */
  readonly refused: (error: Error) => void;
}

/** One subscription over one connection: what a gRPC stream is to the gateway. Messages keep their order. */
class Connection implements EventCall {
  private readonly door: Door;
  private readonly handlers: ConnectionHandlers;
  private readonly listeners = new Map<string, (() => void)[]>();
  private readonly arriving: (() => void)[] = [];
  private hasEnded = false;

  constructor(door: Door, handlers: ConnectionHandlers) {
    this.door = door;
    this.handlers = handlers;
    door.process.onEnd(() => this.toClient(() => this.end()));
  }

  subscribe(account: number, fromSequence: number): void {
    this.door.later(() =>
      this.door.process.deliver(() => {
        const { parts } = this.door.core;
        const stream = new AccountStream(this, parts, () => undefined);
        void stream.start(Session.over(String(account)), [{ account, fromSequence }]);
      }),
    );
  }

  /** The client goes: the gateway hears of it. */
  leave(): void {
    this.end();
    this.door.later(() =>
      this.door.process.deliver(() => {
        for (const listener of this.listeners.get("cancelled") ?? []) listener();
      }),
    );
  }

  on(event: string, handler: () => void): void {
    this.listeners.set(event, [...(this.listeners.get(event) ?? []), handler]);
  }

  write({ events }: SubscribeAccountEventsResponse): boolean {
    if (this.door.isOpen) this.toClient(() => this.handlers.heard(events));
    return true;
  }

  emit(_event: "error", error: Error): void {
    this.toClient(() => {
      this.handlers.refused(error);
      this.end();
    });
  }

  private toClient(happen: () => void): void {
    this.arriving.push(happen);
    this.door.later(() => {
      const next = this.arriving.shift()!;
      if (!this.hasEnded) next();
    });
  }

  private end(): void {
    if (this.hasEnded) return;
    this.hasEnded = true;
    this.handlers.ended();
  }
}
