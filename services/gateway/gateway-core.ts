/**
 * A gateway without a way in: what it reads, what it sends and what it hears, and the desks that whoever stands in front
 * of it asks (the gRPC server, or a program in the same process).
 */
import type { Logger } from "pino";
import { longest, type QueueStates } from "../common/queues.js";
import type { Clock } from "../ports/clock.js";
import type { Bus, Log } from "../ports/log.js";
import type { ActorHead, Reads } from "../ports/reads.js";
import { AccountDesk } from "./account-desk.js";
import { Catalog } from "./catalog.js";
import { Commands, type LaneQueue } from "./commands.js";
import { UnreadEvents } from "./event-writer.js";
import { Events } from "./events.js";
import { ExchangeTime } from "./exchange-time.js";
import { InstrumentDesk } from "./instrument-desk.js";
import { Leaders } from "./leaders.js";
import { DRAIN_MS_MAX, TIME_READ_EVERY_MS } from "./limits.js";
import { MarketDesk } from "./market-desk.js";
import { OrderDesk } from "./order-desk.js";
import { OrderIntake } from "./order-intake.js";
import { ReviewDesk } from "./review-desk.js";
import { Slot } from "./slot.js";
import { Subscriptions } from "./subscriptions.js";
import type { TierLimits } from "./tier-limits.js";
import { Warnings } from "./warnings.js";

export interface GatewayDependencies {
  readonly reads: Reads;
  readonly log: Log;
  readonly bus: Bus;
  readonly clock: Clock;
  readonly logger: Logger;
}

export interface GatewayCoreOptions {
  readonly slot: number;
  /** Who claims the slot, for people. */
  readonly name: string;
  /** How much accounts may ask for by their tier. */
  readonly tierLimits: TierLimits;
  /** Called once when another gateway has claimed the slot: this one must end. */
  readonly onDeposed: (reason: string) => void;
}

/** What the core is made of; the services in front take from it what they need. */
export interface GatewayParts extends GatewayDependencies {
  readonly slot: Slot;
  readonly time: ExchangeTime;
  readonly leaders: Leaders;
  readonly commands: Commands;
  readonly catalog: Catalog;
  readonly subscriptions: Subscriptions;
  readonly unread: UnreadEvents;
  readonly warnings: Warnings;
  readonly events: Events;
  readonly intake: OrderIntake;
  /** Which exchange it is of. */
  readonly identity: string;
  /** How many ledger shards there are. */
  readonly shards: number;
  readonly tierLimits: TierLimits;
}

export class GatewayCore {
  readonly parts: GatewayParts;
  readonly orders: OrderDesk;
  readonly accounts: AccountDesk;
  readonly instruments: InstrumentDesk;
  readonly reviews: ReviewDesk;
  readonly markets: MarketDesk;
  private readonly ledgers: readonly ActorHead[];
  private readonly stopTime: () => void;

  private constructor(parts: GatewayParts, heads: readonly ActorHead[]) {
    this.parts = parts;
    this.orders = new OrderDesk(parts);
    this.accounts = new AccountDesk(parts);
    this.instruments = new InstrumentDesk(parts);
    this.reviews = new ReviewDesk(parts);
    this.markets = new MarketDesk({ ...parts, reviews: this.reviews });
    this.ledgers = heads.filter(({ kind }) => kind === "ledger");
    this.stopTime = keepTime(parts.time, parts);
  }

  /** Claims the slot, looks where the shards stand, and listens to them. */
  static async start(deps: GatewayDependencies, options: GatewayCoreOptions): Promise<GatewayCore> {
    const { reads, clock, logger } = deps;
    const slot = await Slot.claim(reads, options.slot, options.name);
    const time = new ExchangeTime(reads, clock);
    await time.read();
    const leaders = new Leaders(deps);
    const commands = new Commands({ ...deps, leaders, time }, slot, () => slot.check());
    const catalog = new Catalog(reads, clock);
    await catalog.refresh();
    const subscriptions = new Subscriptions();
    const warnings = new Warnings();
    const heads = await reads.actorHeads();
    const { identity, shards } = await reads.exchange();
    const found = heads.filter(({ kind }) => kind === "ledger").length;
    if (found < shards) throw new Error(`only ${found} of ${shards} ledger shards can be read`);
    leaders.learn(heads);
    const events = new Events({ ...deps, leaders, commands, subscriptions, warnings }, heads);
    // What was said between looking and listening concerns nobody yet, but the position must not miss it.
    events.heal("started");

    const intake = new OrderIntake(commands, catalog, shards);
    const unread = new UnreadEvents();
    const heard = {
      slot,
      time,
      leaders,
      commands,
      catalog,
      subscriptions,
      unread,
      warnings,
      events,
    };
    slot.watch(reads, clock, logger, (token) =>
      options.onDeposed(`slot ${slot.slot} was claimed by another gateway with token ${token}`),
    );
    const { tierLimits } = options;
    return new GatewayCore({ ...deps, ...heard, intake, identity, shards, tierLimits }, heads);
  }

  /** Why orders cannot be taken everywhere now; empty when they can. */
  notReady(): string[] {
    return this.ledgers
      .filter(({ actor }) => !this.parts.leaders.isLed(actor))
      .map(({ name }) => `no leader of ${name} is heard`);
  }

  /** How long its queues are now. */
  queues(): QueueStates<LaneQueue | "gateway-frames"> {
    const { commands, events } = this.parts;
    return { ...commands.queues(), "gateway-frames": longest(events.bufferedFrames) };
  }

  /** Refuses new commands, and waits for the answers to those it has taken. */
  drain(): Promise<void> {
    return this.parts.commands.drain(DRAIN_MS_MAX);
  }

  close(): void {
    const { slot, events, commands, leaders } = this.parts;
    this.stopTime();
    slot.close();
    events.close();
    commands.close();
    leaders.close();
  }
}

/** Clocks drift: Postgres's is read again now and then. */
function keepTime(time: ExchangeTime, deps: GatewayDependencies): () => void {
  const { clock, logger } = deps;
  let cancel = (): void => undefined;
  const again = (): void => {
    cancel = clock.after(TIME_READ_EVERY_MS, () => {
      again();
      time.read().catch((error: unknown) => {
        logger.warn({ error: String(error) }, "the clock of Postgres could not be read");
      });
    });
  };
  again();
  return () => cancel();
}
