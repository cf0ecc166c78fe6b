/** The markets that are held, kept in step with what they say on the bus. A market is held from its first subscription on. */
import type { Logger } from "pino";
import { MalformedError } from "../../actors/kernel/bytes.js";
import { decodeAnnouncement, decodeEventFrame } from "../../actors/kernel/event-frame.js";
import { marketName } from "../../actors/kernel/ids.js";
import type { Readiness } from "../common/http.js";
import type { Clock } from "../ports/clock.js";
import type { Bus } from "../ports/log.js";
import type { Reads } from "../ports/reads.js";
import { ALL_MARKET_ANNOUNCEMENTS, ALL_MARKET_EVENTS } from "../ports/subjects.js";
import { Instruments } from "./instruments.js";
import { MarketChannel } from "./market-channel.js";
import * as metrics from "./metrics.js";

export interface MarketsDependencies {
  readonly bus: Bus;
  readonly reads: Pick<Reads, "instruments" | "marketSnapshot" | "trades">;
  readonly clock: Clock;
  readonly logger: Logger;
}

export class Markets {
  readonly instruments: Instruments;
  private readonly deps: MarketsDependencies;
  /** By the market's actor name, as it stands in subjects. */
  private readonly channels = new Map<string, MarketChannel>();
  private readonly cleanups: (() => void)[];

  constructor(deps: MarketsDependencies) {
    const { bus } = deps;
    this.deps = deps;
    this.instruments = new Instruments(deps.reads, deps.clock);
    this.cleanups = [
      bus.subscribe(ALL_MARKET_EVENTS, (data, subject) => this.takeFrame(data, subject)),
      bus.subscribe(ALL_MARKET_ANNOUNCEMENTS, (data, subject) => this.takeWord(data, subject)),
      bus.onReconnect(() => {
        for (const { view } of this.channels.values()) view.heal("reconnected");
      }),
    ];
  }

  /** The channel of a known instrument. */
  hold(symbol: string): MarketChannel | undefined {
    const name = marketName(symbol);
    const held = this.channels.get(name);
    const instrument = this.instruments.get(symbol);
    if (held || !instrument) return held;
    const { reads, clock } = this.deps;
    const logger = this.deps.logger.child({ actor: name });
    const channel = new MarketChannel(instrument, { reads, clock, logger });
    this.channels.set(name, channel);
    return channel;
  }

  /** Frames that are kept while Postgres is read, of each market. */
  get bufferedFrames(): number[] {
    return [...this.channels.values()].map(({ view }) => view.bufferedFrames);
  }

  readiness(): Readiness {
    const behind = [...this.channels].filter(([, { view }]) => !view.isCurrent);
    const reasons = behind.map(([name]) => `${name} is being read from Postgres`);
    return { ok: reasons.length === 0, reasons };
  }

  close(): void {
    for (const cleanup of this.cleanups) cleanup();
    for (const { view } of this.channels.values()) view.close();
  }

  private takeFrame(data: Uint8Array, subject: string): void {
    const channel = this.channelOf(subject);
    if (channel) this.guard(subject, () => channel.view.takeFrame(decodeEventFrame(data)));
  }

  private takeWord(data: Uint8Array, subject: string): void {
    const channel = this.channelOf(subject);
    if (channel) this.guard(subject, () => channel.view.takeAnnouncement(decodeAnnouncement(data)));
  }

  /** Garbage on the bus is counted and passed over: what it may have hidden shows as a gap. */
  private guard(subject: string, work: () => void): void {
    try {
      work();
    } catch (error) {
      if (!(error instanceof MalformedError)) throw error;
      metrics.framesTaken.inc({ verdict: "malformed" });
      this.deps.logger.warn({ subject, error: error.message }, "a malformed message");
    }
  }

  /** A subject is a kind of message, a dot, and the actor's name. */
  private channelOf(subject: string): MarketChannel | undefined {
    return this.channels.get(subject.slice(subject.indexOf(".") + 1));
  }
}
