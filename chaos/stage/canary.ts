/**
 * A client that asks each symbol once a second whether it lives: an order that meets nobody and may not rest, which its
 * market has to take and to end. So it disturbs nothing: there is no fill of it, and nothing of it stays.
 */
import type { AccountEvent } from "../../proto/gen/exchange/v1/exchange.js";
import type { Scene } from "../scene.js";
import type { Timeline } from "./timeline.js";
import { accountOfEachShard, Trader } from "./trader.js";

const FIRST_ACCOUNT = 900;
const MS_PER_SECOND = 1_000;

/** One order to one symbol in one second. */
export interface Beat {
  readonly symbol: string;
  /** Milliseconds since the drill began: when it was sent, or should have been. */
  readonly atMs: number;
  /** How long the market's word took; null when there was none, or when nothing could be sent. */
  readonly answerMs: number | null;
}

interface Sent {
  readonly symbol: string;
  readonly atMs: number;
  readonly sentMs: number;
  answerMs: number | null;
}

export class Canary {
  private readonly accounts: readonly number[];
  private readonly symbols: readonly string[];
  private readonly timeline: Timeline;
  private trader!: Trader;
  private timer: NodeJS.Timeout | undefined;
  private sent: Sent[] = [];
  /** Whom the market has yet to answer, by client order id, then by the number of the order. */
  private byClientId = new Map<string, Sent>();
  private byOrder = new Map<number, Sent>();
  private turn = 0;

  private constructor(scene: Scene, timeline: Timeline) {
    this.accounts = accountOfEachShard(scene.ledgerShards, FIRST_ACCOUNT);
    this.symbols = scene.symbols;
    this.timeline = timeline;
  }

  static async open(scene: Scene, timeline: Timeline): Promise<Canary> {
    const canary = new Canary(scene, timeline);
    const hear = (event: AccountEvent, nowMs: number) => canary.take(event, nowMs);
    canary.trader = await Trader.open(scene, "canary", canary.accounts, canary.symbols, hear);
    return canary;
  }

  /** Begins to ask, one symbol after the other, each once a second. */
  start(): void {
    this.stop();
    this.sent = [];
    this.timer = setInterval(() => this.ask(), MS_PER_SECOND / this.symbols.length);
  }

  stop(): void {
    clearInterval(this.timer);
    this.timer = undefined;
  }

  /** What it has sent since it was started, and what it was answered. */
  get beats(): Beat[] {
    return this.sent.map(({ symbol, atMs, answerMs }) => ({ symbol, atMs, answerMs }));
  }

  /** Waits for all answers, then for silence. */
  async rest(): Promise<void> {
    this.stop();
    await this.trader.rest();
    this.byClientId.clear();
    this.byOrder.clear();
  }

  leave(): void {
    this.stop();
    this.trader.leave();
  }

  /** Another ledger shard's account asks each second. */
  private ask(): void {
    const { symbols, accounts } = this;
    const symbol = symbols[this.turn % symbols.length]!;
    const account =
      accounts[(this.turn + Math.floor(this.turn / symbols.length)) % accounts.length]!;
    this.turn += 1;
    const sentMs = performance.now();
    const sent: Sent = { symbol, atMs: this.timeline.elapsedMs, sentMs, answerMs: null };
    this.sent.push(sent);
    if (!this.trader.isOpen) return;
    this.byClientId.set(this.trader.placeApart(symbol, account), sent);
    this.trader.flush();
  }

  private take(told: AccountEvent, nowMs: number): void {
    if (told.event?.$case === "accepted") {
      const { clientOrderId, orderId } = told.event.value;
      const sent = this.byClientId.get(clientOrderId);
      if (sent) this.byOrder.set(orderId, sent);
      this.byClientId.delete(clientOrderId);
    } else if (told.event?.$case === "ended") {
      const sent = this.byOrder.get(told.event.value.orderId);
      if (sent) sent.answerMs = nowMs - sent.sentMs;
      this.byOrder.delete(told.event.value.orderId);
    }
  }
}
