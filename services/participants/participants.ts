/**
 * The built-in participants: market makers that quote around a walking price, and takers that cross, each with accounts
 * of their own, through the public gRPC interface like anybody. The same seed gives the same wishes.
 */
import { ClientLog } from "./client-log.js";
import { type Counts, OrderTracker } from "./tracker.js";
import { subscribe, venueOf } from "./venue.js";
import {
  type AccountEvent,
  type Instrument,
  Liquidity,
} from "../../proto/gen/exchange/v1/exchange.js";
import { ExchangeClient } from "../client/exchange-client.js";
import { Desk } from "./desk.js";
import { Random } from "./random.js";
import { type Seats, seatAccounts, takeSeats } from "./seats.js";
import { MarketView } from "./strategy.js";

const PACE_MS = 10;
const MS_PER_SECOND = 1_000;
/** Orders that may be without their final or resting report; beyond it the participants wait. */
const OUTSTANDING_MAX = 2_000;
const BURST_ORDERS_MAX = 200;
/** Of all orders, those of the takers. */
const TAKER_SHARE = 0.4;
/** Above so many live orders per symbol the oldest is withdrawn for each new quote; some are made smaller first. */
const QUOTES_PER_SYMBOL = 60;
const REDUCE_CHANCE = 0.1;
const REST_POLL_MS = 50;
const SILENCE_MS = 1_000;
const REST_LIMIT_MS = 30_000;

export interface ParticipantsOptions {
  readonly grpc: string;
  readonly instruments: readonly Instrument[];
  readonly ordersPerSecond: number;
  readonly seed: number;
  /** Where they write what they are told, for a checker. */
  readonly logFile?: string;
}

interface Market {
  readonly view: MarketView;
  readonly makers: readonly number[];
}

export class Participants {
  readonly tracker: OrderTracker;
  /** Trades, as their takers were told of them. */
  trades = 0;
  private readonly options: ParticipantsOptions;
  private readonly client: ExchangeClient;
  private readonly log: ClientLog;
  private readonly desk: Desk;
  private readonly random: Random;
  private readonly markets: readonly Market[];
  private readonly takers: readonly number[];
  /** Client order ids are never used again, also not by the next start on the same data. */
  private readonly prefix = `p${Date.now().toString(36)}`;
  private unsubscribe: () => void = () => undefined;
  private pacer: NodeJS.Timeout | undefined;
  private startedMs = 0;
  private sent = 0;
  private isClosed = false;

  private constructor(options: ParticipantsOptions, client: ExchangeClient, seats: Seats) {
    this.options = options;
    this.client = client;
    this.log = new ClientLog(options.logFile);
    this.tracker = new OrderTracker(this.log);
    this.desk = new Desk(venueOf(client), this.tracker);
    this.random = new Random(options.seed);
    this.markets = options.instruments.map((instrument, at) => ({
      view: new MarketView(instrument, this.random),
      makers: seats.makers[at] ?? [],
    }));
    this.takers = seats.takers;
  }

  /** Opens and funds their accounts, and listens to what they are told. */
  static async open(options: ParticipantsOptions): Promise<Participants> {
    // What they trade with only an operator can deposit.
    const operator = ExchangeClient.connect(options.grpc, { accounts: "all" });
    await operator.ready();
    const seats = await takeSeats(operator, options.instruments);
    operator.close();
    const accounts = seatAccounts(options.instruments);
    const client = ExchangeClient.connect(options.grpc, { accounts });
    await client.ready();
    const participants = new Participants(options, client, seats);
    participants.log.subscribed(seats.positions);
    participants.unsubscribe = subscribe(client, seats.positions, (events) =>
      participants.take(events),
    );
    return participants;
  }

  get counts(): Counts {
    return this.tracker.counts;
  }

  start(): void {
    this.startedMs = performance.now();
    this.pacer = setInterval(() => this.pace(), PACE_MS);
  }

  /** Sends no more; resolves to whether every order had its report and nothing more came, after a while. */
  async rest(): Promise<boolean> {
    clearInterval(this.pacer);
    const stoppedMs = performance.now();
    const now = (): number => performance.now();
    const isQuiet = (): boolean =>
      this.desk.isAnswered && now() - Math.max(this.tracker.lastEventMs, stoppedMs) > SILENCE_MS;
    while (!isQuiet()) {
      if (now() - stoppedMs > REST_LIMIT_MS) return false;
      await new Promise((wake) => setTimeout(wake, REST_POLL_MS));
    }
    return true;
  }

  close(): void {
    if (this.isClosed) return;
    this.isClosed = true;
    clearInterval(this.pacer);
    this.desk.close();
    this.unsubscribe();
    this.log.end();
    this.client.close();
  }

  private take(events: readonly AccountEvent[]): void {
    const nowMs = performance.now();
    for (const told of events) {
      this.tracker.takeEvent(told, nowMs);
      const { event } = told;
      if (event?.$case !== "filled") continue;
      if (event.value.liquidity === Liquidity.LIQUIDITY_TAKER) this.trades += 1;
    }
  }

  private pace(): void {
    const elapsedSeconds = (performance.now() - this.startedMs) / MS_PER_SECOND;
    const due = Math.floor(elapsedSeconds * this.options.ordersPerSecond) - this.sent;
    // After a pause of the exchange they do not make up for what they missed.
    if (due > BURST_ORDERS_MAX || !this.desk.isOpen) this.sent += due;
    else if (this.tracker.outstanding < OUTSTANDING_MAX) {
      for (let n = 0; n < due; n++) this.order();
      this.desk.flush();
    }
  }

  private order(): void {
    this.sent += 1;
    const { view, makers } = this.random.pick(this.markets);
    const id = `${this.prefix}-${this.sent}`;
    if (this.random.chance(TAKER_SHARE)) {
      this.desk.place(this.random.pick(this.takers), id, view.cross(), true);
      return;
    }
    this.desk.place(this.random.pick(makers), id, view.quote(), false);
    if (this.tracker.live > QUOTES_PER_SYMBOL * this.markets.length) this.takeBack(view.lot);
  }

  private takeBack(lot: number): void {
    const oldest = this.tracker.takeResting();
    if (!oldest) return;
    if (this.random.chance(REDUCE_CHANCE)) this.desk.reduce(oldest, lot);
    this.desk.cancel(oldest);
  }
}
