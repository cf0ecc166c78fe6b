/**
 * The client whose patience a drill measures. After a blow it sends pairs of orders that are sure to meet: at once for
 * every symbol that it is asked about from every ledger shard, then, as some may be refused, one pair after the other
 * under new ids. It notes when the first of them, and when the last it waits for, is told to have traded.
 */
import { type AccountEvent, Side } from "../../proto/gen/exchange/v1/exchange.js";
import type { Scene } from "../scene.js";
import { accountOfEachShard, Trader } from "./trader.js";

const FIRST_ACCOUNT = 500;
const EVERY_MS = 20;
const RESUME_LIMIT_MS = 60_000;

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
  private trader!: Trader;
  private readonly sent = new Map<string, Sent>();
  private readonly byOrder = new Map<number, Sent>();
  private wait: Wait | null = null;
  private turn = 0;

  private constructor(scene: Scene) {
    this.accounts = accountOfEachShard(scene.ledgerShards, FIRST_ACCOUNT);
  }

  /** `symbols`: those that it may be asked about. */
  static async open(scene: Scene, symbols: readonly string[] = scene.symbols): Promise<Probe> {
    const probe = new Probe(scene);
    const hear = (event: AccountEvent, nowMs: number) => probe.take(event, nowMs);
    probe.trader = await Trader.open(scene, "probe", probe.accounts, symbols, hear);
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
        this.sendAll(symbols);
        timer = setInterval(() => this.sendNext(symbols), EVERY_MS);
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
  rest(): Promise<void> {
    return this.trader.rest();
  }

  /** Ends its streams, whatever is unanswered. */
  leave(): void {
    this.trader.leave();
  }

  /** Few enough that the exchange is not measured while it works this off. */
  private sendAll(symbols: readonly string[]): void {
    for (const symbol of symbols) {
      for (const seller of this.accounts.keys()) this.sendPair(symbol, seller);
    }
    this.trader.flush();
  }

  private sendNext(symbols: readonly string[]): void {
    if (!this.trader.isOpen) return;
    this.turn += 1;
    const symbol = symbols[this.turn % symbols.length]!;
    this.sendPair(symbol, Math.floor(this.turn / symbols.length) % this.accounts.length);
    this.trader.flush();
  }

  /** From an account and the next one, which is of another shard where there are several. */
  private sendPair(symbol: string, sellerAt: number): void {
    const seller = this.accounts[sellerAt]!;
    const buyer = this.accounts[(sellerAt + 1) % this.accounts.length]!;
    const atMs = performance.now();
    const sell = this.trader.place(symbol, seller, Side.SIDE_SELL);
    this.sent.set(sell, { symbol, account: seller, atMs });
    const buy = this.trader.place(symbol, buyer, Side.SIDE_BUY);
    this.sent.set(buy, { symbol, account: buyer, atMs });
  }

  private take(told: AccountEvent, nowMs: number): void {
    if (told.event?.$case === "accepted") {
      const { clientOrderId, orderId } = told.event.value;
      const sent = this.sent.get(clientOrderId);
      if (sent) this.byOrder.set(orderId, sent);
      this.sent.delete(clientOrderId);
    } else if (told.event?.$case === "filled") {
      const sent = this.byOrder.get(told.event.value.orderId);
      if (sent) this.filled(sent, nowMs);
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
