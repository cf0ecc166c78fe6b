import { describe, expect, it } from "vitest";
import { decodeFrame, encodeFrame } from "../../actors/kernel/frame.js";
import type { ActorKind } from "../../actors/kernel/ids.js";
import { QUEUES } from "../../services/common/queues.js";
import {
  DELETE_CONFIRMED_EVERY_MS,
  LAG_STUCK_MS,
  LAG_TOLD_COMMANDS_MIN,
  LAG_TOLD_MS_MIN,
  OUTBOX_COMMANDS_MAX,
  RESEND_AFTER_MS,
  RESEND_FRAMES_MAX,
} from "../../services/host/limits.js";
import { Outbox } from "../../services/host/outbox.js";
import type { Log } from "../../services/ports/log.js";
import { DirectBus, directoryOn, known } from "../helpers/direct-bus.js";
import { ManualClock } from "../helpers/manual-clock.js";

const BEHIND_MS = QUEUES["gateway-ways"].limit;

describe("the outbox (R4)", () => {
  function setUp(kind: ActorKind = "ledger") {
    const clock = new ManualClock();
    const bus = new DirectBus();
    const directory = directoryOn(bus);
    directory.learn([known]);
    const published: number[] = [];
    const log = {
      post: (_name: string, _anchor: number, frame: Uint8Array) => {
        const { first, token } = decodeFrame(frame);
        expect(token).toBe(7);
        published.push(first);
      },
    } as unknown as Log;
    const outbox = new Outbox(log, clock, directory, { token: 7, kind });
    const row = (first: number, destination = 1025) => ({
      destination,
      first,
      last: first,
      frame: encodeFrame(1, first, [new Uint8Array([first])]),
    });
    return { clock, bus, directory, outbox, published, row };
  }

  it("publishes in order and keeps until confirmed", () => {
    const { outbox, published, row } = setUp();
    outbox.send([row(1), row(2), row(3)]);
    expect(published).toEqual([1, 2, 3]);
    outbox.confirm(1025, 7, 2);
    expect(outbox.takeConfirmed()).toEqual([{ destination: 1025, upTo: 2 }]);
    expect(outbox.takeConfirmed()).toEqual([]);
    expect(outbox.backlog().outboxFrames).toBe(1);
  });

  it("tells for how long nothing was confirmed, however often it was sent again", () => {
    const { clock, outbox, published, row } = setUp();
    outbox.send([row(1)]);
    for (let second = 0; second < 12; second++) {
      clock.advance(RESEND_AFTER_MS);
      outbox.resendOverdue();
      outbox.resendOverdue();
    }
    expect(published).toEqual(Array.from({ length: 13 }, () => 1));
    expect(outbox.backlog()).toMatchObject({ outboxFrames: 1, outboxAgeMs: 12 * RESEND_AFTER_MS });
    outbox.send([row(2)]);
    outbox.confirm(1025, 7, 1);
    clock.advance(3);
    expect(outbox.backlog()).toMatchObject({ outboxFrames: 1, outboxAgeMs: 3 });
    outbox.confirm(1025, 7, 2);
    clock.advance(RESEND_AFTER_MS);
    outbox.send([row(3)]);
    expect(outbox.backlog()).toMatchObject({ outboxFrames: 1, outboxAgeMs: 0 });
  });

  it("sends a long queue again a part at a time, each as soon as the one before is confirmed", () => {
    const { outbox, published, row } = setUp();
    const rows = Array.from({ length: 2 * RESEND_FRAMES_MAX + 1 }, (_, at) => row(at + 1));
    outbox.send(rows);
    published.length = 0;
    outbox.resend(1025, 0);
    expect(published.at(-1)).toBe(RESEND_FRAMES_MAX);
    outbox.confirm(1025, 7, RESEND_FRAMES_MAX - 1);
    expect(published.length).toBe(RESEND_FRAMES_MAX);
    outbox.confirm(1025, 7, RESEND_FRAMES_MAX);
    expect(published.at(-1)).toBe(2 * RESEND_FRAMES_MAX);
    outbox.confirm(1025, 7, 2 * RESEND_FRAMES_MAX);
    expect(published).toEqual(rows.map(({ first }) => first));
    outbox.confirm(1025, 7, 2 * RESEND_FRAMES_MAX + 1);
    expect(published.length).toBe(rows.length);
  });

  it("sends once what was sent since somebody asked for the rest", () => {
    const { outbox, published, row } = setUp();
    const rows = Array.from({ length: 3 * RESEND_FRAMES_MAX }, (_, at) => row(at + 1));
    const [asked, since] = [
      rows.slice(0, RESEND_FRAMES_MAX + 1),
      rows.slice(RESEND_FRAMES_MAX + 1),
    ];
    outbox.send(asked);
    outbox.resend(1025, 0);
    outbox.send(since);
    published.length = 0;
    for (const { last } of asked) outbox.confirm(1025, 7, last);
    expect(published).toEqual([RESEND_FRAMES_MAX + 1]);
    for (const { last } of since) outbox.confirm(1025, 7, last);
    expect(published).toHaveLength(1);
  });

  it("has what is confirmed deleted now and then, all of it at once", () => {
    const { clock, outbox, row } = setUp();
    outbox.send([row(1), row(2), row(3), row(4)]);
    outbox.confirm(1025, 7, 1);
    expect(outbox.takeConfirmed()).toEqual([{ destination: 1025, upTo: 1 }]);
    outbox.confirm(1025, 7, 2);
    clock.advance(DELETE_CONFIRMED_EVERY_MS - 1);
    expect(outbox.takeConfirmed()).toEqual([]);
    outbox.confirm(1025, 7, 3);
    clock.advance(1);
    expect(outbox.takeConfirmed()).toEqual([{ destination: 1025, upTo: 3 }]);
    // Whoever gives the actor away leaves nothing that would be sent again.
    outbox.confirm(1025, 7, 4);
    expect(outbox.takeConfirmed(true)).toEqual([{ destination: 1025, upTo: 4 }]);
  });

  it("takes no mark of what was never sent", () => {
    const { outbox, row } = setUp();
    expect(outbox.confirm(1025, 7, 9)).toBe(true);
    outbox.send([row(1), row(2)]);
    expect(outbox.confirm(1025, 7, 3)).toBe(false);
    expect(outbox.confirm(1025, 7, Number.MAX_SAFE_INTEGER)).toBe(false);
    expect(outbox.takeConfirmed()).toEqual([]);
    expect(outbox.backlog().outboxFrames).toBe(2);
    expect(outbox.confirm(1025, 7, 2)).toBe(true);
    expect(outbox.takeConfirmed()).toEqual([{ destination: 1025, upTo: 2 }]);
  });

  it("passes over what a receiver has of a successor", () => {
    const { outbox, row } = setUp();
    outbox.send([row(1), row(2)]);
    expect(outbox.confirm(1025, 8, 3)).toBe(true);
    expect(outbox.confirm(1025, 8, 2)).toBe(true);
    expect(outbox.takeConfirmed()).toEqual([]);
    expect(outbox.backlog().outboxFrames).toBe(2);
    // What the leader before has sent is what this one has recovered.
    expect(outbox.confirm(1025, 6, 1)).toBe(true);
    expect(outbox.takeConfirmed()).toEqual([{ destination: 1025, upTo: 1 }]);
  });

  it("tells of a receiver that is late with much, by what it has confirmed, and at last by what it has not", () => {
    const { clock, outbox, row } = setUp();
    const rows = Array.from({ length: 2 * LAG_TOLD_COMMANDS_MIN }, (_, n) => row(n + 1));
    outbox.send(rows.slice(0, LAG_TOLD_COMMANDS_MIN));
    clock.advance(LAG_TOLD_MS_MIN);
    // Nothing is known of it yet: somebody may be about to lead it.
    expect(outbox.lags()).toEqual([]);
    outbox.send(rows.slice(LAG_TOLD_COMMANDS_MIN));
    outbox.confirm(1025, 7, 1);
    expect(outbox.lags()).toEqual([{ receiver: 1025, ms: LAG_TOLD_MS_MIN }]);
    clock.advance(LAG_STUCK_MS);
    const ms = LAG_TOLD_MS_MIN + LAG_STUCK_MS;
    expect(outbox.lags()).toEqual([{ receiver: 1025, ms }]);
    outbox.confirm(1025, 7, rows.length - 1);
    // However late the last one is, one is no queue.
    expect(outbox.lags()).toEqual([]);
  });

  it("tells at once of a receiver for which it keeps as much as it may, and of none when that is less", () => {
    const { outbox, row } = setUp();
    const full = { ...row(1), last: OUTBOX_COMMANDS_MAX };
    outbox.send([row(1, 1026), { ...full, last: full.last - 1 }]);
    expect(outbox.backlog().outboxCommands).toBe(OUTBOX_COMMANDS_MAX - 1);
    expect(outbox.lags()).toEqual([]);
    outbox.send([row(OUTBOX_COMMANDS_MAX)]);
    expect(outbox.backlog().outboxCommands).toBe(OUTBOX_COMMANDS_MAX);
    expect(outbox.lags()).toEqual([{ receiver: 1025, ms: BEHIND_MS }]);
    // Also of a frame that is confirmed in part.
    outbox.confirm(1025, 7, 1);
    expect(outbox.backlog().outboxCommands).toBe(OUTBOX_COMMANDS_MAX - 1);
    expect(outbox.lags()).toEqual([]);
  });

  it("of a market tells of all shards that it has to do with, when it keeps as much as it may for one", () => {
    const { outbox, row } = setUp("market");
    outbox.send([row(1, 1), row(1, 2)]);
    outbox.confirm(1, 7, 1);
    expect(outbox.lags()).toEqual([]);
    outbox.send([{ ...row(2, 2), last: OUTBOX_COMMANDS_MAX }]);
    expect(outbox.lags()).toEqual([1, 2].map((receiver) => ({ receiver, ms: BEHIND_MS })));
  });

  it("sends again from where the receiver asks", () => {
    const { outbox, published, row } = setUp();
    outbox.send([row(1), row(2), row(3)]);
    outbox.resend(1025, 2);
    expect(published).toEqual([1, 2, 3, 2, 3]);
  });

  it("sends again what nobody has confirmed for too long, and nothing that is confirmed", () => {
    const { clock, outbox, published, row } = setUp();
    outbox.send([row(1), row(2)]);
    outbox.confirm(1025, 7, 1);
    clock.advance(RESEND_AFTER_MS - 1);
    outbox.resendOverdue();
    expect(published).toEqual([1, 2]);
    clock.advance(1);
    outbox.resendOverdue();
    expect(published).toEqual([1, 2, 2]);
  });

  it("keeps what is for a receiver that has no inbox yet", () => {
    const { clock, directory, outbox, published, row } = setUp();
    outbox.send([{ ...row(1), destination: 1026 }]);
    expect(published).toEqual([]);
    directory.learn([{ ...known, id: 1026, name: "market.Y" }]);
    clock.advance(RESEND_AFTER_MS);
    outbox.resendOverdue();
    expect(published).toEqual([1]);
  });
});
