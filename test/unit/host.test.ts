import { pino } from "pino";
import { describe, expect, it } from "vitest";
import {
  decodeAnnouncement,
  decodeResendRequest,
  encodeAnnouncement,
  type Announcement,
  type Lag,
} from "../../actors/kernel/event-frame.js";
import { decodeFrame, encodeFrame } from "../../actors/kernel/frame.js";
import { Announcer, type Standing } from "../../services/host/announcer.js";
import { BatchClock } from "../../services/host/batch-clock.js";
import { Directory } from "../../services/host/directory.js";
import { firstSnapshot, type HostEvent, nextSnapshot } from "../../services/host/host-machine.js";
import {
  DELETE_CONFIRMED_EVERY_MS,
  LAG_STUCK_MS,
  LAG_TOLD_COMMANDS_MIN,
  LAG_TOLD_MS_MIN,
  ANNOUNCE_EVERY_MS,
  ANNOUNCE_IDLE_EVERY_MS,
  RESEND_AFTER_MS,
  RESEND_FRAMES_MAX,
  RESEND_REQUEST_EVERY_MS,
} from "../../services/host/limits.js";
import { Resender } from "../../services/host/resender.js";
import { Outbox } from "../../services/host/outbox.js";
import type { Bus, Log } from "../../services/ports/log.js";
import type { ActorSummary } from "../../services/ports/store.js";
import { announceSubject } from "../../services/ports/subjects.js";
import { ManualClock } from "../helpers/manual-clock.js";

/** Hands every message to every subscriber of a matching subject, at once. */
class DirectBus implements Bus {
  private readonly handlers = new Set<{
    subject: string;
    handler: (data: Uint8Array, subject: string) => void;
  }>();
  readonly said: { subject: string; data: Uint8Array }[] = [];

  publish(subject: string, data: Uint8Array): void {
    this.said.push({ subject, data });
    for (const entry of this.handlers) {
      const prefix = entry.subject.replace(/>$/, "");
      if (
        entry.subject === subject ||
        (entry.subject.endsWith(">") && subject.startsWith(prefix))
      ) {
        entry.handler(data, subject);
      }
    }
  }

  subscribe(subject: string, handler: (data: Uint8Array, subject: string) => void): () => void {
    const entry = { subject, handler };
    this.handlers.add(entry);
    return () => this.handlers.delete(entry);
  }

  onReconnect(): () => void {
    return () => undefined;
  }

  async roundTrip(): Promise<void> {}
}

const announced: Announcement = {
  actor: 1025,
  name: "market.X",
  node: "node-1",
  token: 5,
  batch: 3,
  eventBatch: 2,
  anchor: 1,
  marks: [],
  lags: [],
};

const known: ActorSummary = { id: 1025, name: "market.X", kind: "market", token: 5, anchor: 1 };
const nobody = { refused: () => undefined };

function directoryOn(bus: Bus, clock = new ManualClock()): Directory {
  const store = { actors: () => Promise.resolve([known]) };
  const logger = pino({ level: "silent" });
  return new Directory({ bus, store, logger, clock, observer: nobody });
}

describe("the life of a host", () => {
  function after(...types: HostEvent["type"][]): string {
    let snapshot = firstSnapshot();
    for (const type of types) snapshot = nextSnapshot(snapshot, { type }).snapshot;
    return snapshot.value;
  }

  it("goes from idle to leading, and drains to released", () => {
    expect(after("CLAIM", "RAISED", "RECOVERED")).toBe("leading");
    expect(after("CLAIM", "RAISED", "RECOVERED", "DRAIN", "DRAINED")).toBe("released");
  });

  it("does not lead again after a fence without claiming", () => {
    expect(after("CLAIM", "RAISED", "RECOVERED", "FENCED", "RECOVERED", "RAISED")).toBe("fenced");
    expect(after("CLAIM", "RAISED", "RECOVERED", "FENCED", "CLAIM")).toBe("claiming");
  });

  it("recovers again when an outcome was lost, and stays stopped after a failure", () => {
    expect(after("CLAIM", "RAISED", "RECOVERED", "LOST")).toBe("recovering");
    expect(after("CLAIM", "RAISED", "FAILED", "CLAIM", "RAISED", "RECOVERED")).toBe("stopped");
  });
});

describe("the batch clock (R6)", () => {
  it("carries Postgres's clock on, and never goes back", () => {
    const clock = new ManualClock();
    const time = new BatchClock(clock, 1_000_000, 0);
    clock.advance(5);
    expect(time.stamp()).toBe(1_005_000);
    time.observe(900_000);
    expect(time.stamp()).toBe(1_005_000);
    clock.advance(200);
    expect(time.stamp()).toBe(1_100_000);
  });

  it("does not go below the actor's last stamp", () => {
    expect(new BatchClock(new ManualClock(), 10, 999).stamp()).toBe(999);
  });
});

describe("the outbox (R4)", () => {
  function setUp() {
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
    const outbox = new Outbox(log, clock, directory, 7);
    const row = (first: number) => ({
      destination: 1025,
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
    expect(outbox.backlog().frames).toBe(1);
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
    expect(outbox.backlog().frames).toBe(2);
    expect(outbox.confirm(1025, 7, 2)).toBe(true);
    expect(outbox.takeConfirmed()).toEqual([{ destination: 1025, upTo: 2 }]);
  });

  it("passes over what a receiver has of a successor", () => {
    const { outbox, row } = setUp();
    outbox.send([row(1), row(2)]);
    expect(outbox.confirm(1025, 8, 3)).toBe(true);
    expect(outbox.confirm(1025, 8, 2)).toBe(true);
    expect(outbox.takeConfirmed()).toEqual([]);
    expect(outbox.backlog().frames).toBe(2);
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

describe("the directory", () => {
  it("hands marks to their source, says who has moved, and ignores lower tokens and garbage", () => {
    const bus = new DirectBus();
    const directory = directoryOn(bus);
    directory.learn([known]);
    const marks: [number, number, number][] = [];
    const moved: number[] = [];
    directory.onMarks(7, (...mark) => marks.push(mark));
    directory.onMoved((receiver) => moved.push(receiver));
    const say = (change: Partial<Announcement>) =>
      bus.publish(announceSubject("market.X"), encodeAnnouncement({ ...announced, ...change }));
    say({
      marks: [
        { source: 7, token: 1, number: 9 },
        { source: 8, token: 1, number: 4 },
      ],
    });
    bus.publish(announceSubject("market.X"), new Uint8Array([250, 1]));
    say({ token: 4, anchor: 9, marks: [{ source: 7, token: 1, number: 99 }] });
    expect(marks).toEqual([[1025, 1, 9]]);
    expect(moved).toEqual([]);
    directory.learn([{ ...known, token: 6 }]);
    expect(moved).toEqual([1025]);
    expect(directory.find(1025)).toMatchObject({ name: "market.X", anchor: 1, token: 6 });
  });

  it("knows who has had more to do of late", () => {
    const bus = new DirectBus();
    const clock = new ManualClock();
    const directory = directoryOn(bus, clock);
    const other = { ...known, id: 1026, name: "market.Y" };
    directory.learn([known, other]);
    const say = (name: string, actor: number, batch: number) =>
      bus.publish(announceSubject(name), encodeAnnouncement({ ...announced, name, actor, batch }));
    expect([known.id, other.id].map((id) => directory.activity(id))).toEqual([0, 0]);
    const busy = (n: number) => say(other.name, other.id, 3 + 10 * n);
    for (let n = 0; n < 20; n++) {
      clock.advance(ANNOUNCE_EVERY_MS);
      busy(n);
      // Who has less to say is heard less often.
      if (n % 4 === 0) say(known.name, known.id, 3 + n);
    }
    // Each announcement may come in the same moment as another one.
    busy(19);
    expect(directory.activity(known.id)).toBeGreaterThan(0);
    expect(directory.activity(other.id)).toBeGreaterThan(5 * directory.activity(known.id));
    // Whoever was busy long ago is not.
    for (let n = 0; n < 100; n++) {
      clock.advance(ANNOUNCE_IDLE_EVERY_MS);
      busy(20);
    }
    expect(directory.activity(other.id)).toBeLessThan(directory.activity(known.id));
  });
});

describe("the announcer", () => {
  const late: Lag = { receiver: 7, ms: 2_000 };

  function announcing() {
    const clock = new ManualClock();
    const bus = new DirectBus();
    const now: { standing: Standing | null } = { standing: announced };
    const announcer = new Announcer(bus, clock, () => now.standing);
    announcer.start();
    const said = () => bus.said.splice(0).map(({ data }) => decodeAnnouncement(data));
    expect(said()).toEqual([announced]);
    return { clock, now, announcer, said };
  }

  it("says soon what has moved, once, and now and then that it is there", () => {
    const { clock, announcer, said } = announcing();
    announcer.mark(7, 1, 3);
    announcer.mark(7, 1, 4);
    clock.advance(ANNOUNCE_EVERY_MS);
    expect(said().map(({ marks }) => marks)).toEqual([[{ source: 7, token: 1, number: 4 }]]);
    clock.advance(ANNOUNCE_IDLE_EVERY_MS - ANNOUNCE_EVERY_MS);
    expect(said()).toEqual([]);
    clock.advance(ANNOUNCE_EVERY_MS);
    expect(said()).toEqual([announced]);
    clock.advance(2 * ANNOUNCE_IDLE_EVERY_MS);
    expect(said()).toHaveLength(2);
    announcer.stop();
    clock.advance(2 * ANNOUNCE_IDLE_EVERY_MS);
    expect(said()).toEqual([]);
  });

  it("says each new batch soon, who is late as long as he is, and that nobody is any more", () => {
    const { clock, now, said } = announcing();
    for (const change of [{ batch: 4 }, { lags: [late] }, { lags: [late] }, { lags: [] }]) {
      now.standing = { ...now.standing!, ...change };
      clock.advance(ANNOUNCE_EVERY_MS);
      expect(said()).toMatchObject([change]);
    }
    clock.advance(ANNOUNCE_EVERY_MS);
    expect(said()).toEqual([]);
  });

  it("says nothing while it may not, and soon that it may again", () => {
    const { clock, now, said } = announcing();
    now.standing = null;
    clock.advance(2 * ANNOUNCE_IDLE_EVERY_MS);
    expect(said()).toEqual([]);
    now.standing = announced;
    clock.advance(ANNOUNCE_EVERY_MS);
    expect(said()).toEqual([announced]);
    now.standing = null;
    clock.advance(ANNOUNCE_EVERY_MS);
    now.standing = announced;
    clock.advance(ANNOUNCE_EVERY_MS);
    expect(said()).toEqual([announced]);
  });
});

describe("a receiver's requests to send again", () => {
  it("go out at once, then not too often, and the last of them is not forgotten", () => {
    const clock = new ManualClock();
    const bus = new DirectBus();
    const resender = new Resender(bus, clock, 1025, nobody);
    const asked = () => bus.said.map(({ data }) => decodeResendRequest(data).from);
    resender.request(1, 5);
    resender.request(1, 6);
    resender.request(1, 7);
    resender.request(-2, 1);
    expect(asked()).toEqual([5, 1]);
    clock.advance(RESEND_REQUEST_EVERY_MS);
    expect(asked()).toEqual([5, 1, 7]);
    clock.advance(RESEND_REQUEST_EVERY_MS);
    resender.request(1, 8);
    resender.request(1, 9);
    resender.stop();
    clock.advance(RESEND_REQUEST_EVERY_MS);
    expect(asked()).toEqual([5, 1, 7, 8]);
  });
});
