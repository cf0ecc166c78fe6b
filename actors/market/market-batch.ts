import type { Effects } from "../kernel/actor.js";
import { ByteWriter } from "../kernel/bytes.js";
import { shardOfOrder } from "../kernel/ids.js";
import type { Links } from "../kernel/links.js";
import { encodeLedgerCommand, type MarketAnswer, type TradeReport } from "../ledger/messages.js";
import { encodeMarketEvent, type MarketEvent } from "./market-events.js";
import { takeBookRows, type TradeRow, tradeRows } from "./market-rows.js";
import type { RestingOrder } from "./resting-order.js";

/** What the commands of a batch lead to, gathered until the host takes it. */
export class MarketBatch {
  private readonly links: Links;
  private readonly events = new ByteWriter(4096);
  private sends = new Map<number, Uint8Array[]>();
  private trades: TradeRow[] = [];
  private touched: RestingOrder[] = [];

  constructor(links: Links) {
    this.links = links;
  }

  /** The order's row may have to be written. */
  touch(order: RestingOrder): void {
    if (order.isTouched) return;
    order.isTouched = true;
    this.touched.push(order);
  }

  report(event: MarketEvent): void {
    encodeMarketEvent(this.events, event);
  }

  /** Tells the shard that issued the order. */
  answer(answer: Extract<MarketAnswer, { readonly orderId: number }>): void {
    this.send(shardOfOrder(answer.orderId), encodeLedgerCommand(answer));
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
    const makerNumber = this.send(makerShard, payload);
    const takerNumber = takerShard === makerShard ? makerNumber : this.send(takerShard, payload);
    this.trades.push({ report, makerAccount, takerAccount, makerNumber, takerNumber });
    this.report(report);
  }

  /** Everything since the last call. */
  take(state: Uint8Array): Effects {
    const { book, removed } = takeBookRows(this.touched);
    const effects: Effects = {
      rows: { book, book_removed: removed, trades: tradeRows(this.trades) },
      state,
      sends: this.sends,
      events: this.events.length === 0 ? null : this.events.take(),
      replies: null,
    };
    this.touched = [];
    this.trades = [];
    this.sends = new Map();
    this.events.reset();
    return effects;
  }

  /** Returns the number that the message has on its way to the shard. */
  private send(shard: number, payload: Uint8Array): number {
    const messages = this.sends.get(shard);
    if (messages) messages.push(payload);
    else this.sends.set(shard, [payload]);
    return this.links.nextNumber(shard);
  }
}
