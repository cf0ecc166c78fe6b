import * as fc from "fast-check";
import { pino } from "pino";
import { describe, expect, it } from "vitest";
import { ByteWriter } from "../../actors/kernel/bytes.js";
import type { Announcement, EventFrame } from "../../actors/kernel/event-frame.js";
import { encodeAccountEvent, encodeBlocks } from "../../actors/ledger/account-events.js";
import { AccountFeed } from "../../services/gateway/account-feed.js";
import { BUFFERED_BLOCKS_MAX, LATE_FRAME_MS } from "../../services/gateway/limits.js";
import { type Block, ShardEvents } from "../../services/gateway/shard-events.js";
import type { StoredEvents } from "../../services/ports/reads.js";
import { ManualClock } from "../helpers/manual-clock.js";

const SHARD = 1;
const ACCOUNT = 77;
const NOTHING = new Uint8Array(0);

/** An event that carries its own number, to be recognised. */
function eventBytes(sequence: number): Uint8Array {
  const writer = new ByteWriter();
  encodeAccountEvent(writer, { kind: "rested", orderId: sequence, leaves: 1, sequence });
  return writer.take();
}

/** The whole of what a shard has committed: a batch with events, or one without. */
class Committed {
  readonly stored: StoredEvents[] = [];
  batch = 0;
  token = 1;
  sequence = 0;

  get eventBatch(): number {
    return this.stored.at(-1)?.batch ?? 0;
  }

  commit(hasEvents: boolean): EventFrame | null {
    const previousBatch = this.eventBatch;
    this.batch += 1;
    if (!hasEvents) return null;
    this.sequence += 1;
    const { batch, token, sequence } = this;
    const events = eventBytes(sequence);
    const head = { actor: SHARD, batch, token, time: batch };
    const row = { ...head, account: ACCOUNT, first: sequence, last: sequence, events };
    this.stored.push({ ...head, journal: [row], replies: null });
    const writer = new ByteWriter();
    encodeBlocks(writer, [{ account: ACCOUNT, first: sequence, count: 1, bytes: events }]);
    return { ...head, previousBatch, events: writer.take(), replies: NOTHING };
  }

  announcement(): Announcement {
    const { token, batch, eventBatch } = this;
    return {
      actor: SHARD,
      name: "ledger.1",
      node: "n",
      anchor: 1,
      marks: [],
      lags: [],
      token,
      batch,
      eventBatch,
    };
  }
}

function stage(committed: Committed) {
  const clock = new ManualClock();
  const told: number[] = [];
  let reads = 0;
  const events = new ShardEvents(
    SHARD,
    { token: 1, eventBatch: 0 },
    {
      clock,
      logger: pino({ level: "silent" }),
      reads: {
        eventsBetween: async (_, after, upTo, max) => {
          reads += 1;
          const wanted = committed.stored.filter(({ batch }) => batch > after && batch <= upTo);
          return wanted.slice(0, max);
        },
      },
      sink: {
        block: (_, block) => told.push(block.first),
        reply: () => undefined,
      },
    },
  );
  return { clock, events, told, readings: () => reads };
}

const settled = () => new Promise((resolve) => setImmediate(resolve));
const upTo = (last: number) => Array.from({ length: last }, (_, n) => n + 1);

describe("what a shard says", () => {
  it("is told from frames that follow one another, without a reading", () => {
    const committed = new Committed();
    const { events, told, readings } = stage(committed);
    for (let n = 0; n < 5; n++) {
      const frame = committed.commit(n % 2 === 0);
      if (frame) events.takeFrame(frame);
    }
    expect(told).toEqual([1, 2, 3]);
    expect(readings()).toBe(0);
  });

  it("is read where a frame is missing, and a frame that comes late is not told again", async () => {
    const committed = new Committed();
    const { events, told } = stage(committed);
    const frames = [1, 2, 3].map(() => committed.commit(true)!);
    events.takeFrame(frames[0]!);
    events.takeFrame(frames[2]!);
    events.takeFrame(frames[1]!);
    await settled();
    expect(told).toEqual([1, 2, 3]);
    events.takeFrame(frames[2]!);
    expect(told).toEqual([1, 2, 3]);
  });

  it("is read when a batch is announced that has not come in time", async () => {
    const committed = new Committed();
    const { clock, events, told, readings } = stage(committed);
    const first = committed.commit(true)!;
    events.takeAnnouncement(committed.announcement());
    events.takeFrame(first);
    clock.advance(LATE_FRAME_MS);
    await settled();
    expect(readings()).toBe(0);
    committed.commit(true);
    events.takeAnnouncement(committed.announcement());
    clock.advance(LATE_FRAME_MS);
    await settled();
    expect(told).toEqual([1, 2]);
  });

  it("is not believed of a deposed leader", async () => {
    const committed = new Committed();
    const { events, told } = stage(committed);
    const stale = { ...committed.commit(true)!, batch: 2, previousBatch: 1 };
    committed.token = 2;
    events.takeAnnouncement(committed.announcement());
    await settled();
    expect(told).toEqual([1]);
    events.takeFrame(stale);
    await settled();
    expect(told).toEqual([1]);
    const next = committed.commit(true)!;
    events.takeFrame(next);
    expect(told).toEqual([1, 2]);
  });

  it("is ignored when it cannot be read, and healed by the next word", async () => {
    const committed = new Committed();
    const { events, told } = stage(committed);
    events.takeFrame({ ...committed.commit(true)!, events: new Uint8Array([1, 2, 3]) });
    expect(told).toEqual([]);
    events.takeFrame(committed.commit(true)!);
    await settled();
    expect(told).toEqual([1, 2]);
  });

  it("is told on behind a row and replies that cannot be read, of which its own account learns", async () => {
    const committed = new Committed();
    const { events, told } = stage(committed);
    for (let n = 0; n < 3; n++) committed.commit(true);
    const [, spoilt] = committed.stored;
    const row = { ...spoilt!.journal[0]!, events: new Uint8Array([255]) };
    committed.stored[1] = { ...spoilt!, journal: [row], replies: new Uint8Array([255]) };
    events.takeAnnouncement({ ...committed.announcement(), token: 2 });
    await settled();
    // In its place comes that there was something before the third event.
    expect(told).toEqual([1, 3, 3]);
    committed.token = 2;
    events.takeFrame(committed.commit(true)!);
    expect(told).toEqual([1, 3, 3, 4]);
  });

  it("is told once and in order, whatever is lost, late, doubled, or said by a new leader", async () => {
    const step = fc.record({
      hasEvents: fc.boolean(),
      fate: fc.constantFrom("heard", "lost", "late", "twice", "takeover", "announced", "pause"),
    });
    const property = fc.asyncProperty(fc.array(step, { maxLength: 40 }), async (steps) => {
      const committed = new Committed();
      const { clock, events, told } = stage(committed);
      const late: EventFrame[] = [];
      for (const { hasEvents, fate } of steps) {
        if (fate === "takeover") {
          committed.token += 1;
          events.takeAnnouncement(committed.announcement());
        }
        const frame = committed.commit(hasEvents);
        if (frame && fate === "late") late.push(frame);
        else if (frame && fate !== "lost") events.takeFrame(frame);
        if (frame && fate === "twice") events.takeFrame(frame);
        if (fate === "announced") events.takeAnnouncement(committed.announcement());
        if (fate === "pause") await settled();
      }
      for (const frame of late) events.takeFrame(frame);
      await settled();
      events.takeAnnouncement(committed.announcement());
      clock.advance(LATE_FRAME_MS);
      await settled();
      expect(told).toEqual(upTo(committed.sequence));
    });
    await fc.assert(property, { numRuns: 200 });
  });
});

describe("an account of a subscription", () => {
  const block = (first: number, count = 1): Block => ({
    account: ACCOUNT,
    first,
    batch: first,
    token: 1,
    time: 0,
    events: Array.from({ length: count }, (_, n) => ({
      kind: "rested",
      orderId: first + n,
      leaves: 1,
      sequence: 1,
    })),
  });

  function feed() {
    const told: number[] = [];
    let behind = 0;
    const made = new AccountFeed(
      ACCOUNT,
      ({ sequence }) => told.push(sequence),
      () => {
        behind += 1;
      },
    );
    return { feed: made, told, timesBehind: () => behind };
  }

  it("goes on without a gap or a double from the journal to what is said", () => {
    const { feed: account, told, timesBehind } = feed();
    account.take(block(4, 2));
    account.begin(2);
    account.deliver(block(1, 4));
    account.take(block(6));
    expect(account.join()).toBe(true);
    account.take(block(6));
    account.take(block(7));
    expect(told).toEqual([2, 3, 4, 5, 6, 7]);
    expect(timesBehind()).toBe(0);
  });

  it("reads on where what was said does not continue the journal", () => {
    const { feed: account, told, timesBehind } = feed();
    account.begin(1);
    account.take(block(3));
    expect(account.join()).toBe(false);
    account.deliver(block(1, 2));
    expect(account.join()).toBe(true);
    account.take(block(6));
    expect(timesBehind()).toBe(1);
    account.take(block(7));
    account.deliver(block(4, 2));
    expect(account.join()).toBe(true);
    expect(told).toEqual(upTo(7));
  });

  it("forgets what is said above its limit, and then reads it, even if nothing more comes", () => {
    const { feed: account, told } = feed();
    account.begin(1);
    const last = BUFFERED_BLOCKS_MAX + 5;
    for (let n = 1; n <= last; n++) account.take(block(n));
    expect(account.join()).toBe(false);
    account.deliver(block(1, last));
    expect(account.join()).toBe(true);
    expect(told).toEqual(upTo(last));
  });
});
