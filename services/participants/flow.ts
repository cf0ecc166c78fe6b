/**
 * The built-in participants at work: market makers and takers with accounts of their own, who trade at a chosen rate
 * through the public interface like anybody. The same seed gives the same wishes.
 */
import { ClientLog } from "../../chaos/load/client-log.js";
import { OrderTracker } from "../../chaos/load/tracker.js";
import { subscribe, venueOf } from "../../chaos/load/venue.js";
import {
  type AccountEvent,
  type Instrument,
  Liquidity,
} from "../../proto/gen/exchange/v1/exchange.js";
import type { ExchangeClient } from "../client/exchange-client.js";
import { Desk } from "./desk.js";
import { Random } from "./random.js";
import { type Seats, takeSeats } from "./seats.js";
import { MarketView } from "./strategy.js";

const TICK_MS = 20;
/** Orders that may be without their final or resting report at once; more are not sent. */
const OUTSTANDING_MAX = 2_000;
/** After a pause, at most this much of the missed time is made up for. */
const CATCH_UP_MS = 200;
const MAKER_SHARE = 0.65;
/** Above so many live orders per symbol the oldest are withdrawn; some are made smaller first. */
const QUOTES_PER_SYMBOL = 100;
const REDUCE_CHANCE = 0.1;
const QUIET_POLL_MS = 50;
/** So long nothing has to come after the last report. */
const SILENCE_MS = 500;

export interface FlowOptions {
  readonly instruments: readonly Instrument[];
  readonly ordersPerSecond: number;
  readonly seed: number;
  /** Names this run in client order ids: no two runs on the same data have the same. At most 20 characters. */
  readonly run: string;
  /** Where what the participants were told is written; absent: nowhere. */
  readonly logFile?: string | undefined;
}

interface Market {
  readonly view: MarketView;
  readonly makers: readonly number[];
  readonly lot: number;
}

export class Flow {
  readonly tracker: OrderTracker;
  /** Trades, as their takers were told of them. */
  trades = 0;
  readonly #options: FlowOptions;
  readonly #log: ClientLog;
  readonly #random: Random;
  readonly #desk: Desk;
  readonly #unsubscribe: () => void;
  readonly #markets: readonly Market[];
  readonly #takers: readonly number[];
  #timer: NodeJS.Timeout | undefined;
  #lastTickMs = 0;
  #due = 0;
  #placed = 0;

  private constructor(client: ExchangeClient, options: FlowOptions, seats: Seats) {
    this.#options = options;
    this.#random = new Random(options.seed);
    this.#log = new ClientLog(options.logFile);
    this.tracker = new OrderTracker(this.#log);
    this.#markets = options.instruments.map((instrument, at) => ({
      view: new MarketView(instrument, new Random(options.seed + at + 1)),
      makers: seats.makers[at] ?? [],
      lot: instrument.lot,
    }));
    this.#takers = seats.takers;
    this.#unsubscribe = subscribe(client, seats.positions, (events) => this.#take(events));
    this.#desk = new Desk(venueOf(client), this.tracker);
  }

  /** Opens and funds the participants' accounts, and begins to trade. */
  static async start(client: ExchangeClient, options: FlowOptions): Promise<Flow> {
    const flow = new Flow(client, options, await takeSeats(client, options.instruments));
    flow.#lastTickMs = performance.now();
    flow.#timer = setInterval(() => flow.#tick(), TICK_MS);
    return flow;
  }

  /** Sends no more orders; what is outstanding is still awaited. */
  pause(): void {
    clearInterval(this.#timer);
  }

  /** Resolves to whether every order had its final or resting report, and then silence, within milliseconds. */
  async untilQuiet(limitMs: number): Promise<boolean> {
    const deadline = performance.now() + limitMs;
    const isQuiet = () =>
      this.#desk.isAnswered && performance.now() - this.tracker.lastEventMs > SILENCE_MS;
    while (!isQuiet()) {
      if (performance.now() > deadline) return false;
      await new Promise((wake) => setTimeout(wake, QUIET_POLL_MS));
    }
    return true;
  }

  /** Leaves. What was told is complete only if it was quiet before. */
  close(): void {
    this.pause();
    this.#desk.close();
    this.#unsubscribe();
    this.#log.end();
  }

  #take(events: readonly AccountEvent[]): void {
    const now = performance.now();
    for (const told of events) {
      this.tracker.takeEvent(told, now);
      const { event } = told;
      if (event?.$case !== "filled") continue;
      if (event.value.liquidity === Liquidity.LIQUIDITY_TAKER) this.trades += 1;
    }
  }

  #tick(): void {
    const now = performance.now();
    const passedMs = Math.min(now - this.#lastTickMs, CATCH_UP_MS);
    this.#lastTickMs = now;
    if (!this.#desk.isOpen) return;
    this.#due += (passedMs * this.#options.ordersPerSecond) / 1_000;
    for (; this.#due >= 1; this.#due -= 1) {
      if (this.tracker.outstanding < OUTSTANDING_MAX) this.#act();
    }
    this.#desk.flush();
  }

  /** One order; and for makers, what keeps their quotes few. */
  #act(): void {
    const { view, makers, lot } = this.#random.pick(this.#markets);
    this.#placed += 1;
    const id = `${this.#options.run}-${this.#placed}`;
    if (!this.#random.chance(MAKER_SHARE)) {
      this.#desk.place(this.#random.pick(this.#takers), id, view.cross(), true);
      return;
    }
    this.#desk.place(this.#random.pick(makers), id, view.quote(), false);
    if (this.tracker.live <= QUOTES_PER_SYMBOL * this.#markets.length) return;
    const oldest = this.tracker.takeResting();
    if (!oldest) return;
    if (this.#random.chance(REDUCE_CHANCE)) this.#desk.reduce(oldest, lot);
    this.#desk.cancel(oldest);
  }
}
