import { NO_OTHER_TERMS } from "../../actors/ledger/messages.js";
import { EventEmitter } from "node:events";
import { NO_FEES } from "../../actors/kernel/fees.js";
import { describe, expect, it } from "vitest";
import type { SubscribeAccountEventsResponse } from "../../proto/gen/exchange/v1/exchange.js";
import { Catalog } from "../../services/gateway/catalog.js";
import {
  EventWriter,
  type QueuedEvent,
  UnreadEvents,
} from "../../services/gateway/event-writer.js";
import {
  EVENTS_PER_MESSAGE_MAX,
  QUEUED_EVENTS_ALL_MAX,
  QUEUED_EVENTS_LOW,
  QUEUED_EVENTS_MAX,
  RETRY_READ_AFTER_MS,
} from "../../services/gateway/limits.js";
import type { Refusal } from "../../services/gateway/refusal.js";
import { ManualClock } from "../helpers/manual-clock.js";

const INSTRUMENT = 1_025;

/** A stream whose reader takes so many messages and then no more until `read`. */
class TestCall extends EventEmitter {
  readonly written: number[][] = [];
  private room: number;
  constructor(room: number) {
    super();
    this.room = room;
  }
  write({ events }: SubscribeAccountEventsResponse): boolean {
    this.written.push(events.map(({ sequence }) => sequence));
    this.room -= 1;
    return this.room > 0;
  }
  read(messages: number): void {
    this.room = messages;
    this.emit("drain");
  }
}

function stage(room: number, unread = new UnreadEvents()) {
  const call = new TestCall(room);
  const failed: Refusal[] = [];
  const asset = { asset: 1, name: "TWD", decimals: 2 };
  let catalogReads = 0;
  const reads = {
    assets: async () => [asset],
    instruments: async () => {
      catalogReads += 1;
      const terms = { priceDecimals: 2, quantityDecimals: 0, tick: 1, lot: 1, notionalFactor: 1 };
      const assets = { baseAsset: 1, quoteAsset: 1, referencePrice: 1, ...NO_FEES, feeTiers: [] };
      return [{ id: INSTRUMENT, symbol: "X", ...terms, ...assets }];
    },
  };
  const clock = new ManualClock();
  const catalog = new Catalog(reads, clock);
  const writer = new EventWriter(call, { catalog, clock, unread }, (refusal) =>
    failed.push(refusal),
  );
  return { call, clock, failed, writer, unread, catalogReads: () => catalogReads };
}

const event = (sequence: number): QueuedEvent => ({
  account: 1,
  sequence,
  token: 1,
  time: 0,
  event: { kind: "rested", orderId: 1, leaves: 1, sequence: 1 },
});

const turn = () => new Promise((resolve) => setImmediate(resolve));
const range = (from: number, to: number) => Array.from({ length: to - from }, (_, n) => from + n);

describe("the events of a subscription", () => {
  it("of one turn go out together, in messages of a limited length", async () => {
    const { call, writer } = stage(10);
    for (let n = 0; n < EVENTS_PER_MESSAGE_MAX + 5; n++) writer.push(event(n));
    expect(call.written).toEqual([]);
    await turn();
    expect(call.written.map(({ length }) => length)).toEqual([EVENTS_PER_MESSAGE_MAX, 5]);
  });

  it("wait while the reader takes none, and journals are not read on", async () => {
    const { call, writer } = stage(1);
    writer.push(event(0));
    await turn();
    for (let n = 1; n <= QUEUED_EVENTS_LOW; n++) writer.push(event(n));
    await turn();
    expect(call.written).toEqual([[0]]);
    let hasRoom = false;
    void writer.room().then(() => {
      hasRoom = true;
    });
    await turn();
    expect(hasRoom).toBe(false);
    call.read(100);
    await turn();
    expect(hasRoom).toBe(true);
    expect(call.written.flat()).toEqual(range(0, QUEUED_EVENTS_LOW + 1));
  });

  it("are all sent before what is to come after them", async () => {
    const { call, writer } = stage(1);
    let isSent = false;
    writer.push(event(0));
    void writer.sent().then(() => {
      isSent = true;
    });
    expect(call.written).toEqual([]);
    await turn();
    expect([call.written, isSent]).toEqual([[[0]], true]);
    isSent = false;
    writer.push(event(1));
    void writer.sent().then(() => {
      isSent = true;
    });
    await turn();
    expect(isSent).toBe(false);
    call.read(1);
    await turn();
    expect([call.written, isSent]).toEqual([[[0], [1]], true]);
  });

  it("are counted for all subscribers together, until they are sent or given up", async () => {
    const unread = new UnreadEvents();
    const [one, two] = [stage(10, unread), stage(1, unread)];
    one.writer.push(event(0));
    two.writer.push(event(0));
    expect(unread.count).toBe(2);
    await turn();
    expect(unread.count).toBe(0);
    for (const sequence of [1, 2, 3]) two.writer.push(event(sequence));
    await turn();
    expect(unread.count).toBe(3);
    two.writer.close();
    two.writer.close();
    two.writer.push(event(4));
    expect(unread.count).toBe(0);
  });

  it("are fewer for each where all have too many, and journals are read on for who has read all", async () => {
    const { clock, failed, writer, unread } = stage(1);
    const rooms: string[] = [];
    const ask = async (name: string) => {
      void writer.room().then(() => rooms.push(name));
      await turn();
    };
    writer.push(event(0));
    await turn();
    unread.count = QUEUED_EVENTS_ALL_MAX;
    await ask("who has read all");
    for (let n = 1; n <= EVENTS_PER_MESSAGE_MAX; n++) writer.push(event(n));
    await ask("who has not");
    expect(rooms).toEqual(["who has read all"]);
    unread.count -= QUEUED_EVENTS_ALL_MAX;
    clock.advance(RETRY_READ_AFTER_MS);
    await turn();
    expect(rooms).toEqual(["who has read all", "who has not"]);
    expect(failed).toEqual([]);
    unread.count += QUEUED_EVENTS_ALL_MAX;
    writer.push(event(EVENTS_PER_MESSAGE_MAX + 1));
    expect(failed).toMatchObject([{ code: "SUBSCRIBER_TOO_SLOW" }]);
    expect(failed[0]!.message).toContain(`${EVENTS_PER_MESSAGE_MAX} events were not read`);
  });

  it("end with a clear word when the reader is too slow", async () => {
    const { failed, writer } = stage(1);
    writer.push(event(0));
    await turn();
    for (let n = 1; n <= QUEUED_EVENTS_MAX; n++) writer.push(event(n));
    expect(failed).toEqual([]);
    writer.push(event(QUEUED_EVENTS_MAX + 1));
    expect(failed).toMatchObject([{ code: "SUBSCRIBER_TOO_SLOW" }]);
  });

  it("wait for the name of an instrument that another gateway has made", async () => {
    const { call, writer, catalogReads } = stage(10);
    const accepted: QueuedEvent["event"] = {
      kind: "accepted",
      origin: { slot: 1, token: 1, number: 1 },
      orderId: 1_025,
      clientOrderId: "a",
      instrument: INSTRUMENT,
      side: 1,
      type: 1,
      timeInForce: 1,
      price: 1,
      quantity: 1,
      ...NO_OTHER_TERMS,
      pair: 0,
    };
    writer.push(event(1));
    writer.push({ ...event(2), event: accepted });
    writer.push(event(3));
    await turn();
    await turn();
    expect(catalogReads()).toBe(1);
    expect(call.written.flat()).toEqual([1, 2, 3]);
  });
});
