/** A client of a drill: accounts of its own, a stream of orders at the middle of the book, and a log of all it is told. */
import { join } from "node:path";
import { shardOfAccount } from "../../actors/kernel/ids.js";
import {
  type AccountEvent,
  type Instrument,
  OrderType,
  Side,
  TimeInForce,
} from "../../proto/gen/exchange/v1/exchange.js";
import { PLAIN_TERMS } from "../../services/client/new-order.js";
import { ClientLog } from "../../services/participants/client-log.js";
import { Desk } from "../../services/participants/desk.js";
import type { Latencies } from "../../services/participants/latencies.js";
import { type Counts, OrderTracker } from "../../services/participants/tracker.js";
import { fund, subscribe, venueOf } from "../../services/participants/venue.js";
import type { Scene } from "../scene.js";

const ANSWER_LIMIT_MS = 60_000;
const SILENCE_MS = 1_500;
const POLL_MS = 20;
/** Further from the middle than anybody goes, and within any price band. */
const APART_TICKS = 500;

export class Trader {
  private readonly name: string;
  private readonly instruments: ReadonlyMap<string, Instrument>;
  /** What it was told, as far as it has rested since. */
  readonly logFile: string;
  private readonly log: ClientLog;
  private readonly tracker: OrderTracker;
  private readonly desk: Desk;
  private endSubscription: () => void = () => {};
  private count = 0;

  private constructor(scene: Scene, name: string, instruments: readonly Instrument[]) {
    this.name = name;
    this.instruments = new Map(instruments.map((each) => [each.symbol, each]));
    this.logFile = join(scene.logs, `${name}.jsonl`);
    this.log = new ClientLog(this.logFile);
    this.tracker = new OrderTracker(this.log);
    this.desk = new Desk(venueOf(scene.client), this.tracker);
  }

  /** Funds the accounts for these symbols and hears their events from now on. */
  static async open(
    scene: Scene,
    name: string,
    accounts: readonly number[],
    symbols: readonly string[],
    hear: (event: AccountEvent, nowMs: number) => void = () => {},
  ): Promise<Trader> {
    const instruments = scene.instruments.filter(({ symbol }) => symbols.includes(symbol));
    const trader = new Trader(scene, name, instruments);
    const positions = await fund(scene.client, accounts, instruments);
    trader.log.subscribed(positions);
    trader.endSubscription = subscribe(scene.client, positions, (events) => {
      const now = performance.now();
      for (const event of events) {
        trader.tracker.takeEvent(event, now);
        hear(event, now);
      }
    });
    return trader;
  }

  /** Can anything be sent now? */
  get isOpen(): boolean {
    return this.desk.isOpen;
  }

  /** Its orders that nobody has said anything of yet. */
  get outstanding(): number {
    return this.tracker.outstanding;
  }

  get counts(): Readonly<Counts> {
    return this.tracker.counts;
  }

  /** From an order to the word that it was accepted. */
  get acceptLatency(): Latencies {
    return this.tracker.acceptLatency;
  }

  /**
   * One lot at the middle, where nobody else rests: whichever side comes second trades at once. Waits for `flush`.
   * `rests`: does what does not trade at once stay?
   */
  place(symbol: string, account: number, side: Side, rests = true): string {
    return this.placeAt(symbol, account, { side, price: this.priceOf(symbol), rests });
  }

  /** One lot, bid below all that anybody asks: it meets nobody, and its market ends it at once. */
  placeApart(symbol: string, account: number): string {
    const price = this.priceOf(symbol) - APART_TICKS * this.instruments.get(symbol)!.tick;
    return this.placeAt(symbol, account, { side: Side.SIDE_BUY, price, rests: false });
  }

  private priceOf(symbol: string): number {
    return this.instruments.get(symbol)!.referencePrice;
  }

  private placeAt(
    symbol: string,
    account: number,
    { side, price, rests }: { side: Side; price: number; rests: boolean },
  ): string {
    this.count += 1;
    const clientOrderId = `${this.name}-${this.count}`;
    const wish = {
      symbol,
      side,
      type: OrderType.ORDER_TYPE_LIMIT,
      timeInForce: rests
        ? TimeInForce.TIME_IN_FORCE_GOOD_TILL_CANCEL
        : TimeInForce.TIME_IN_FORCE_IMMEDIATE_OR_CANCEL,
      price,
      quantity: this.instruments.get(symbol)!.lot,
      ...PLAIN_TERMS,
    };
    this.desk.place(account, clientOrderId, wish, false);
    return clientOrderId;
  }

  flush(): void {
    this.desk.flush();
  }

  /** Waits for all answers, then for silence; it may go on afterwards. */
  async rest(): Promise<void> {
    const now = () => performance.now();
    const deadline = now() + ANSWER_LIMIT_MS;
    while (!this.desk.isAnswered && now() < deadline) await pause();
    while (now() - this.tracker.lastEventMs < SILENCE_MS) await pause();
    this.log.rest();
  }

  /** Ends its streams, whatever is unanswered. */
  leave(): void {
    this.desk.close();
    this.endSubscription();
    this.log.close();
  }
}

/** One account of each ledger shard, by shard from 1 on: the first from a number on that belongs there. */
export function accountOfEachShard(shards: number, firstAccount: number): number[] {
  const accounts: number[] = [];
  for (let shard = 1; shard <= shards; shard++) {
    let account = firstAccount;
    while (shardOfAccount(account, shards) !== shard) account += 1;
    accounts.push(account);
  }
  return accounts;
}

function pause(): Promise<void> {
  return new Promise((wake) => setTimeout(wake, POLL_MS));
}
