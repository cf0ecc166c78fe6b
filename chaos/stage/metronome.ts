/**
 * A client that sends at an even rate, one order at a time, so that the time between two batches of an actor is the
 * exchange's doing and not the lack of anything to match. Its orders meet: on each symbol they sell and buy in turn.
 */
import { Side } from "../../proto/gen/exchange/v1/exchange.js";
import type { Scene } from "../scene.js";
import { accountOfEachShard, Trader } from "./trader.js";

const FIRST_ACCOUNT = 700;
const MS_PER_SECOND = 1_000;
const PACE_MS = 1;
/** Orders that are made up for at once when the process itself was held up. */
const BURST_ORDERS_MAX = 20;

export interface Beat {
  readonly symbol: string;
  /** The ledger shard whose account sends the order. */
  readonly shard: number;
}

export class Metronome {
  private readonly trader: Trader;
  private readonly accounts: readonly number[];
  private readonly sides = new Map<string, Side>();
  private timer: NodeJS.Timeout | undefined;

  private constructor(trader: Trader, accounts: readonly number[]) {
    this.trader = trader;
    this.accounts = accounts;
  }

  static async open(scene: Scene): Promise<Metronome> {
    const accounts = accountOfEachShard(scene.ledgerShards, FIRST_ACCOUNT);
    const trader = await Trader.open(scene, "metronome", accounts, scene.symbols);
    return new Metronome(trader, accounts);
  }

  /** Sends an order for each of the beats in turn, so many a second, until `stop`. */
  play(beats: readonly Beat[], ordersPerSecond: number): void {
    this.stop();
    const startedMs = performance.now();
    let sent = 0;
    this.timer = setInterval(() => {
      const due = ((performance.now() - startedMs) / MS_PER_SECOND) * ordersPerSecond;
      // What fell due while nothing could be sent is not sent afterwards.
      if (due - sent > BURST_ORDERS_MAX) sent = Math.floor(due) - BURST_ORDERS_MAX;
      if (!this.trader.isOpen || sent >= Math.floor(due)) return;
      for (; sent < Math.floor(due); sent++) this.beat(beats[sent % beats.length]!);
      this.trader.flush();
    }, PACE_MS);
  }

  stop(): void {
    clearInterval(this.timer);
    this.timer = undefined;
  }

  /** Waits for all answers, then for silence. */
  async rest(): Promise<void> {
    this.stop();
    await this.trader.rest();
  }

  leave(): void {
    this.stop();
    this.trader.leave();
  }

  private beat({ symbol, shard }: Beat): void {
    const side = this.sides.get(symbol) ?? Side.SIDE_SELL;
    this.sides.set(symbol, side === Side.SIDE_SELL ? Side.SIDE_BUY : Side.SIDE_SELL);
    this.trader.place(symbol, this.accounts[shard - 1]!, side);
  }
}
