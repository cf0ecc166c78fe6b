/**
 * The built-in participants: market makers that quote around a walking price, and takers that cross, each with accounts
 * of their own, through the public gRPC interface like anybody. The same seed gives the same wishes.
 */
import { ClientLog } from "../../chaos/load/client-log.js";
import { type Counts, OrderTracker } from "../../chaos/load/tracker.js";
import { fund, subscribe, venueOf } from "../../chaos/load/venue.js";
import type { Instrument } from "../../proto/gen/exchange/v1/exchange.js";
import { ExchangeClient } from "../client/exchange-client.js";
import { Desk } from "./desk.js";
import { Random } from "./random.js";
import { MarketView } from "./strategy.js";

const MAKERS = [101, 102, 103, 104] as const;
const TAKERS = [201, 202, 203, 204, 205, 206] as const;

const PACE_MS = 10;
const MS_PER_SECOND = 1_000;
/** Orders that may be without their final or resting report; beyond it the participants wait. */
const OUTSTANDING_MAX = 2_000;
const BURST_ORDERS_MAX = 200;
/** Of all orders, those of the takers. */
const TAKER_SHARE = 0.4;
/** Makers keep about so many quotes a symbol, and then take back or reduce the oldest for each new one. */
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

export class Participants {
  readonly tracker: OrderTracker;
  private readonly options: ParticipantsOptions;
  private readonly client: ExchangeClient;
  private readonly log: ClientLog;
  private readonly desk: Desk;
  private readonly random: Random;
  private readonly views: readonly MarketView[];
  /** Client order ids are never used again, also not by the next start on the same data. */
  private readonly prefix = `p${Date.now().toString(36)}`;
  private unsubscribe: () => void = () => undefined;
  private pacer: NodeJS.Timeout | undefined;
  private startedMs = 0;
  private sent = 0;
  private quotes = 0;

  private constructor(options: ParticipantsOptions, client: ExchangeClient) {
    this.options = options;
    this.client = client;
    this.log = new ClientLog(options.logFile);
    this.tracker = new OrderTracker(this.log);
    this.desk = new Desk(venueOf(client), this.tracker);
    this.random = new Random(options.seed);
    this.views = options.instruments.map((instrument) => new MarketView(instrument, this.random));
  }

  /** Opens and funds their accounts, and listens to what they are told. */
  static async open(options: ParticipantsOptions): Promise<Participants> {
    const accounts = [...MAKERS, ...TAKERS];
    const client = ExchangeClient.connect(options.grpc, { accounts });
    await client.ready();
    const positions = await fund(client, accounts, options.instruments);
    const participants = new Participants(options, client);
    participants.unsubscribe = subscribe(client, positions, (events) => {
      const nowMs = performance.now();
      for (const event of events) participants.tracker.takeEvent(event, nowMs);
    });
    return participants;
  }

  get counts(): Counts {
    return this.tracker.counts;
  }

  start(): void {
    this.startedMs = performance.now();
    this.pacer = setInterval(() => this.pace(), PACE_MS);
  }

  /** Sends no more, and waits until every order has its answer and nothing more comes. */
  async rest(): Promise<void> {
    clearInterval(this.pacer);
    const stoppedMs = performance.now();
    const now = (): number => performance.now();
    const isQuiet = (): boolean =>
      this.desk.isAnswered && now() - Math.max(this.tracker.lastEventMs, stoppedMs) > SILENCE_MS;
    while (!isQuiet() && now() - stoppedMs < REST_LIMIT_MS) {
      await new Promise((wake) => setTimeout(wake, REST_POLL_MS));
    }
  }

  close(): void {
    clearInterval(this.pacer);
    this.desk.close();
    this.unsubscribe();
    this.log.end();
    this.client.close();
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
    const view = this.random.pick(this.views);
    const isCrossing = this.random.chance(TAKER_SHARE);
    const account = this.random.pick<number>(isCrossing ? TAKERS : MAKERS);
    const wish = isCrossing ? view.cross() : view.quote();
    this.desk.place(account, `${this.prefix}-${this.sent}`, wish, isCrossing);
    if (isCrossing) return;
    this.quotes += 1;
    if (this.quotes > QUOTES_PER_SYMBOL * this.views.length) this.takeBack(view.lot);
  }

  private takeBack(lot: number): void {
    const oldest = this.tracker.takeResting();
    if (!oldest) return;
    if (this.random.chance(REDUCE_CHANCE)) this.desk.reduce(oldest, lot);
    else this.desk.cancel(oldest);
  }
}
