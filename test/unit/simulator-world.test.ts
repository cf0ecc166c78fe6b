/** The simulator's time, processes and network: one seed is one run, and the dead are silent. */
import { describe, expect, it } from "vitest";
import { NatsConnection } from "../../chaos/simulator/adapters/nats-connection.js";
import { SimBus } from "../../chaos/simulator/adapters/sim-bus.js";
import { SimStore } from "../../chaos/simulator/adapters/sim-store.js";
import { SimNats } from "../../chaos/simulator/servers/nats.js";
import { SimPostgres } from "../../chaos/simulator/servers/postgres.js";
import { randomStream } from "../../chaos/simulator/world/random.js";
import { Scheduler } from "../../chaos/simulator/world/scheduler.js";
import { World } from "../../chaos/simulator/world/world.js";
import { sleep } from "../../services/ports/clock.js";
import { holderOf } from "../contract/actors.js";
import { inTime, pass } from "../helpers/simulated.js";

const FAR_US = 1_000_000;

describe("virtual time", () => {
  it("lets things happen by time, and then in the order of the calls", async () => {
    const scheduler = new Scheduler();
    const seen: string[] = [];
    const random = randomStream(7, "times");
    const times = Array.from({ length: 500 }, () => random.whole(0, 50));
    for (const [at, timeUs] of times.entries()) {
      scheduler.at(timeUs, () => seen.push(`${timeUs}/${at}`));
    }
    const cancelled = scheduler.at(25, () => seen.push("cancelled"));
    scheduler.cancel(cancelled);
    await scheduler.run(FAR_US);
    const expected = times
      .map((timeUs, at) => ({ timeUs, at }))
      .sort((a, b) => a.timeUs - b.timeUs || a.at - b.at)
      .map(({ timeUs, at }) => `${timeUs}/${at}`);
    expect(seen).toEqual(expected);
    expect(scheduler.nowUs).toBe(FAR_US);
    expect(scheduler.executed).toBe(500);
  });

  it("lets every promise have all its consequences before the next thing happens", async () => {
    const scheduler = new Scheduler();
    const seen: string[] = [];
    const deep = async (levels: number): Promise<void> => {
      for (let level = 0; level < levels; level++) await Promise.resolve();
      await Promise.all([deepest(), Promise.resolve().then(() => deepest())]);
      seen.push(`consequence at ${scheduler.nowUs}`);
    };
    const deepest = async (): Promise<void> => {
      for (let level = 0; level < 100; level++) await Promise.resolve();
    };
    for (const timeUs of [1, 2, 3]) {
      scheduler.at(timeUs, () => {
        seen.push(`event at ${timeUs}`);
        void deep(timeUs * 10);
      });
    }
    await scheduler.run(FAR_US);
    expect(seen).toEqual([1, 2, 3].flatMap((at) => [`event at ${at}`, `consequence at ${at}`]));
  });

  it("begins with what was promised before, wherever it is begun", async () => {
    const begin = async (): Promise<string[]> => {
      const scheduler = new Scheduler();
      const seen: string[] = [];
      scheduler.at(0, () => seen.push("event"));
      void Promise.resolve()
        .then(() => undefined)
        .then(() => seen.push("promise"));
      await scheduler.run(FAR_US);
      return seen;
    };
    const inTurn = await new Promise<string[]>((resolve, reject) => {
      setImmediate(() => {
        begin().then(resolve, reject);
      });
    });
    const inPromise = await Promise.resolve().then(begin);
    expect([inTurn, inPromise]).toEqual([
      ["promise", "event"],
      ["promise", "event"],
    ]);
  });

  it("stops where it is told to, and goes on from there", async () => {
    const scheduler = new Scheduler();
    const seen: number[] = [];
    for (const timeUs of [10, 20, 30, 40]) scheduler.at(timeUs, () => seen.push(timeUs));
    await scheduler.run(20);
    expect([seen.length, scheduler.nowUs]).toEqual([2, 20]);
    await scheduler.run(FAR_US, () => seen.length === 3);
    expect([seen.length, scheduler.nowUs]).toEqual([3, 30]);
    scheduler.at(35, () => {
      throw new Error("a bug");
    });
    await expect(scheduler.run(FAR_US)).rejects.toThrow("a bug");
    await scheduler.run(FAR_US);
    expect(seen).toEqual([10, 20, 30, 40]);
  });

  it("draws the same numbers for the same name, whoever else draws", () => {
    const draw = (name: string) => {
      const random = randomStream(5, name);
      return [random.next(), random.next(), random.next()];
    };
    expect(draw("one")).toEqual(draw("one"));
    expect(draw("one")).not.toEqual(draw("two"));
    expect(randomStream(6, "one").next()).not.toBe(randomStream(5, "one").next());
  });
});

describe("a process", () => {
  it("hears nothing and says nothing once it is dead", async () => {
    const world = new World(1);
    const nats = new SimNats(world);
    const [one, two] = [world.start("one"), world.start("two")];
    const heard: string[] = [];
    const buses = [one, two].map((process) => new SimBus(new NatsConnection(process, nats)));
    for (const [at, bus] of buses.entries()) {
      bus.subscribe("to.*", (data) => heard.push(`${at}: ${Buffer.from(data).toString()}`));
    }
    await pass(world, 10);
    const say = (from: number, text: string) => buses[from]!.publish("to.all", Buffer.from(text));
    say(1, "all");
    await pass(world, 10);
    expect(heard.toSorted()).toEqual(["0: all", "1: all"]);
    heard.length = 0;

    let hasRung = false;
    one.clock.after(5, () => {
      hasRung = true;
    });
    let isAnswered = false;
    void buses[0]!.roundTrip().finally(() => {
      isAnswered = true;
    });
    one.clock.soon(() => {
      hasRung = true;
    });
    one.crash();
    say(0, "from the dead");
    say(1, "to the living");
    await pass(world, 10_000);
    expect(heard).toEqual(["1: to the living"]);
    expect([hasRung, isAnswered, one.isAlive]).toEqual([false, false, false]);
  });

  it("may die at each point of a request: before it is sent, after it took effect, before the answer", async () => {
    const outcomes: string[] = [];
    for (let points = 0; points < 4; points++) {
      const world = new World(points);
      const postgres = new SimPostgres(world, { ledgerShards: 1 });
      const process = world.start("node-1");
      const store = new SimStore(process, postgres);
      process.crashAfter(points);
      let isAnswered = false;
      void store.raise(1, 0, holderOf("node-1"), 0).then(() => {
        isAnswered = true;
      });
      await pass(world, 30_000);
      const { token } = postgres.actors.get(1)!.record;
      outcomes.push(`token ${token}, ${isAnswered ? "answered" : "silent"}`);
    }
    const silent = "token 1, silent";
    expect(outcomes).toEqual(["token 0, silent", silent, silent, "token 1, answered"]);
  });

  it("that is paused gets everything when it goes on, and its clock has gone on", async () => {
    const world = new World(3);
    const process = world.start("one");
    const rung: number[] = [];
    const ring = (delayMs: number) =>
      process.clock.after(delayMs, () => rung.push(Math.round(process.clock.now() - startMs)));
    const startMs = process.clock.now();
    for (const delayMs of [10, 20, 30]) ring(delayMs);
    await pass(world, 15);
    process.pause();
    await pass(world, 100);
    expect(rung).toEqual([10]);
    process.resume();
    await pass(world, 1);
    expect(rung).toEqual([10, 115, 115]);
  });

  it("has timers that never ring once they are cancelled, though they fell due in a pause", async () => {
    const world = new World(3);
    const process = world.start("one");
    const rung: string[] = [];
    const cancel = process.clock.after(20, () => rung.push("cancelled"));
    process.clock.after(10, () => {
      rung.push("cancels");
      cancel();
    });
    process.pause();
    await pass(world, 100);
    process.resume();
    await pass(world, 1);
    expect(rung).toEqual(["cancels"]);
  });

  it("has a clock that drifts and jumps, and never goes back", async () => {
    const world = new World(4);
    const { clock } = world.start("one");
    const startMs = clock.now();
    const passed = () => Math.round(clock.now() - startMs);
    clock.drift(1.1);
    await pass(world, 1_000);
    expect(passed()).toBe(1_100);
    clock.jump(5_000_000);
    expect(passed()).toBe(6_100);
    clock.drift(0.5);
    let hasRung = false;
    clock.after(100, () => {
      hasRung = true;
    });
    await pass(world, 199);
    expect(hasRung).toBe(false);
    await pass(world, 2);
    expect([hasRung, passed()]).toEqual([true, 6_201]);
    expect(() => clock.jump(-1)).toThrow("back");
  });
});

describe("the network", () => {
  it("holds back what is sent into a cut, or loses it", async () => {
    for (const cut of ["held", "lost"] as const) {
      const world = new World(5);
      const postgres = new SimPostgres(world, { ledgerShards: 1 });
      const process = world.start("node-1");
      const store = new SimStore(process, postgres);
      world.network.cutOneWay("node-1", "postgres", cut);
      const outcome = await inTime(world, () =>
        store.raise(1, 0, holderOf("node-1"), 0).then(
          () => "raised",
          () => "silent",
        ),
      );
      expect([outcome, postgres.actors.get(1)!.record.token]).toEqual(["silent", 0]);
      process.crash();
      world.network.healAll();
      await pass(world, 100);
      // What was held arrives, though nobody is left to hear of it.
      expect(postgres.actors.get(1)!.record.token).toBe(cut === "held" ? 1 : 0);
    }
  });

  it("breaks a connection that has lost something, so that nothing is missing in between", async () => {
    const world = new World(6);
    const nats = new SimNats(world);
    const [one, two] = [world.start("one"), world.start("two")];
    const mine = new SimBus(new NatsConnection(one, nats));
    const others = new SimBus(new NatsConnection(two, nats));
    const heard: string[] = [];
    let reconnects = 0;
    others.subscribe("count", (data) => heard.push(Buffer.from(data).toString()));
    others.onReconnect(() => (reconnects += 1));
    await pass(world, 10);
    for (let count = 0; count < 300; count++) {
      if (count === 100) world.network.cutOneWay("nats", "two", "lost");
      if (count === 200) world.network.heal("nats", "two");
      mine.publish("count", Buffer.from(String(count)));
      await pass(world, 1);
    }
    expect(reconnects).toBe(1);
    const numbers = heard.map(Number);
    expect(numbers.slice(0, 99)).toEqual(Array.from({ length: 99 }, (_, at) => at));
    const gaps = numbers.filter((number, at) => at > 0 && number !== numbers[at - 1]! + 1);
    expect(gaps).toHaveLength(1);
    expect(gaps[0]).toBeGreaterThan(200);
  });
});

describe("a seed", () => {
  async function play(seed: number): Promise<World> {
    const world = new World(seed, { withText: true });
    const nats = new SimNats(world);
    const postgres = new SimPostgres(world, { ledgerShards: 2 });
    nats.messageFaults.lost = 0.1;
    nats.messageFaults.duplicated = 0.1;
    nats.messageFaults.delayed = 0.1;
    nats.messageFaults.delayedMeanUs = 5_000;
    postgres.slowMeanUs = 500;
    for (const name of ["one", "two", "three"]) {
      const process = world.start(name);
      const bus = new SimBus(new NatsConnection(process, nats));
      const store = new SimStore(process, postgres);
      bus.subscribe("said.*", (data) => {
        if (data[0]! > 0) bus.publish(`said.${name}`, Uint8Array.of(data[0]! - 1));
      });
      const live = async (): Promise<void> => {
        for (let turn = 0; turn < 50; turn++) {
          await sleep(process.clock, process.random.whole(1, 20));
          const record = (await store.record(1))!;
          const holder = { node: name, incarnation: process.incarnation, reason: "" };
          await store.raise(1, record.token, holder, 0);
          bus.publish("said.first", Uint8Array.of(2));
        }
      };
      void live();
    }
    world.scheduler.at(200_000, () => nats.stop());
    world.scheduler.at(300_000, () => nats.start());
    await pass(world, 2_000);
    return world;
  }

  it("is one run: the same log and the same hash again, and another for another seed", async () => {
    const [one, again, other] = [await play(11), await play(11), await play(12)];
    expect(one.trace.notes).toBeGreaterThan(500);
    expect(again.trace.lines).toEqual(one.trace.lines);
    expect(again.trace.hash).toBe(one.trace.hash);
    expect(other.trace.hash).not.toBe(one.trace.hash);
  });
});
