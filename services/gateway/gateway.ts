/** A gateway put together: what it reads, what it sends, what it hears, and the services in front of it. */
import type { Logger } from "pino";
import type { Clock } from "../ports/clock.js";
import type { Bus, Log } from "../ports/log.js";
import type { ActorHead, Reads } from "../ports/reads.js";
import { AccountService } from "./account-service.js";
import { Catalog } from "./catalog.js";
import { Commands } from "./commands.js";
import { Events } from "./events.js";
import { ExchangeTime } from "./exchange-time.js";
import { GrpcServer } from "./grpc-server.js";
import { InstrumentService, timeHandlers } from "./instrument-service.js";
import { Leaders } from "./leaders.js";
import { DRAIN_MS_MAX, TIME_READ_EVERY_MS } from "./limits.js";
import { OrderIntake } from "./order-intake.js";
import { OrderService } from "./order-service.js";
import { Slot } from "./slot.js";
import { Subscriptions } from "./subscriptions.js";
import { unary } from "./unary.js";

export interface GatewayDependencies {
  readonly reads: Reads;
  readonly log: Log;
  readonly bus: Bus;
  readonly clock: Clock;
  readonly logger: Logger;
}

export interface GatewayOptions {
  readonly slot: number;
  /** Who claims the slot, for people. */
  readonly name: string;
  /** 0 takes any free port. */
  readonly grpcPort: number;
  /** Called once when another gateway has claimed the slot: this one must end. */
  readonly onDeposed: (reason: string) => void;
}

export class Gateway {
  readonly port: number;
  readonly slot: Slot;
  private readonly leaders: Leaders;
  private readonly shards: readonly ActorHead[];
  private readonly parts: Parts;

  private constructor(port: number, shards: readonly ActorHead[], parts: Parts) {
    this.port = port;
    this.shards = shards;
    this.slot = parts.slot;
    this.leaders = parts.leaders;
    this.parts = parts;
  }

  /** Claims the slot, looks where the shards stand, and listens. */
  static async start(deps: GatewayDependencies, options: GatewayOptions): Promise<Gateway> {
    const { reads, bus, clock, logger } = deps;
    const slot = await Slot.claim(reads, options.slot, options.name);
    const time = new ExchangeTime(reads, clock);
    await time.read();
    const leaders = new Leaders(bus, clock);
    const deposed = once((token: number) =>
      options.onDeposed(`slot ${slot.slot} was claimed by another gateway with token ${token}`),
    );
    const commands = new Commands({ ...deps, leaders, time }, slot, deposed);
    const catalog = new Catalog(reads, clock);
    await catalog.refresh();
    const subscriptions = new Subscriptions();
    const heads = await reads.actorHeads();
    leaders.learn(heads);
    const events = new Events({ ...deps, leaders, commands, subscriptions }, heads);
    // What was said between looking and listening concerns nobody yet, but the position must not miss it.
    events.heal("started");

    const shards = await reads.shards();
    const handler = unary(logger);
    const shared = { ...deps, unary: handler, catalog, commands, leaders, subscriptions, shards };
    const intake = new OrderIntake(commands, catalog, shards);
    const orders = new OrderService({ ...shared, intake });
    const accounts = new AccountService(shared);
    const server = new GrpcServer({
      instruments: new InstrumentService(shared).handlers,
      accounts: accounts.handlers,
      orders: orders.handlers,
      time: timeHandlers(handler, time),
    });
    const port = await server.listen(options.grpcPort);
    slot.watch(reads, clock, logger, deposed);
    const stopTime = keepTime(time, deps);
    const parts = { slot, leaders, commands, events, orders, accounts, server, stopTime };
    const ledgers = heads.filter(({ kind }) => kind === "ledger");
    return new Gateway(port, ledgers, parts);
  }

  /** Why orders cannot be taken everywhere now; empty when they can. */
  notReady(): string[] {
    return this.shards
      .filter(({ actor }) => !this.leaders.isLed(actor))
      .map(({ name }) => `nobody leads ${name}`);
  }

  /** Refuses new commands, waits for the answers to those it has taken, and ends all streams. */
  async close(): Promise<void> {
    const { slot, leaders, commands, events, orders, accounts, server, stopTime } = this.parts;
    server.stopServing();
    await commands.drain(DRAIN_MS_MAX);
    orders.close();
    accounts.close();
    await server.close(DRAIN_MS_MAX);
    stopTime();
    slot.close();
    events.close();
    commands.close();
    leaders.close();
  }
}

interface Parts {
  readonly slot: Slot;
  readonly leaders: Leaders;
  readonly commands: Commands;
  readonly events: Events;
  readonly orders: OrderService;
  readonly accounts: AccountService;
  readonly server: GrpcServer;
  readonly stopTime: () => void;
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

function once<Argument>(task: (argument: Argument) => void): (argument: Argument) => void {
  let done = false;
  return (argument) => {
    if (done) return;
    done = true;
    task(argument);
  };
}
