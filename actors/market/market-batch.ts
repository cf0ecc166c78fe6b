/** What the commands of a batch lead to, gathered until the host takes it. */
import type { Effects } from "../kernel/actor.js";
import { ByteWriter } from "../kernel/bytes.js";
import { shardOfOrder } from "../kernel/ids.js";
import type { Links } from "../kernel/links.js";
import { encodeLedgerCommand, type MarketAnswer, type TradeReport } from "../ledger/messages.js";
import type { MatchingEngine, OrderRows } from "./engine.js";
import { encodeMarketEvent, type MarketEvent } from "./market-events.js";
import { OrderRowSets, TradeRowSet } from "./market-rows.js";

const NOWHERE: OrderRows = { changed: () => undefined, removed: () => undefined };

export class MarketBatch {
  /** Then messages and trades are only counted. */
  isSilent = false;
  /** Trades and traded quantity since this object was made. */
  tradesExecuted = 0;
  tradeVolume = 0;
  private readonly links: Links;
  private readonly events = new ByteWriter(4096);
  private sends = new Map<number, Uint8Array[]>();
  private readonly trades = new TradeRowSet();
  private readonly orders = new OrderRowSets();

  constructor(links: Links) {
    this.links = links;
  }

  report(event: MarketEvent): void {
    encodeMarketEvent(this.events, event);
  }

  /** Tells the shard that issued the order. */
  answer(answer: Extract<MarketAnswer, { readonly orderId: number }>): void {
    this.send(shardOfOrder(answer.orderId), encodeLedgerCommand(answer));
  }

  /** Counts what `answer` would send. */
  countAnswer(orderId: number): void {
    this.links.nextNumber(shardOfOrder(orderId));
  }

  sendToAll(shards: number, answer: MarketAnswer): void {
    const payload = encodeLedgerCommand(answer);
    for (let shard = 1; shard <= shards; shard++) this.send(shard, payload);
  }

  /** Reports a trade to everybody, and once to each shard that has a side of it. */
  trade(report: TradeReport, makerAccount: number, takerAccount: number): void {
    const payload = encodeLedgerCommand(report);
    const makerShard = shardOfOrder(report.makerOrder);
    const takerShard = shardOfOrder(report.takerOrder);
    const maker = this.send(makerShard, payload);
    const taker = takerShard === makerShard ? maker : this.send(takerShard, payload);
    this.trades.add(report, { maker: makerAccount, taker: takerAccount }, { maker, taker });
    this.report(report);
    this.countVolume(report.quantity);
  }

  /** Counts what `trade` would send. */
  countTrade(makerOrder: number, takerOrder: number, quantity: number): void {
    const makerShard = shardOfOrder(makerOrder);
    const takerShard = shardOfOrder(takerOrder);
    this.links.nextNumber(makerShard);
    if (takerShard !== makerShard) this.links.nextNumber(takerShard);
    this.countVolume(quantity);
  }

  /** Everything since the last call. */
  take(engine: MatchingEngine): Effects {
    engine.takeRows(this.orders);
    const effects: Effects = {
      rows: { ...this.orders.take(), trades: this.trades.take() },
      state: engine.state.encode(),
      sends: this.sends,
      events: this.events.length === 0 ? null : this.events.take(),
      replies: null,
    };
    this.begin();
    return effects;
  }

  /** Forgets what that would give. */
  drop(engine: MatchingEngine): void {
    engine.takeRows(NOWHERE);
    this.trades.drop();
    this.begin();
  }

  private begin(): void {
    this.sends = new Map();
    this.events.reset();
  }

  private countVolume(quantity: number): void {
    this.tradesExecuted += 1;
    this.tradeVolume += quantity;
  }

  /** Returns the number that the message has on its way to the shard. */
  private send(shard: number, payload: Uint8Array): number {
    if (this.isSilent) return this.links.nextNumber(shard);
    const messages = this.sends.get(shard);
    if (messages) messages.push(payload);
    else this.sends.set(shard, [payload]);
    return this.links.nextNumber(shard);
  }
}
