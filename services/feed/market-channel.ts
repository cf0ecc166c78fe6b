/** One market's channels: who is subscribed to its trades and its depth, and what each of them gets. All get its phase. */
import type { Instrument } from "../../actors/kernel/instrument.js";
import { DepthChanges } from "../../actors/marketdata/depth-changes.js";
import type { Connection, Deferred } from "./connection.js";
import {
  type DepthUpdate,
  type FeedIndicative,
  type FeedPhase,
  type FeedTrade,
  MarketView,
  type ViewDependencies,
  type ViewListener,
} from "./market-view.js";
import { MarketMessages } from "./messages.js";
import * as metrics from "./metrics.js";
import type { DepthMode } from "./protocol.js";

export class MarketChannel implements ViewListener {
  readonly view: MarketView;
  private readonly messages: MarketMessages;
  private readonly traders = new Set<Connection>();
  private readonly watchers = new Map<Connection, DepthSubscription>();
  private readonly followers = new Map<Connection, PhaseSubscription>();
  /** The snapshot of the view's current sequence, encoded once for all who ask for it. */
  private encodedSnapshot: Buffer | null = null;

  constructor(instrument: Instrument, deps: ViewDependencies) {
    this.messages = new MarketMessages(instrument);
    this.view = new MarketView(instrument.id, deps, this);
    this.view.heal("subscribed");
  }

  subscribeTrades(connection: Connection): void {
    this.traders.add(connection);
    this.follow(connection);
  }

  unsubscribeTrades(connection: Connection): void {
    this.traders.delete(connection);
    this.unfollow(connection);
  }

  /** A snapshot follows, as soon as there is one and the client can take it. */
  subscribeDepth(connection: Connection, mode: DepthMode): void {
    this.watchers.get(connection)?.end();
    const subscription = new DepthSubscription(this, connection, mode);
    this.watchers.set(connection, subscription);
    subscription.flush();
    this.follow(connection);
  }

  unsubscribeDepth(connection: Connection): void {
    this.watchers.get(connection)?.end();
    this.watchers.delete(connection);
    this.unfollow(connection);
  }

  /** Null while there is no book yet. */
  snapshot(): Buffer | null {
    if (!this.view.book) return null;
    this.encodedSnapshot ??= this.messages.snapshot(this.view);
    return this.encodedSnapshot;
  }

  diff(update: DepthUpdate): Buffer {
    return this.messages.diff(update);
  }

  /** What is to be known of the phase now; nothing while it has not been read. */
  conditions(): { readonly type: "phase" | "indicative"; readonly text: Buffer }[] {
    const { phase, indicative } = this.view;
    const conditions: { readonly type: "phase" | "indicative"; readonly text: Buffer }[] = [];
    if (phase) conditions.push({ type: "phase", text: this.messages.phase(phase) });
    if (indicative) {
      conditions.push({ type: "indicative", text: this.messages.indicative(indicative) });
    }
    return conditions;
  }

  phaseChanged(phase: FeedPhase): void {
    if (this.followers.size === 0) return;
    const text = this.messages.phase(phase);
    for (const follower of this.followers.values()) follower.offer("phase", text);
  }

  indicated(indicative: FeedIndicative): void {
    if (this.followers.size === 0) return;
    const text = this.messages.indicative(indicative);
    for (const follower of this.followers.values()) follower.offer("indicative", text);
  }

  traded(trade: FeedTrade): void {
    if (this.traders.size === 0) return;
    const text = this.messages.trade(trade);
    for (const connection of this.traders) connection.send("trade", text);
  }

  changed(merged: DepthUpdate, updates: readonly DepthUpdate[]): void {
    this.encodedSnapshot = null;
    if (this.watchers.size === 0) return;
    const watchers = [...this.watchers.values()];
    const perCommand = watchers.filter(({ mode }) => mode === "command");
    if (perCommand.length < watchers.length) {
      const text = this.diff(merged);
      for (const each of watchers) if (each.mode === "batch") each.offer(merged, text);
    }
    if (perCommand.length === 0) return;
    for (const update of updates) {
      const text = this.diff(update);
      for (const each of perCommand) each.offer(update, text);
    }
  }

  replaced(): void {
    this.encodedSnapshot = null;
    for (const subscription of this.watchers.values()) subscription.restart();
    for (const follower of this.followers.values()) follower.begin();
  }

  /** Who has both channels is told once of each change. */
  private follow(connection: Connection): void {
    if (this.followers.has(connection)) return;
    const follower = new PhaseSubscription(this, connection);
    this.followers.set(connection, follower);
    follower.begin();
  }

  private unfollow(connection: Connection): void {
    if (this.traders.has(connection) || this.watchers.has(connection)) return;
    this.followers.get(connection)?.end();
    this.followers.delete(connection);
  }
}

/** What one client is told of a market's phase: each change, or while it is slow only what holds in the end. */
class PhaseSubscription implements Deferred {
  private readonly channel: MarketChannel;
  private readonly connection: Connection;
  private isBehind = false;

  constructor(channel: MarketChannel, connection: Connection) {
    this.channel = channel;
    this.connection = connection;
  }

  offer(type: "phase" | "indicative", text: Buffer): void {
    if (this.isBehind) return;
    if (this.connection.isSlow) this.begin();
    else this.connection.send(type, text);
  }

  /** Tells what holds now, as soon as the client can take it. */
  begin(): void {
    this.isBehind = this.connection.isSlow;
    if (this.isBehind) this.connection.defer(this);
    else this.flush();
  }

  flush(): void {
    this.isBehind = false;
    for (const { type, text } of this.channel.conditions()) this.connection.send(type, text);
  }

  end(): void {
    this.connection.forget(this);
  }
}

/** One client's depth of one market: first a snapshot, then diffs; merged into one while the client is slow. */
class DepthSubscription implements Deferred {
  readonly mode: DepthMode;
  private readonly channel: MarketChannel;
  private readonly connection: Connection;
  private hasSnapshot = false;
  private pending: DepthUpdate | null = null;

  constructor(channel: MarketChannel, connection: Connection, mode: DepthMode) {
    this.channel = channel;
    this.connection = connection;
    this.mode = mode;
  }

  /** A diff, and the same as text. */
  offer(update: DepthUpdate, text: Buffer): void {
    if (!this.hasSnapshot) return; // It will be part of the snapshot.
    if (!this.pending && !this.connection.isSlow) {
      this.connection.send("depth", text);
      return;
    }
    if (!this.pending) this.connection.defer(this);
    this.pending = mergeInto(this.pending, update);
    metrics.diffsMerged.inc();
  }

  /** The book does not continue the one before: begin with a snapshot again. */
  restart(): void {
    this.hasSnapshot = false;
    this.pending = null;
    this.flush();
  }

  end(): void {
    this.connection.forget(this);
  }

  flush(): void {
    if (this.hasSnapshot) {
      if (this.pending) this.connection.send("depth", this.channel.diff(this.pending));
      this.pending = null;
      return;
    }
    if (this.connection.isSlow) {
      this.connection.defer(this);
      return;
    }
    const text = this.channel.snapshot();
    if (!text) return; // `replaced` will come.
    this.hasSnapshot = true;
    this.connection.send("depth", text);
  }
}

/** The changes of `pending` are its own, never those of an update that others get too. */
function mergeInto(pending: DepthUpdate | null, update: DepthUpdate): DepthUpdate {
  const changes = pending?.changes ?? new DepthChanges();
  changes.merge(update.changes);
  return { ...update, changes, previous: pending?.previous ?? update.previous };
}
