/**
 * What one ledger shard says, each batch once and in order (R3, R9): from event frames as long as they follow one another,
 * else from Postgres. A frame that leads to a reading need not be kept: it was committed before, so the reading has it.
 */
import type { Logger } from "pino";
import { assert } from "../../actors/kernel/assert.js";
import { MalformedError } from "../../actors/kernel/bytes.js";
import type { Announcement, EventFrame } from "../../actors/kernel/event-frame.js";
import {
  type AccountEvent,
  decodeAccountEvents,
  decodeBlocks,
  decodeReplies,
  type Reply,
} from "../../actors/ledger/account-events.js";
import {
  type EventPosition,
  judgeAnnouncement,
  judgeFrame,
} from "../../actors/marketdata/event-position.js";
import { type Clock, sleep } from "../ports/clock.js";
import type { Reads, StoredEvents } from "../ports/reads.js";
import {
  BATCHES_PER_PAGE,
  BUFFERED_FRAMES_MAX,
  LATE_FRAME_MS,
  RETRY_READ_AFTER_MS,
} from "./limits.js";
import { blocksOf } from "./journal-block.js";
import * as metrics from "./metrics.js";

/** Events of one account in one batch, from its number `first` on. */
export interface Block {
  readonly account: number;
  readonly first: number;
  readonly events: readonly AccountEvent[];
  readonly batch: number;
  readonly token: number;
  /** Microseconds since 1970. */
  readonly time: number;
}

export interface EventSink {
  block(shard: number, block: Block): void;
  reply(shard: number, token: number, reply: Reply): void;
}

export interface ShardEventsDependencies {
  readonly reads: Pick<Reads, "eventsBetween">;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly sink: EventSink;
}

/** What a batch said, decoded before any of it is told. */
interface Said {
  readonly blocks: readonly Block[];
  readonly replies: readonly Reply[];
}

export class ShardEvents {
  readonly shard: number;
  private readonly deps: ShardEventsDependencies;
  private position: EventPosition;
  private buffered: EventFrame[] = [];
  private isStale = false;
  private isReading = false;
  private isWaiting = false;
  /** The highest token and batch that were announced. */
  private announced: EventPosition;
  private closed = false;

  constructor(shard: number, position: EventPosition, deps: ShardEventsDependencies) {
    const { token, eventBatch } = position;
    this.shard = shard;
    this.position = { token, eventBatch };
    this.announced = this.position;
    this.deps = deps;
  }

  close(): void {
    this.closed = true;
  }

  get bufferedFrames(): number {
    return this.buffered.length;
  }

  takeFrame(frame: EventFrame): void {
    if (frame.actor !== this.shard || this.closed) return;
    if (!this.isReading) return this.judge(frame);
    // Above the limit all are dropped; the next one, or an announcement, then shows a gap.
    if (this.buffered.length >= BUFFERED_FRAMES_MAX) this.buffered = [];
    this.buffered.push(frame);
  }

  takeAnnouncement(announcement: Announcement): void {
    if (announcement.actor !== this.shard || this.closed) return;
    if (announcement.token < this.announced.token) return;
    this.announced = announcement;
    if (this.isReading) return;
    const verdict = judgeAnnouncement(this.position, announcement);
    if (verdict === "new-token") this.heal(verdict);
    else if (verdict === "gap") this.waitForFrame();
  }

  /** Reads from Postgres what may be missing. */
  heal(reason: string): void {
    if (this.closed) return;
    metrics.heals.inc({ reason });
    this.deps.logger.info({ shard: this.shard, reason, ...this.position }, "reading missed events");
    this.isStale = true;
    if (!this.isReading) void this.read();
  }

  /** Frames and announcements have no order between them: what is announced may be on its way. */
  private waitForFrame(): void {
    if (this.isWaiting) return;
    this.isWaiting = true;
    this.deps.clock.after(LATE_FRAME_MS, () => {
      this.isWaiting = false;
      if (this.isReading || this.closed) return;
      if (judgeAnnouncement(this.position, this.announced) === "gap") this.heal("announced");
    });
  }

  private judge(frame: EventFrame): void {
    const verdict = judgeFrame(this.position, frame);
    if (verdict === "next") this.applyFrame(frame);
    else if (verdict === "new-token" || verdict === "gap") {
      const { token, batch } = frame;
      if (token > this.announced.token) this.announced = { token, eventBatch: batch };
      this.heal(verdict);
    }
  }

  private applyFrame(frame: EventFrame): void {
    const said = saidInFrame(frame);
    if (!said) {
      // Not what a shard says: Postgres has what it has really said.
      metrics.malformedMessages.inc();
      return;
    }
    this.position = { token: frame.token, eventBatch: frame.batch };
    this.tell(said, frame.token);
  }

  private async read(): Promise<void> {
    this.isReading = true;
    while (this.isStale && !this.closed) {
      this.isStale = false;
      try {
        await this.readPages();
      } catch (error) {
        const { logger, clock } = this.deps;
        logger.warn({ shard: this.shard, error: String(error) }, "events could not be read");
        this.isStale = true;
        await sleep(clock, RETRY_READ_AFTER_MS);
      }
      if (!this.isStale) this.takeBuffered();
    }
    this.isReading = false;
  }

  private async readPages(): Promise<void> {
    // Nothing of a lower token can be committed after what was announced, so the reading has all of it.
    const { token } = this.announced;
    let page: StoredEvents[];
    do {
      const { eventBatch } = this.position;
      page = await this.deps.reads.eventsBetween(
        this.shard,
        eventBatch,
        Number.MAX_SAFE_INTEGER,
        BATCHES_PER_PAGE,
      );
      if (this.closed) return;
      for (const stored of page) this.applyStored(stored);
    } while (page.length === BATCHES_PER_PAGE);
    if (token > this.position.token) this.position = { ...this.position, token };
  }

  private applyStored(stored: StoredEvents): void {
    const { token, batch } = stored;
    assert(batch > this.position.eventBatch, "batch %s of shard %s came again", batch, this.shard);
    const said = this.saidInRows(stored);
    this.position = { token: Math.max(token, this.position.token), eventBatch: batch };
    this.tell(said, token);
  }

  /** What cannot be read of it is passed over: it keeps nothing else from being told. */
  private saidInRows({ batch, journal, replies }: StoredEvents): Said {
    const { logger } = this.deps;
    const blocks = blocksOf(journal, logger);
    try {
      return { blocks, replies: replies ? decodeReplies(replies) : [] };
    } catch (error) {
      if (!(error instanceof MalformedError)) throw error;
      metrics.unreadableRows.inc();
      logger.error({ shard: this.shard, batch, error: error.message }, "unreadable replies");
      return { blocks, replies: [] };
    }
  }

  private takeBuffered(): void {
    const frames = this.buffered;
    this.buffered = [];
    for (const frame of frames) if (!this.isStale) this.judge(frame);
  }

  private tell({ blocks, replies }: Said, token: number): void {
    const { sink } = this.deps;
    for (const block of blocks) sink.block(this.shard, block);
    for (const reply of replies) sink.reply(this.shard, token, reply);
  }
}

/** Null when the bytes are not what a shard says. */
function saidInFrame({ events, replies, batch, token, time }: EventFrame): Said | null {
  try {
    const blocks = decodeBlocks(events).map((block) => ({
      account: block.account,
      first: block.first,
      events: decodeAccountEvents(block.bytes),
      batch,
      token,
      time,
    }));
    return { blocks, replies: decodeReplies(replies) };
  } catch (error) {
    if (error instanceof MalformedError) return null;
    throw error;
  }
}
