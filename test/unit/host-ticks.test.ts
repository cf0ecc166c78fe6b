/** What is due happens at its time, in batches without commands, under a leader whose store, log and bus are stand-ins. */
import { pino } from "pino";
import { describe, expect, it } from "vitest";
import type { Actor, Effects, Envelope } from "../../actors/kernel/actor.js";
import { encodeFrame, stampToken } from "../../actors/kernel/frame.js";
import { Links } from "../../actors/kernel/links.js";
import { BatchClock } from "../../services/host/batch-clock.js";
import { CommitTurns } from "../../services/host/commit-turns.js";
import type { HostDependencies } from "../../services/host/dependencies.js";
import { Leader } from "../../services/host/leader.js";
import type { LeaderEnd } from "../../services/host/leader-end.js";
import {
  TICK_AGAIN_AFTER_MS,
  TICK_WAIT_MS_MAX,
  TIDY_AFTER_MS,
} from "../../services/host/limits.js";
import { applyLogged } from "../../services/host/open-batch.js";
import { Ticker } from "../../services/host/ticker.js";
import type { LogMessage } from "../../services/ports/log.js";
import type { ActorRecord, Batch } from "../../services/ports/store.js";
import { ManualClock } from "../helpers/manual-clock.js";

const ACTOR = 1_025;
const START_US = 1_000_000_000;
const MS_US = 1_000;
const SLOT = -1;

/** Rings at each of its times, at most one of them in a batch; a broken one says that something is due and does nothing. */
class Alarm implements Actor {
  readonly id = ACTOR;
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

  stateHash(): number {
    return this.rung.length * 1_000 + this.times.length;
  }

  checkInvariants(): void {}
}

const RECORD: ActorRecord = {
  id: ACTOR,
  name: "market.X",
  kind: "market",
  incarnation: 1,
  token: 3,
  batch: 7,
  eventBatch: 7,
  anchor: 1,
  streamCreated: "now",
  position: 0,
  positionStored: "",
  time: START_US,
  hash: 0,
  state: new Uint8Array(0),
};

/** A leader that has an inbox, and what it commits. */
class Stage {
  readonly clock = new ManualClock();
  readonly committed: Batch[] = [];
  readonly ends: LeaderEnd[] = [];
  private deliver: ((message: LogMessage) => void) | undefined;
  private messages = 0;
  private commands = 0;

  async lead(actor: Actor): Promise<Leader> {
    const outbox: [] = [];
    const recovered = {
      record: RECORD,
      actor,
      outbox,
      now: this.postgresTime,
      early: null,
      isWarm: false,
    };
    const leader = new Leader(this.dependencies(), recovered, (end) => this.ends.push(end));
    await leader.start();
    await settled();
    return leader;
  }

  async pass(milliseconds: number): Promise<void> {
    for (let ms = 0; ms < milliseconds; ms++) {
      this.clock.advance(1);
      await settled();
    }
  }

  /** A command that has the alarm ring so many milliseconds after the start. */
  async command(ringsAtMs: number): Promise<void> {
    this.commands += 1;
    this.messages += 1;
    const data = encodeFrame(SLOT, this.commands, [new Uint8Array([ringsAtMs])]);
    stampToken(data, 1);
    this.deliver!({ sequence: this.messages, stored: "then", data });
    await settled();
  }

  get times(): number[] {
    return this.committed.map(({ time }) => (time - START_US) / MS_US);
  }

  private get postgresTime(): number {
    return START_US + this.clock.now() * MS_US;
  }

  private dependencies(): HostDependencies {
    const nothing = () => undefined;
    const log = {
      consume: (...[, , , { deliver }]: [string, number, number, { deliver: never }]) => {
        this.deliver = deliver;
        return Promise.resolve({ stop: nothing });
      },
    };
    const commit = (batch: Batch) => {
      this.committed.push(batch);
      return Promise.resolve({ time: this.postgresTime });
    };
    const bus = { publish: nothing, subscribe: () => nothing };
    const directory = { onMarks: () => nothing, onMoved: () => nothing };
    const observer = { applied: nothing, committed: nothing };
    const leases = { wishes: () => new Map() };
    const logger = pino({ level: "silent" });
    const { clock } = this;
    const turns = new CommitTurns(clock, {});
    const stand = { log, bus, directory, turns, observer, leases, logger, store: { commit } };
    return { ...stand, clock, node: "n", incarnation: "n#1" } as unknown as HostDependencies;
  }
}

/** Until everything that was begun is done. */
async function settled(): Promise<void> {
  for (let n = 0; n < 3; n++) await new Promise((resolve) => setImmediate(resolve));
}

const at = (...milliseconds: number[]) => milliseconds.map((ms) => START_US + ms * MS_US);

describe("a leader whose actor has something due", () => {
  it("commits a batch without commands at its time, and no other", async () => {
    const stage = new Stage();
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
      applyLogged(again, { actor: ACTOR, batch: number, token, time, hash, commands });
      expect(again.stateHash()).toBe(batch.hash);
    }
  });

  it("goes on at once until nothing is due, also with what was due before it led", async () => {
    const stage = new Stage();
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
    const stage = new Stage();
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
    const stage = new Stage();
    const broken = new Alarm(at(10), true);
    await stage.lead(broken);
    await stage.pass(TICK_AGAIN_AFTER_MS * 5);
    expect(stage.committed).toEqual([]);
    expect(broken.looks).toBeLessThan(20);
    expect(stage.ends).toEqual([]);
  });

  it("does nothing more when it is drained or closed, and its successor does it", async () => {
    const stage = new Stage();
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
