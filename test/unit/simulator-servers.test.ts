/** What goes wrong with the simulator's servers goes wrong as it should, and is told to the witness. */
import { beforeEach, describe, expect, it } from "vitest";
import { leasesOf } from "../../chaos/simulator/adapters/leases.js";
import { NatsConnection } from "../../chaos/simulator/adapters/nats-connection.js";
import { SimBus } from "../../chaos/simulator/adapters/sim-bus.js";
import { SimLog } from "../../chaos/simulator/adapters/sim-log.js";
import { SimStore } from "../../chaos/simulator/adapters/sim-store.js";
import { SimEtcd } from "../../chaos/simulator/servers/etcd.js";
import { SimNats } from "../../chaos/simulator/servers/nats.js";
import { SimPostgres } from "../../chaos/simulator/servers/postgres.js";
import type { SimProcess } from "../../chaos/simulator/world/process.js";
import {
  type CommitSeen,
  type LeadershipSeen,
  type PublishSeen,
  SilentWitness,
  type StreamSeen,
} from "../../chaos/simulator/world/witness.js";
import { World } from "../../chaos/simulator/world/world.js";
import { NodeNameTakenError } from "../../services/ports/lease-store.js";
import { LogRefusedError, StreamIdentityError } from "../../services/ports/log.js";
import { checkStream } from "../../services/host/inbox-identity.js";
import { type Batch, CommitUnknownError, FencedError } from "../../services/ports/store.js";
import { Committer, holderOf } from "../contract/actors.js";
import { inTime, pass } from "../helpers/simulated.js";

/** Whoever has lost a connection has it back after so long. */
const SETTLED_MS = 500;

class Notes extends SilentWitness {
  readonly commits: CommitSeen[] = [];
  readonly publishes: PublishSeen[] = [];
  readonly streams: StreamSeen[] = [];
  readonly leaderships: LeadershipSeen[] = [];

  override commit(seen: CommitSeen): void {
    this.commits.push(seen);
  }

  override publish(seen: PublishSeen): void {
    this.publishes.push(seen);
  }

  override stream(seen: StreamSeen): void {
    this.streams.push(seen);
  }

  override leadership(seen: LeadershipSeen): void {
    this.leaderships.push(seen);
  }
}

let world: World;
let notes: Notes;

beforeEach(() => {
  notes = new Notes();
  world = new World(1, { witness: notes });
});

const nameOf = (error: unknown): string => (error as Error).constructor.name;

async function outcomeOf(work: () => Promise<unknown>): Promise<string> {
  return inTime(world, () =>
    work().then(
      () => "done",
      (error: unknown) => nameOf(error),
    ),
  );
}

describe("the simulator's Postgres", () => {
  let postgres: SimPostgres;
  let process: SimProcess;
  let store: SimStore;
  let leader: Committer;

  beforeEach(async () => {
    postgres = new SimPostgres(world, { ledgerShards: 1 });
    process = world.start("node-1");
    store = new SimStore(process, postgres);
    leader = await inTime(world, () => Committer.claim(store, 1));
  });

  const batchNow = () => postgres.actors.get(1)!.record.batch;
  const commit = (batch: Batch) => outcomeOf(() => store.commit(batch));

  it("loses a commit, or its answer, and its leader knows not which", async () => {
    postgres.commitFaults.answerLost = 1;
    const batch = leader.seal();
    expect([await commit(batch), batchNow()]).toEqual([CommitUnknownError.name, 1]);
    postgres.commitFaults.answerLost = 0;
    postgres.commitFaults.requestLost = 1;
    const next = { ...batch, number: 2 };
    expect([await commit(next), batchNow()]).toEqual([CommitUnknownError.name, 1]);
    await pass(world, 60_000);
    expect(batchNow()).toBe(1);
    expect(notes.commits.map(({ outcome }) => outcome)).toEqual(["stored"]);
  });

  it("stores commits that were asked for together as a whole, or loses them so", async () => {
    const market = postgres.addMarket("market.M");
    const other = await inTime(world, () => Committer.claim(store, market));
    const together = () => {
      const commits = [leader, other].map((committer) => committer.commit());
      return inTime(world, () => Promise.allSettled(commits));
    };
    const stored = () => [1, market].map((actor) => postgres.actors.get(actor)!.record.batch);
    postgres.commitFaults.requestLost = 1;
    for (const outcome of await together()) {
      expect(outcome).toMatchObject({ reason: expect.any(CommitUnknownError) });
    }
    expect(stored()).toEqual([0, 0]);
    postgres.commitFaults.requestLost = 0;
    // Whose last commit is in doubt goes alone; one of them may be lost then without the other.
    expect((await together()).map(({ status }) => status)).toEqual(["fulfilled", "fulfilled"]);
    expect(new Set(notes.commits.map(({ atUs }) => atUs)).size).toBe(2);
    notes.commits.length = 0;
    postgres.commitFaults.answerLost = 1;
    for (const outcome of await together()) {
      expect(outcome).toMatchObject({ reason: expect.any(CommitUnknownError) });
    }
    expect(stored()).toEqual([2, 2]);
    expect(new Set(notes.commits.map(({ atUs }) => atUs)).size).toBe(1);
  });

  it("lets a commit arrive long after its leader is dead and deposed", async () => {
    postgres.commitFaults.late = 1;
    postgres.commitFaults.lateMeanUs = 30_000_000;
    void store.commit(leader.seal());
    await pass(world, 1);
    process.crash();
    const rival = new SimStore(world.start("node-2"), postgres);
    await inTime(world, () => rival.raise(1, leader.record.token, holderOf("node-2"), 0));
    await pass(world, 300_000);
    expect(notes.commits.map(({ outcome, by }) => `${by.name} ${outcome}`)).toEqual([
      "node-1 fenced",
    ]);
    expect(notes.commits[0]!.before!.token).toBe(leader.record.token + 1);
    expect(batchNow()).toBe(0);
  });

  it("refuses what comes twice, unless its safety was taken away", async () => {
    postgres.commitFaults.repeated = 1;
    postgres.commitFaults.repeatedMeanUs = 10_000;
    await inTime(world, () => leader.commit());
    await pass(world, 1_000);
    const seen = () => notes.commits.map(({ outcome, isRepeat }) => `${outcome} ${isRepeat}`);
    expect(seen()).toEqual(["stored false", "fenced true"]);
    postgres.batchCheck = false;
    await inTime(world, () => leader.commit());
    await pass(world, 1_000);
    expect(seen().slice(2)).toEqual(["stored false", "stored true"]);
  });

  it("lets a deposed leader write once the fence is gone", async () => {
    const rival = new SimStore(world.start("node-2"), postgres);
    await inTime(world, () => rival.raise(1, leader.record.token, holderOf("node-2"), 0));
    expect(await commit(leader.seal())).toBe(FencedError.name);
    postgres.fence = false;
    expect(await commit(leader.seal())).toBe("done");
    const last = notes.commits.at(-1)!;
    expect([last.outcome, last.batch.token, last.before!.token]).toEqual(["stored", 1, 2]);
  });

  it("does what was asked of it while it stood still, though nobody waits any more", async () => {
    postgres.freeze();
    expect(await commit(leader.seal())).toBe(CommitUnknownError.name);
    expect([batchNow(), postgres.keptWaiting]).toEqual([0, 1]);
    postgres.thaw();
    expect(batchNow()).toBe(1);
    postgres.stop();
    expect(await outcomeOf(() => store.record(1))).toBe("Error");
    expect(postgres.turnedAway).toBeGreaterThan(0);
    postgres.start();
    expect(await outcomeOf(() => store.record(1))).toBe("done");
  });

  it("has a clock that may jump", async () => {
    const before = await inTime(world, () => store.now());
    postgres.jumpClock(-3_000_000);
    expect(await inTime(world, () => store.now())).toBeLessThan(before);
  });
});

describe("the simulator's NATS", () => {
  const ACTOR = "market.A";
  let nats: SimNats;
  let log: SimLog;
  let bus: SimBus;

  beforeEach(() => {
    nats = new SimNats(world);
    const connection = new NatsConnection(world.start("node-1"), nats);
    log = new SimLog(connection);
    bus = new SimBus(connection);
  });

  /** Publishes, after it has noticed what went before. */
  const publish = async (count: number) => {
    await pass(world, SETTLED_MS);
    await inTime(world, async () => {
      for (let at = 0; at < count; at++) await log.publish(ACTOR, 1, Uint8Array.of(at));
    });
  };

  it("keeps the bytes as they were when they were published", async () => {
    await inTime(world, () => log.create(ACTOR, 1));
    const frame = Uint8Array.of(1, 2, 3);
    const publishing = log.publish(ACTOR, 1, frame);
    frame[0] = 9;
    await inTime(world, () => publishing);
    const message = await inTime(world, () => log.read(ACTOR, 1, 1));
    expect([...message!.data]).toEqual([1, 2, 3]);
    expect(notes.publishes).toMatchObject([{ outcome: "stored", sequence: 1, anchor: 1 }]);
  });

  it("loses its tail, and its readers see that it is not what they have read", async () => {
    const { created } = await inTime(world, () => log.create(ACTOR, 1));
    await publish(5);
    const last = (await inTime(world, () => log.read(ACTOR, 1, 5)))!;
    const at = { anchor: 1, created, position: 5, positionStored: last.stored };
    expect(await outcomeOf(() => checkStream(log, ACTOR, at))).toBe("done");
    let lost = 0;
    while (lost === 0) lost = nats.loseTails(3);
    await publish(5);
    expect(await outcomeOf(() => checkStream(log, ACTOR, at))).toBe(StreamIdentityError.name);
    expect(notes.streams.map(({ change }) => change)).toEqual(["created", "lost-tail"]);
  });

  it("goes back to what it was, or has nothing any more", async () => {
    await inTime(world, () => log.create(ACTOR, 1));
    await publish(2);
    const snapshot = nats.snapshot();
    await publish(2);
    await inTime(world, () => log.create("market.B", 1));
    nats.rollBack(snapshot);
    await publish(1);
    expect(nats.streams()).toEqual([{ actorName: ACTOR, anchor: 1 }]);
    expect(nats.stream(ACTOR, 1)!.lastSequence).toBe(3);
    nats.wipe();
    await pass(world, SETTLED_MS);
    expect(await inTime(world, () => log.identify(ACTOR, 1))).toBeNull();
    expect(await outcomeOf(() => log.publish(ACTOR, 1, Uint8Array.of(1)))).toBe(
      LogRefusedError.name,
    );
    expect(notes.streams.map(({ change, actorName }) => `${actorName} ${change}`).slice(2)).toEqual(
      ["market.B removed", `${ACTOR} rolled-back`, `${ACTOR} removed`],
    );
  });

  it("tells its readers when a stream stays out of reach while it answers itself", async () => {
    await inTime(world, () => log.create(ACTOR, 1));
    const ends: Error[] = [];
    await inTime(world, () =>
      log.consume(ACTOR, 1, 1, {
        deliver: () => undefined,
        verify: async () => {
          await log.identify(ACTOR, 1);
        },
        onLost: (error) => ends.push(error),
      }),
    );
    nats.setReach(ACTOR, 1, false);
    await pass(world, 2_000);
    expect(ends).toEqual([]);
    await pass(world, 10_000);
    expect(ends.map(nameOf)).toEqual([StreamIdentityError.name]);
  });

  it("loses, repeats and delays plain messages as often as it is told to", async () => {
    const heard: number[] = [];
    bus.subscribe("count.>", (data) => heard.push(data[0]!));
    await pass(world, 10);
    const count = async () => {
      heard.length = 0;
      for (let at = 0; at < 200; at++) {
        bus.publish(`count.${at % 3}`, Uint8Array.of(at));
        await pass(world, 1);
      }
      await pass(world, 5_000);
    };
    await count();
    expect(heard).toEqual(Array.from({ length: 200 }, (_, at) => at));
    nats.messageFaults.lost = 0.3;
    await count();
    expect(heard.length).toBe(200 - nats.struck.lost);
    expect(nats.struck.lost).toBeGreaterThan(20);
    nats.messageFaults.lost = 0;
    nats.messageFaults.duplicated = 0.3;
    await count();
    expect(heard.length).toBe(200 + nats.struck.duplicated);
    nats.messageFaults.duplicated = 0;
    nats.messageFaults.delayed = 0.3;
    nats.messageFaults.delayedMeanUs = 50_000;
    await count();
    expect(heard).toHaveLength(200);
    expect(heard.toSorted((a, b) => a - b)).not.toEqual(heard);
  });
});

describe("the simulator's etcd", () => {
  const TTL_SECONDS = 1;
  let etcd: SimEtcd;

  beforeEach(() => {
    etcd = new SimEtcd(world);
  });

  async function joined(name: string) {
    const leases = leasesOf(world.start(name), etcd, TTL_SECONDS);
    await inTime(world, () => leases.join(name, "{}"));
    return leases;
  }

  it("lets the lease of a dead node run out, and its name be taken again", async () => {
    const one = await joined("node-1");
    const two = await joined("node-2");
    await inTime(world, () => one.claim("ledger.1"));
    world.processes[0]!.crash();
    await pass(world, 3_000);
    expect([...two.nodes().keys()]).toEqual(["node-2"]);
    expect(two.leaders().size).toBe(0);
    await joined("node-1");
    expect([...two.nodes().keys()].toSorted()).toEqual(["node-1", "node-2"]);
    const twin = leasesOf(world.startTwin("node-1"), etcd, TTL_SECONDS);
    expect(await outcomeOf(() => twin.join("node-1", "{}"))).toBe(NodeNameTakenError.name);
    expect(notes.leaderships.map(({ why }) => why)).toEqual(["claimed", "lease-gone"]);
  });

  it("answers nobody without a quorum, and keeps every lease meanwhile", async () => {
    const one = await joined("node-1");
    await inTime(world, () => one.claim("ledger.1"));
    etcd.hasQuorum = false;
    expect(await outcomeOf(() => one.claim("ledger.2"))).toBe("Error");
    await pass(world, 10_000);
    expect(one.leaders().get("ledger.1")?.node).toBe("node-1");
    etcd.hasQuorum = true;
    await pass(world, 3_000);
    expect(await outcomeOf(() => one.claim("ledger.2"))).toBe("done");
    expect(etcd.keptWaiting).toBeGreaterThan(0);
  });
});
