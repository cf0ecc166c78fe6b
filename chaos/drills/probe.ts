/**
 * The client whose patience a drill measures. After a blow it sends pairs of orders that are sure to meet, one account
 * of each ledger shard in turn, on every symbol of the struck node, under new ids again and again, and notes when the
 * first of them, and when the last it waits for, is told to have traded.
 */
import { join } from "node:path";
import { shardOfAccount } from "../../actors/kernel/ids.js";
import {
  type AccountEvent,
  type Instrument,
  OrderType,
  Side,
  TimeInForce,
} from "../../proto/gen/exchange/v1/exchange.js";
import { Desk } from "../../services/participants/desk.js";
import { ClientLog } from "../../services/participants/client-log.js";
import { OrderTracker } from "../../services/participants/tracker.js";
import { fund, subscribe, venueOf } from "../../services/participants/venue.js";
import type { Scene } from "../scene.js";

const FIRST_ACCOUNT = 500;
const EVERY_MS = 20;
const RESUME_LIMIT_MS = 60_000;
const ANSWER_LIMIT_MS = 60_000;
const SILENCE_MS = 1_500;
const POLL_MS = 20;

export interface Resumption {
  /** From the blow to the first fill of an order that was sent after it, in milliseconds. */
  readonly firstMs: number;
  /** To the moment when each symbol had filled such an order for each shard. */
  readonly allMs: number;
}

interface Sent {
  readonly symbol: string;
  readonly account: number;
  readonly atMs: number;
}

/** What one round waits for: fills of orders sent after the blow, by symbol and account. */
interface Wait {
  readonly sinceMs: number;
  readonly missing: Set<string>;
  firstMs: number;
  readonly resolve: (resumption: Resumption) => void;
}

export class Probe {
  private readonly accounts: readonly number[];
  private readonly instruments: ReadonlyMap<string, Instrument>;
  private readonly log: ClientLog;
  private readonly tracker: OrderTracker;
  private readonly desk: Desk;
  private readonly sent = new Map<string, Sent>();
  private readonly byOrder = new Map<number, Sent>();
  private endSubscription: () => void = () => {};
  private wait: Wait | null = null;
  private turn = 0;
  private count = 0;

  private constructor(scene: Scene) {
    this.accounts = accountOfEachShard(scene.ledgerShards);
    this.instruments = new Map(scene.instruments.map((each) => [each.symbol, each]));
    this.log = new ClientLog(join(scene.logs, "probe.jsonl"));
    this.tracker = new OrderTracker(this.log);
    this.desk = new Desk(venueOf(scene.client), this.tracker);
  }

  static async open(scene: Scene): Promise<Probe> {
    const probe = new Probe(scene);
    const positions = await fund(scene.client, probe.accounts, scene.instruments);
    probe.endSubscription = subscribe(scene.client, positions, (events) => probe.take(events));
    return probe;
  }

  /** Sends until every symbol has filled an order of every shard that was sent after the blow. */
  async untilResumed(symbols: readonly string[], struckAtMs: number): Promise<Resumption> {
    const missing = new Set(
      symbols.flatMap((symbol) => this.accounts.map((account) => `${symbol}/${account}`)),
    );
    let timer: NodeJS.Timeout | undefined;
    let limit: NodeJS.Timeout | undefined;
    try {
      return await new Promise<Resumption>((resolve, fail) => {
        this.wait = { sinceMs: struckAtMs, missing, firstMs: 0, resolve };
        timer = setInterval(() => this.sendPairs(symbols), EVERY_MS);
        limit = setTimeout(() => {
          const rest = [...missing].join(", ");
          fail(
            new Error(`DRILL_NOT_RESUMED: after ${RESUME_LIMIT_MS} ms there is no fill of ${rest}`),
          );
        }, RESUME_LIMIT_MS);
      });
    } finally {
      clearInterval(timer);
      clearTimeout(limit);
      this.wait = null;
    }
  }

  /** Waits for all answers, then for silence. */
  async close(): Promise<void> {
    const deadline = performance.now() + ANSWER_LIMIT_MS;
    const now = () => performance.now();
    while (!this.desk.isAnswered && now() < deadline) await pause();
    while (now() - this.tracker.lastEventMs < SILENCE_MS) await pause();
    this.log.end();
    this.leave();
  }

  /** Ends its streams, whatever is unanswered. */
  leave(): void {
    this.desk.close();
    this.endSubscription();
  }

  private sendPairs(symbols: readonly string[]): void {
    if (!this.desk.isOpen) return;
    this.turn += 1;
    const seller = this.accounts[this.turn % this.accounts.length]!;
    const buyer = this.accounts[(this.turn + 1) % this.accounts.length]!;
    for (const symbol of symbols) {
      this.count += 1;
      this.send(symbol, seller, Side.SIDE_SELL);
      this.send(symbol, buyer, Side.SIDE_BUY);
    }
    this.desk.flush();
  }

  /** Both sides at the middle, where nobody else rests: whichever comes second trades at once. */
  private send(symbol: string, account: number, side: Side): void {
    const { referencePrice, lot } = this.instruments.get(symbol)!;
    const clientOrderId = `probe-${this.count}-${side}`;
    this.sent.set(clientOrderId, { symbol, account, atMs: performance.now() });
    const wish = {
      symbol,
      side,
      type: OrderType.ORDER_TYPE_LIMIT,
      timeInForce: TimeInForce.TIME_IN_FORCE_GOOD_TILL_CANCEL,
      price: referencePrice,
      quantity: lot,
    };
    this.desk.place(account, clientOrderId, wish, false);
  }

  private take(events: readonly AccountEvent[]): void {
    const now = performance.now();
    for (const told of events) {
      this.tracker.takeEvent(told, now);
      if (told.event?.$case === "accepted") {
        const { clientOrderId, orderId } = told.event.value;
        const sent = this.sent.get(clientOrderId);
        if (sent) this.byOrder.set(orderId, sent);
        this.sent.delete(clientOrderId);
      } else if (told.event?.$case === "filled") {
        const sent = this.byOrder.get(told.event.value.orderId);
        if (sent) this.filled(sent, now);
      }
    }
  }

  private filled({ symbol, account, atMs }: Sent, nowMs: number): void {
    const wait = this.wait;
    if (!wait || atMs < wait.sinceMs || !wait.missing.delete(`${symbol}/${account}`)) return;
    if (wait.firstMs === 0) wait.firstMs = nowMs - wait.sinceMs;
    if (wait.missing.size > 0) return;
    wait.resolve({ firstMs: wait.firstMs, allMs: nowMs - wait.sinceMs });
  }
}

function accountOfEachShard(shards: number): number[] {
  const accounts = new Map<number, number>();
  for (let account = FIRST_ACCOUNT; accounts.size < shards; account++) {
    const shard = shardOfAccount(account, shards);
    if (!accounts.has(shard)) accounts.set(shard, account);
  }
  return [...accounts.values()];
}

function pause(): Promise<void> {
  return new Promise((wake) => setTimeout(wake, POLL_MS));
}
