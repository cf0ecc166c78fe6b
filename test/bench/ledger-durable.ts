/**
 * The way from the inbox to the commit, on a whole exchange: frames of changes are published to the shards' inboxes as a
 * gateway publishes them, and counted when the commit that has them is durable.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { encodeFrame, stampToken } from "../../actors/kernel/frame.js";
import { ledgerName, shardOfAccount, sourceOfSlot } from "../../actors/kernel/ids.js";
import type { Scene } from "../../chaos/scene.js";
import { connectNats, NatsLog } from "../../services/adapters/nats/index.js";
import { SystemClock } from "../../services/common/clock.js";
import { Latencies } from "../../services/participants/latencies.js";
import { type Changes, depositOf, openingOf } from "./ledger-changes.js";

/** No gateway has it: they take the lowest that is free. */
const SLOT = 9_999;
const SLOT_TOKEN = 1;
const FRAME_CHANGES = 500;
/** Published and not committed, of each shard: what the next batches are made of while one commits. */
const WINDOW_CHANGES = 10_000;
const POLL_MS = 5;
const DRAIN_LIMIT_MS = 60_000;
const WARM_UP_PART = 0.2;
const MS_PER_SECOND = 1_000;

export interface DurableReport {
  readonly changesPerSecond: number;
  /** Of frames of 500: from publishing to the commit, seen within 5 ms. The window is always full, so this is it ÷ throughput. */
  readonly p50Ms: number;
  readonly p99Ms: number;
}

interface Sent {
  readonly last: number;
  readonly atMs: number;
}

/** What one shard was sent, and how far it has come. */
class Inbox {
  readonly name: string;
  readonly anchor: number;
  sent = 0;
  committed = 0;
  readonly underWay: Sent[] = [];
  waiting: Uint8Array[] = [];

  constructor(name: string, anchor: number) {
    this.name = name;
    this.anchor = anchor;
  }
}

export class DurableLedger {
  private readonly scene: Scene;
  private readonly log: NatsLog;
  private readonly inboxes: readonly Inbox[];
  readonly close: () => Promise<void>;

  private constructor(
    scene: Scene,
    log: NatsLog,
    inboxes: readonly Inbox[],
    close: () => Promise<void>,
  ) {
    this.scene = scene;
    this.log = log;
    this.inboxes = inboxes;
    this.close = close;
  }

  static async open(scene: Scene): Promise<DurableLedger> {
    const connection = await connectNats(scene.exchange.urls.nats, `slot-${SLOT}`);
    const log = await NatsLog.open(connection, new SystemClock());
    const inboxes: Inbox[] = [];
    for (let shard = 1; shard <= scene.ledgerShards; shard++) {
      const [row] = await scene.query<{ anchor: number }>(
        "SELECT anchor FROM actors WHERE actor = $1",
        [shard],
      );
      inboxes.push(new Inbox(ledgerName(shard), row!.anchor));
    }
    return new DurableLedger(scene, log, inboxes, () => connection.close());
  }

  /** Resolves when all are open and durably so. */
  async openAccounts(accounts: readonly number[]): Promise<void> {
    for (const account of accounts) {
      this.put(account, openingOf(account));
      await this.pass();
    }
    await this.finish();
  }

  /** Gives changes as fast as they are taken, for so many seconds; what the first fifth of that did is not counted. */
  async run(changes: Changes, asset: number, seconds: number): Promise<DurableReport> {
    await this.feed(changes, asset, seconds * WARM_UP_PART);
    await this.look();
    const startedMs = performance.now();
    const before = this.committed;
    const latencies = new Latencies();
    await this.feed(changes, asset, seconds * (1 - WARM_UP_PART), latencies);
    await this.look(latencies);
    const elapsedMs = performance.now() - startedMs;
    const done = this.committed - before;
    await this.finish();
    return {
      changesPerSecond: Math.round((done * MS_PER_SECOND) / elapsedMs),
      p50Ms: Math.round(latencies.percentile(50)),
      p99Ms: Math.round(latencies.percentile(99)),
    };
  }

  private async feed(
    changes: Changes,
    asset: number,
    seconds: number,
    latencies?: Latencies,
  ): Promise<void> {
    const endsMs = performance.now() + seconds * MS_PER_SECOND;
    while (performance.now() < endsMs) {
      for (let n = 0; n < FRAME_CHANGES; n++) {
        const change = changes.next();
        this.put(change.account, depositOf(change, asset));
      }
      await this.pass(latencies);
    }
  }

  private get committed(): number {
    return this.inboxes.reduce((sum, { committed }) => sum + committed, 0);
  }

  private put(account: number, payload: Uint8Array): void {
    const shard = shardOfAccount(account, this.inboxes.length);
    this.inboxes[shard - 1]!.waiting.push(payload);
  }

  /** Publishes full frames, and waits for as long as an inbox has as much under way as it may. */
  private async pass(latencies?: Latencies): Promise<void> {
    for (const inbox of this.inboxes) {
      while (inbox.waiting.length >= FRAME_CHANGES) {
        await this.publish(inbox, inbox.waiting.splice(0, FRAME_CHANGES));
      }
    }
    while (this.inboxes.some(({ sent, committed }) => sent - committed >= WINDOW_CHANGES)) {
      await sleep(POLL_MS);
      await this.look(latencies);
    }
  }

  private async publish(inbox: Inbox, payloads: readonly Uint8Array[]): Promise<void> {
    const frame = encodeFrame(sourceOfSlot(SLOT), inbox.sent + 1, payloads);
    stampToken(frame, SLOT_TOKEN);
    inbox.sent += payloads.length;
    inbox.underWay.push({ last: inbox.sent, atMs: performance.now() });
    await this.log.publish(inbox.name, inbox.anchor, frame);
  }

  /** Sees how far the shards have committed. */
  private async look(latencies?: Latencies): Promise<void> {
    const rows = await this.scene.query<{ actor: number; received: number }>(
      "SELECT actor, received FROM links WHERE peer = $1 AND actor <= $2",
      [sourceOfSlot(SLOT), this.inboxes.length],
    );
    const nowMs = performance.now();
    for (const { actor, received } of rows) {
      const inbox = this.inboxes[actor - 1]!;
      inbox.committed = received;
      while ((inbox.underWay[0]?.last ?? Infinity) <= received) {
        const { atMs } = inbox.underWay.shift()!;
        latencies?.record(nowMs - atMs);
      }
    }
  }

  /** Publishes the rest, and waits until everything is committed. */
  private async finish(): Promise<void> {
    for (const inbox of this.inboxes) {
      if (inbox.waiting.length > 0) await this.publish(inbox, inbox.waiting.splice(0));
    }
    const deadlineMs = performance.now() + DRAIN_LIMIT_MS;
    while (this.inboxes.some(({ sent, committed }) => committed < sent)) {
      if (performance.now() > deadlineMs) {
        throw new Error(`BENCH_NOT_COMMITTED: after ${DRAIN_LIMIT_MS} ms some changes are not`);
      }
      await sleep(POLL_MS);
      await this.look();
    }
  }
}
