/** What is due happens at its time, in batches without commands, under a leader whose store, log and bus are stand-ins. */
import { describe, expect, it } from "vitest";
import type { Actor, Effects, Envelope } from "../../actors/kernel/actor.js";
import { Links } from "../../actors/kernel/links.js";
import { BatchClock } from "../../services/host/batch-clock.js";
import {
  TICK_AGAIN_AFTER_MS,
  TICK_WAIT_MS_MAX,
  TIDY_AFTER_MS,
} from "../../services/host/limits.js";
import { applyLogged } from "../../services/host/open-batch.js";
import { Ticker } from "../../services/host/ticker.js";
import { LeaderStage, STAGED_ACTOR, START_US } from "../helpers/leader-stage.js";
import { ManualClock } from "../helpers/manual-clock.js";

const MS_US = 1_000;

/** Rings at each of its times, at most one of them in a batch; a broken one says that something is due and does nothing. */
class Alarm implements Actor {
  readonly id = STAGED_ACTOR;
  readonly links = new Links();
  readonly rung: number[] = [];
  looks = 0;
  private readonly times: number[];
  private readonly isBroken: boolean;

  constructor(times: readonly number[], isBroken = false) {
    this.times = [...times];
    this.isBroken = isBroken;
  }

  advance(time: number): void {
    if (this.isBroken || !(this.times[0]! <= time)) return;
    this.times.shift();
    this.rung.push(time);
  }

  due(): number {
    this.looks += 1;
    return this.times[0] ?? Infinity;
  }

  apply({ payload }: Envelope): void {
    this.times.push(START_US + payload[0]! * MS_US);
    this.times.sort((a, b) => a - b);
  }

  takeEffects(): Effects {
    const state = new Uint8Array([this.rung.length]);
    return { rows: {}, state, sends: new Map(), events: null, replies: null };
  }

  dropEffects(): void {}

  setSilent(): void {}

  stateHash(): number {
    return this.rung.length * 1_000 + this.times.length;
  }

  checkInvariants(): void {}
}

const at = (...milliseconds: number[]) => milliseconds.map((ms) => START_US + ms * MS_US);

describe("a leader whose actor has something due", () => {
  it("commits a batch without commands at its time, and no other", async () => {
    const stage = new LeaderStage();
    const alarm = new Alarm(at(20, 50));
    await stage.lead(alarm);
    await stage.pass(19);
    expect(stage.committed).toEqual([]);
    await stage.pass(TIDY_AFTER_MS * 3);
    expect(stage.times).toEqual([20, 50]);
    expect(alarm.rung).toEqual(at(20, 50));
    expect(stage.committed.map(({ number, commands }) => [number, commands.length])).toEqual([
      [8, 0],
      [9, 0],
    ]);
    // Whoever replays the batch log comes to the same.
    const again = new Alarm(at(20, 50));
    for (const batch of stage.committed) {
      const { number, token, time, hash, commands } = batch;
      applyLogged(again, { actor: STAGED_ACTOR, batch: number, token, time, hash, commands });
      expect(again.stateHash()).toBe(batch.hash);
    }
  });

  it("goes on at once until nothing is due, also with what was due before it led", async () => {
    const stage = new LeaderStage();
    const alarm = new Alarm(at(-5, -4, -3, 30));
    await stage.lead(alarm);
    await stage.pass(10);
    expect(alarm.rung).toHaveLength(3);
    // The clock here moves on between a commit and the next look.
    for (const time of stage.times) expect(time).toBeLessThan(5);
    await stage.pass(60);
    expect(stage.times.slice(3)).toEqual([30]);
  });

  it("does it with the commands that come by, and waits for what they make due", async () => {
    const stage = new LeaderStage();
    const alarm = new Alarm(at(20));
    await stage.lead(alarm);
    stage.clock.stall(25);
    await stage.command(40);
    expect(stage.times).toEqual([25]);
    expect(alarm.rung).toEqual(at(25));
    await stage.pass(100);
    expect(stage.times).toEqual([25, 40]);
  });

  it("commits nothing, and does not spin, when nothing was due after all", async () => {
    const stage = new LeaderStage();
    const broken = new Alarm(at(10), true);
    await stage.lead(broken);
    await stage.pass(TICK_AGAIN_AFTER_MS * 5);
    expect(stage.committed).toEqual([]);
    expect(broken.looks).toBeLessThan(20);
    expect(stage.ends).toEqual([]);
  });

  it("does nothing more when it is drained or closed, and its successor does it", async () => {
    const stage = new LeaderStage();
    const alarm = new Alarm(at(20, 30));
    const first = await stage.lead(alarm);
    await stage.pass(22);
    await first.drain();
    await stage.pass(20);
    expect(stage.times).toEqual([20]);
    const second = await stage.lead(alarm);
    await stage.pass(1);
    expect(stage.times).toEqual([20, 42]);
    second.close();
    await stage.command(50);
    await stage.pass(TIDY_AFTER_MS);
    expect(stage.times).toEqual([20, 42]);
  });
});

describe("the ticker", () => {
  it("goes by Postgres's time, and looks again where it is far away", () => {
    const clock = new ManualClock();
    const time = new BatchClock(clock, START_US, 0);
    const alarm = new Alarm([START_US + 3 * TICK_WAIT_MS_MAX * MS_US]);
    let woken = 0;
    const ticker = new Ticker(clock, time, alarm, () => (woken += 1));
    ticker.watch();
    clock.advance(TICK_WAIT_MS_MAX);
    expect(alarm.looks).toBe(3);
    // Postgres's clock is set forward: the next look sees it.
    time.observe(START_US + 3 * TICK_WAIT_MS_MAX * MS_US);
    expect(woken).toBe(0);
    clock.advance(TICK_WAIT_MS_MAX);
    expect(woken).toBe(1);
    ticker.watch();
    ticker.stop();
    clock.advance(TICK_WAIT_MS_MAX);
    expect(woken).toBe(1);
  });
});
