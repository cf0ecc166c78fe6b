/** What is sent again while the log takes nothing is bounded (R11), and goes on once it takes frames again. */
import { pino } from "pino";
import { expect, it } from "vitest";
import { Lane, type LaneDependencies } from "../../services/gateway/lane.js";
import {
  FRAMES_IN_FLIGHT_MAX,
  PUBLISHES_IN_FLIGHT_MAX,
  RESEND_AFTER_MS,
  RESEND_FRAMES_MAX,
} from "../../services/gateway/limits.js";
import { ManualClock } from "../helpers/manual-clock.js";

const SHARD = 1;
const payload = new Uint8Array([1]);

/** A lane with so many frames that its receiver has not confirmed, and a log that takes frames when it is told to. */
async function stage(frames: number) {
  const clock = new ManualClock();
  const taken: (() => void)[] = [];
  const publish = () => new Promise<void>((resolve) => taken.push(resolve));
  const takeAll = async () => {
    for (const take of taken.splice(0)) take();
    await new Promise((resolve) => setImmediate(resolve));
  };
  const inbox = { name: "ledger.1", anchor: 1 };
  const leaders = { inbox: () => inbox, isLed: () => true };
  const logger = pino({ level: "silent" });
  const deps = { log: { publish }, clock, leaders, logger } as unknown as LaneDependencies;
  const lane = new Lane(SHARD, -1, 1, deps);
  for (let n = 0; n < frames; n++) {
    lane.add(payload, null, Infinity);
    lane.flush();
    await takeAll();
  }
  expect(lane.framesInFlight).toBe(0);
  return { lane, inbox, clock, taken, takeAll };
}

it("however often it is asked for, frames on their way are bounded", async () => {
  const { lane, taken, takeAll } = await stage(RESEND_FRAMES_MAX);
  for (let n = 0; n < 100; n++) lane.resend(1, "asked");
  expect(lane.framesInFlight).toBe(FRAMES_IN_FLIGHT_MAX);
  expect(taken).toHaveLength(FRAMES_IN_FLIGHT_MAX);
  await takeAll();
  lane.resend(1, "asked");
  expect(lane.framesInFlight).toBe(RESEND_FRAMES_MAX);
});

it("by time alone no frame is left out in the two seconds of a publication", async () => {
  const { lane, clock, taken } = await stage(RESEND_FRAMES_MAX);
  for (let round = 1; round * RESEND_AFTER_MS <= 2_000; round++) {
    clock.advance(RESEND_AFTER_MS);
    lane.check();
    expect(taken).toHaveLength(round * RESEND_FRAMES_MAX);
  }
});

it("new commands gather while a few frames are on their way, also those that are sent again", async () => {
  const { lane, takeAll } = await stage(PUBLISHES_IN_FLIGHT_MAX);
  lane.resend(1, "asked");
  lane.add(payload, null, Infinity);
  lane.flush();
  expect(lane.framesInFlight).toBe(PUBLISHES_IN_FLIGHT_MAX);
  await takeAll();
  expect(lane.framesInFlight).toBe(1);
});

it("those on their way to an inbox that is gone do not hold up what goes to the next", async () => {
  const { lane, inbox, taken, takeAll } = await stage(RESEND_FRAMES_MAX);
  for (let n = 0; n < 100; n++) lane.resend(1, "asked");
  inbox.anchor = 2;
  lane.resend(0, "moved");
  expect(taken).toHaveLength(FRAMES_IN_FLIGHT_MAX + RESEND_FRAMES_MAX);
  expect(lane.framesInFlight).toBe(RESEND_FRAMES_MAX);
  await takeAll();
  expect(lane.framesInFlight).toBe(0);
});

it("what was cut off is sent again by time", async () => {
  const { lane, clock, taken, takeAll } = await stage(RESEND_FRAMES_MAX);
  for (let n = 0; n < 100; n++) lane.resend(1, "asked");
  lane.confirm(RESEND_FRAMES_MAX - 1);
  await takeAll();
  clock.advance(RESEND_AFTER_MS);
  lane.check();
  expect(taken).toHaveLength(1);
});
