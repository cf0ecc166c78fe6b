/**
 * The client of a drill at a running exchange: one account whose orders go through its ledger shard to their market and back, and
 * are cancelled there (see `probe-terms.ts`: they never trade). It goes by a wire of its own, which can be cut.
 */
import { randomBytes } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import {
  type AccountEvent,
  type CommandResult,
  OrderType,
  Side,
  TimeInForce,
} from "../../proto/gen/exchange/v1/exchange.js";
import {
  ExchangeClient,
  ExchangeError,
  type NewOrder,
} from "../../services/client/exchange-client.js";
import { isSoWithin } from "../stage/patience.js";
import { TcpProxy } from "../stage/tcp-proxy.js";
import { PROBE_ORDER_LIFE_S, type ProbeTerms } from "./probe-terms.js";

/** How often, and how many at once; when so many are open, none is sent. */
export interface Pace {
  readonly ordersPerSecond: number;
  readonly ordersOpenMax: number;
  /** So many of these the drill sends by itself. */
  readonly ordersOfDrill: number;
}

/** One order of the probe, as the probe was told of it. Times are by its own clock. */
export interface ProbeOrder {
  readonly clientOrderId: string;
  readonly symbol: string;
  readonly sentMs: number;
  /** The first answer; null: none came. */
  answer: CommandResult | null;
  acceptedMs: number | null;
  endedMs: number | null;
  /** How often an answer was lost on its way, and it was sent again under its id. */
  lostAnswers: number;
  /** Why the gateway did not take it; null: it did, or nobody knows. */
  refusal: string | null;
}

const MS_PER_SECOND = 1_000;
const MICROS_PER_SECOND = 1_000_000;
const RUN_BYTES = 4;
const AGAIN_AFTER_MS = 100;

interface Connected {
  readonly wire: TcpProxy;
  readonly client: ExchangeClient;
  readonly account: number;
  readonly terms: ReadonlyMap<string, ProbeTerms>;
  /** The first number of the account's sequence that it is told. */
  readonly firstSequence: number;
  /** The exchange's clock less this one's, in microseconds. */
  readonly clockOffset: number;
}

export class Probe {
  readonly account: number;
  readonly firstSequence: number;
  readonly orders: ProbeOrder[] = [];
  readonly events: AccountEvent[] = [];
  /** Of each symbol, when its market was heard of. */
  readonly heardMs = new Map<string, number[]>();
  readonly wire: TcpProxy;
  /** How often the account's events broke off and were resumed. */
  interruptions = 0;
  /** Why nothing more is told; null: it is. */
  failure: string | null = null;
  private readonly client: ExchangeClient;
  private readonly terms: ReadonlyMap<string, ProbeTerms>;
  private readonly clockOffset: number;
  private readonly run = `drill-${randomBytes(RUN_BYTES).toString("hex")}`;
  private readonly open = new Set<ProbeOrder>();
  private readonly byOrderId = new Map<number, ProbeOrder>();
  private readonly byClientId = new Map<string, ProbeOrder>();
  private timer: NodeJS.Timeout | undefined;
  private hasLeft = false;

  private constructor(connected: Connected) {
    this.wire = connected.wire;
    this.client = connected.client;
    this.account = connected.account;
    this.terms = connected.terms;
    this.firstSequence = connected.firstSequence;
    this.clockOffset = connected.clockOffset;
    const from = [{ account: this.account, fromSequence: this.firstSequence }];
    this.client.subscribeAccounts(from, {
      onEvents: (events) => this.take(events),
      onInterrupted: () => (this.interruptions += 1),
      onFailed: (error) => (this.failure = error.message),
    });
  }

  static async open(
    address: string,
    account: number,
    terms: ReadonlyMap<string, ProbeTerms>,
  ): Promise<Probe> {
    const wire = await TcpProxy.start(`tcp://${address}`);
    const client = ExchangeClient.connect(`127.0.0.1:${new URL(wire.url).port}`, {
      accounts: [account],
    });
    try {
      await client.ready();
      const { sequence } = await client.balances(account);
      const clockOffset = (await client.serverTime()) - Date.now() * MS_PER_SECOND;
      return new Probe({ wire, client, account, terms, firstSequence: sequence + 1, clockOffset });
    } catch (error) {
      client.close();
      await wire.stop();
      throw error;
    }
  }

  /** Sends orders for the symbols in turn, until `pause`. */
  play(symbols: readonly string[], pace: Pace): void {
    const { ordersPerSecond } = pace;
    const openMax = pace.ordersOpenMax - pace.ordersOfDrill;
    const everyMs = MS_PER_SECOND / ordersPerSecond;
    let turn = 0;
    let dueMs = performance.now();
    this.timer = setInterval(() => {
      // A timer that comes late is made up for; a time when too many were open is not.
      for (const nowMs = performance.now(); dueMs <= nowMs; dueMs += everyMs) {
        if (this.open.size < openMax) this.send(symbols[turn++ % symbols.length]!);
      }
    }, everyMs);
  }

  pause(): void {
    clearInterval(this.timer);
    this.timer = undefined;
  }

  send(symbol: string): ProbeOrder {
    const order: ProbeOrder = {
      clientOrderId: `${this.run}-${this.orders.length + 1}`,
      symbol,
      sentMs: performance.now(),
      answer: null,
      acceptedMs: null,
      endedMs: null,
      lostAnswers: 0,
      refusal: null,
    };
    this.orders.push(order);
    this.byClientId.set(order.clientOrderId, order);
    this.open.add(order);
    void this.goThrough(order);
    return order;
  }

  /** The same id once more, for an order of another quantity: what the exchange answers then. */
  repeat({ clientOrderId, symbol }: ProbeOrder): Promise<CommandResult> {
    const order = this.placement(clientOrderId, symbol);
    return this.client.placeOrder({ ...order, quantity: 2 * order.quantity });
  }

  /** For how long the oldest order that has not ended has waited, in milliseconds; 0: there is none. */
  get oldestMs(): number {
    const [oldest] = this.open;
    return oldest === undefined ? 0 : performance.now() - oldest.sentMs;
  }

  /** Sends no more, and resolves to whether everything had ended in time. */
  rest(limitMs: number): Promise<boolean> {
    this.pause();
    return isSoWithin(limitMs, async () => this.open.size === 0);
  }

  async leave(): Promise<void> {
    this.pause();
    this.hasLeft = true;
    this.client.close();
    await this.wire.stop();
  }

  private placement(
    clientOrderId: string,
    symbol: string,
  ): NewOrder & { readonly quantity: number } {
    const { quantity, price, stopPrice } = this.terms.get(symbol)!;
    const now = Date.now() * MS_PER_SECOND + this.clockOffset;
    return {
      account: this.account,
      clientOrderId,
      symbol,
      side: Side.SIDE_BUY,
      type: OrderType.ORDER_TYPE_STOP_LIMIT,
      timeInForce: TimeInForce.TIME_IN_FORCE_GOOD_TILL_DATE,
      expiresAt: Math.round(now + PROBE_ORDER_LIFE_S * MICROS_PER_SECOND),
      price,
      quantity,
      stopPrice,
    };
  }

  /** Until it is accepted or refused; the rest comes with the account's events. */
  private async goThrough(order: ProbeOrder): Promise<void> {
    const placement = this.placement(order.clientOrderId, order.symbol);
    const answer = await this.untilAnswered(order, () => this.client.placeOrder(placement));
    if (!answer) return;
    order.answer = answer;
    if (answer.code === "OK") order.acceptedMs = performance.now();
    else this.open.delete(order);
  }

  private async cancel(order: ProbeOrder): Promise<void> {
    const { account } = this;
    const name = { account, clientOrderId: order.clientOrderId };
    await this.untilAnswered(null, () => this.client.cancelOrder(name));
  }

  /** Sent again under its id until somebody answers, which does nothing twice. */
  private async untilAnswered(
    order: ProbeOrder | null,
    call: () => Promise<CommandResult>,
  ): Promise<CommandResult | null> {
    while (!this.hasLeft) {
      try {
        return await call();
      } catch (error) {
        if (!(error instanceof ExchangeError)) throw error;
        if (error.kind === "unknown" && order) order.lostAnswers += 1;
        if (error.kind === "final") return this.refuse(order, error);
        await sleep(error.retryMs ?? AGAIN_AFTER_MS);
      }
    }
    return null;
  }

  private refuse(order: ProbeOrder | null, { message }: ExchangeError): null {
    if (!order) return null;
    order.refusal = message;
    this.open.delete(order);
    return null;
  }

  private take(events: readonly AccountEvent[]): void {
    const nowMs = performance.now();
    for (const told of events) {
      this.events.push(told);
      const { event } = told;
      if (event?.$case === "accepted") {
        const order = this.byClientId.get(event.value.clientOrderId);
        if (order) this.byOrderId.set(event.value.orderId, order);
      } else if (event?.$case === "waiting") {
        const order = this.hear(event.value.orderId, nowMs);
        if (order) void this.cancel(order);
      } else if (event?.$case === "ended") {
        const order = this.hear(event.value.orderId, nowMs);
        if (!order) continue;
        order.endedMs ??= nowMs;
        this.open.delete(order);
      }
    }
  }

  private hear(orderId: number, nowMs: number): ProbeOrder | undefined {
    const order = this.byOrderId.get(orderId);
    if (!order) return undefined;
    const heard = this.heardMs.get(order.symbol) ?? [];
    heard.push(nowMs);
    this.heardMs.set(order.symbol, heard);
    return order;
  }
}
