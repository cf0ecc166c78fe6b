/** What one client has asked for: its requests in the order in which they came, and its subscriptions. */
import type { Logger } from "pino";
import type { Connection } from "./connection.js";
import { CHANNELS_PER_CONNECTION_MAX, REQUESTS_WAITING_MAX } from "./limits.js";
import type { Markets } from "./markets.js";
import * as metrics from "./metrics.js";
import { type Channel, channelName, parseChannel } from "./protocol.js";
import { type FeedRequest, parseRequest, type Refusal } from "./requests.js";

const SHOWN_SYMBOL_LENGTH_MAX = 24;

export class Session {
  private readonly connection: Connection;
  private readonly markets: Markets;
  private readonly logger: Logger;
  private readonly channels = new Set<string>();
  private answered: Promise<void> = Promise.resolve();
  private waiting = 0;

  constructor(connection: Connection, markets: Markets, logger: Logger) {
    this.connection = connection;
    this.markets = markets;
    this.logger = logger;
  }

  get requestsWaiting(): number {
    return this.waiting;
  }

  receive(data: Buffer, isBinary: boolean): void {
    if (!this.connection.admitMessage()) return;
    if (this.waiting >= REQUESTS_WAITING_MAX) {
      const message = `${REQUESTS_WAITING_MAX} requests wait for an answer; wait for one`;
      this.connection.refuse({ code: "TOO_MANY_MESSAGES", message });
      return;
    }
    this.waiting += 1;
    this.answered = this.answered.then(async () => {
      await this.answer(parseRequest(data, isBinary));
      this.waiting -= 1;
    });
  }

  /** Forgets everything that was subscribed. */
  close(): void {
    for (const name of this.channels) this.unsubscribe(name);
  }

  private async answer(request: FeedRequest | Refusal): Promise<void> {
    if ("code" in request) {
      this.connection.refuse(request);
      return;
    }
    const { action, channels, id } = request;
    const names = channels.map(channelName);
    if (action === "unsubscribe") {
      for (const name of names) this.unsubscribe(name);
      this.connection.answer({
        type: "unsubscribed",
        channels: names,
        ...(id !== undefined && { id }),
      });
      return;
    }
    const refusal = await this.judge(channels);
    if (!this.connection.isOpen) return;
    if (refusal) {
      this.connection.refuse({ ...refusal, id });
      return;
    }
    this.connection.answer({
      type: "subscribed",
      channels: names,
      ...(id !== undefined && { id }),
    });
    for (const channel of channels) this.subscribe(channel, request);
  }

  /** Says why the channels cannot be subscribed to, all of them, or nothing. */
  private async judge(channels: readonly Channel[]): Promise<Refusal | undefined> {
    const all = new Set([...this.channels, ...channels.map(channelName)]);
    if (all.size > CHANNELS_PER_CONNECTION_MAX) {
      const message = `a connection has at most ${CHANNELS_PER_CONNECTION_MAX} channels`;
      return { code: "TOO_MANY_CHANNELS", message };
    }
    try {
      for (const { symbol } of channels) {
        if (await this.markets.instruments.find(symbol)) continue;
        const shown = JSON.stringify(symbol.slice(0, SHOWN_SYMBOL_LENGTH_MAX));
        const message = `there is no instrument ${shown}; the gateway lists those that there are`;
        return { code: "UNKNOWN_SYMBOL", message };
      }
      return undefined;
    } catch (error) {
      this.logger.warn({ error: String(error) }, "the instruments could not be read");
      const message = "whether there is such an instrument cannot be said now; try again";
      return { code: "UNAVAILABLE", message };
    }
  }

  private subscribe(channel: Channel, { depth }: FeedRequest): void {
    const market = this.markets.hold(channel.symbol);
    if (!market) return;
    const name = channelName(channel);
    if (!this.channels.has(name)) metrics.subscriptions.inc({ kind: channel.kind });
    this.channels.add(name);
    if (channel.kind === "trade") market.subscribeTrades(this.connection);
    else market.subscribeDepth(this.connection, depth);
  }

  private unsubscribe(name: string): void {
    const channel = parseChannel(name);
    if (!channel || !this.channels.delete(name)) return;
    metrics.subscriptions.dec({ kind: channel.kind });
    const market = this.markets.hold(channel.symbol);
    if (channel.kind === "trade") market?.unsubscribeTrades(this.connection);
    else market?.unsubscribeDepth(this.connection);
  }
}
