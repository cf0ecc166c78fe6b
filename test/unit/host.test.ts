import { describe, expect, it } from "vitest";
import {
  decodeAnnouncement,
  decodeResendRequest,
  encodeAnnouncement,
  type Announcement,
  type Lag,
} from "../../actors/kernel/event-frame.js";
import { Announcer, type Standing } from "../../services/host/announcer.js";
import { BatchClock } from "../../services/host/batch-clock.js";
import { firstSnapshot, type HostEvent, nextSnapshot } from "../../services/host/host-machine.js";
import {
  ANNOUNCE_EVERY_MS,
  ANNOUNCE_IDLE_EVERY_MS,
  RESEND_REQUEST_EVERY_MS,
} from "../../services/host/limits.js";
import { Resender } from "../../services/host/resender.js";
import { announceSubject } from "../../services/ports/subjects.js";
import { DirectBus, directoryOn, known, nobody } from "../helpers/direct-bus.js";
import { ManualClock } from "../helpers/manual-clock.js";

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
    announcer.mark({ peer: 7, token: 1, received: 3, sent: 0 });
    announcer.mark({ peer: 7, token: 1, received: 4, sent: 0 });
    announcer.mark({ peer: 8, token: 0, received: 0, sent: 2 });
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
