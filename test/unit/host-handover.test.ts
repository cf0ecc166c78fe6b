/** An actor is handed from one host to another: what each of them does when a word or an answer is lost, or a node is dead. */
import { beforeEach, describe, expect, it, vi } from "vitest";
import type { Actor } from "../../actors/kernel/actor.js";
import { loggerOf } from "../../chaos/simulator/cluster/logger.js";
import { makeServers, portsOf, type Servers } from "../../chaos/simulator/cluster/ports.js";
import type { SimProcess } from "../../chaos/simulator/world/process.js";
import {
  type CommitSeen,
  type RaiseSeen,
  SilentWitness,
} from "../../chaos/simulator/world/witness.js";
import { World } from "../../chaos/simulator/world/world.js";
import { CommitTurns } from "../../services/host/commit-turns.js";
import { FollowingTurns } from "../../services/host/following-turns.js";
import type { HostDependencies } from "../../services/host/dependencies.js";
import { Directory } from "../../services/host/directory.js";
import { Host } from "../../services/host/host.js";
import { RELEASE_MS_MAX } from "../../services/host/limits.js";
import type { HostObserver } from "../../services/host/observer.js";
import { raise, recover } from "../../services/host/recovery.js";
import { decodeRelease } from "../../services/host/release.js";
import type { Standby } from "../../services/host/standby.js";
import { batchesSubject, releaseSubject } from "../../services/ports/subjects.js";
import { ManualClock } from "../helpers/manual-clock.js";
import { inTime, pass } from "../helpers/simulated.js";

const ACTOR = 1;
const NAME = "ledger.1";
const SECOND_MS = 1_000;

/** What took effect in Postgres. */
class Notes extends SilentWitness {
  readonly commits: CommitSeen[] = [];
  readonly raises: RaiseSeen[] = [];

  override commit(seen: CommitSeen): void {
    this.commits.push(seen);
  }

  override raise(seen: RaiseSeen): void {
    this.raises.push(seen);
  }
}

let world: World;
let notes: Notes;
let servers: Servers;
let one: Peer;
let two: Peer;

/** A host of the actor, on a node of its own. */
class Peer {
  readonly process: SimProcess;
  readonly host: Host;
  /** Each state with its reason. */
  readonly lives: string[] = [];
  private readonly ports;
  /** Its questions whether anything was handed to it. */
  readonly questions;
  /** Its readings of the batch log. */
  readonly readings;
  private ledAtUs = 0;

  constructor(name: string) {
    this.process = world.start(name);
    this.ports = portsOf(this.process, servers);
    this.questions = vi.spyOn(this.ports.store, "handed");
    this.readings = vi.spyOn(this.ports.store, "batches");
    const { clock, incarnation } = this.process;
    const logger = loggerOf(this.process);
    const nothing = () => undefined;
    const became: HostObserver["became"] = (_, state, reason) => {
      this.lives.push(`${state}: ${reason}`);
      if (state === "leading") this.ledAtUs = world.scheduler.nowUs;
    };
    const silent = { refused: nothing, committed: nothing, took: nothing, anchored: nothing };
    const observer = { ...silent, fenced: nothing, became } as unknown as HostObserver;
    const { store, bus } = this.ports;
    const directory = new Directory({ bus, store, clock, logger, observer });
    const turns = new CommitTurns(clock, store);
    const own = { node: name, incarnation, clock, logger, observer, directory, turns };
    const kept = { earlyInboxes: new Set<never>(), followingTurns: new FollowingTurns(clock) };
    this.host = new Host({ ...this.ports, ...own, ...kept }, ACTOR, NAME, nothing);
  }

  join(): Promise<void> {
    return this.ports.leases.join(this.process.name, "");
  }

  /** What it says of its batches is lost from now on. */
  tellNoBatches(): void {
    const { bus } = this.ports;
    const publish = bus.publish.bind(bus);
    vi.spyOn(bus, "publish").mockImplementation((subject, data) => {
      if (subject !== batchesSubject(NAME)) publish(subject, data);
    });
  }

  hearReleases(): void {
    this.ports.bus.subscribe(releaseSubject(NAME), (data) =>
      this.host.releases.note(decodeRelease(data).token),
    );
  }

  /** Takes the key of a leader that is taken for dead. */
  claimFrom(node: string): void {
    const key = this.ports.leases.leaders().get(NAME)!;
    expect(key.node).toBe(node);
    this.host.claim("its leader is dead", key);
  }

  /** As a node does when it sees that the key has become its own. */
  async takeOver(): Promise<void> {
    const { leases } = this.ports;
    for (;;) {
      const key = leases.leaders().get(NAME);
      if (key?.node === this.process.name && key.handedAt !== null) {
        return this.host.takeOver({ ...key, handedAt: key.handedAt });
      }
      await new Promise<void>((resolve) => {
        const cancel = leases.onChange(() => {
          cancel();
          resolve();
        });
      });
    }
  }

  until(state: Host["state"]): Promise<void> {
    const { clock } = this.process;
    return new Promise((resolve) => {
      const look = () => (this.host.state === state ? resolve() : void clock.after(1, look));
      look();
    });
  }

  ledForUs(sinceUs: number): number {
    return this.ledAtUs - sinceUs;
  }
}

beforeEach(async () => {
  notes = new Notes();
  world = new World(1, { witness: notes });
  servers = makeServers(world, 1);
  one = new Peer("node-1");
  two = new Peer("node-2");
  await inTime(world, () => Promise.all([one.join(), two.join()]));
  one.host.claim("it has no leader");
  await inTime(world, () => one.until("leading"));
  two.host.follow(true);
  await pass(world, SECOND_MS);
  expect(two.host.isWarm).toBe(true);
});

const rowOf = () => servers.postgres.actors.get(ACTOR)!;
const written = () => notes.raises.filter(({ raised, wasHeld }) => raised !== null && !wasHeld);

/** Hands over from the first to the second, in that life of it; gives the virtual time at which it began. */
async function handOver(incarnation = two.process.incarnation): Promise<number> {
  const startedAtUs = world.scheduler.nowUs;
  await inTime(world, () =>
    Promise.all([one.host.handOver("node-2", incarnation), two.takeOver()]),
  );
  return startedAtUs;
}

describe("a handover", () => {
  it("raises the token with the last batch, and the successor leads at the word", async () => {
    two.hearReleases();
    const { token, batch } = rowOf().record;
    two.readings.mockClear();
    one.tellNoBatches();
    const startedAtUs = await handOver();
    await inTime(world, () => two.until("leading"));
    expect(two.ledForUs(startedAtUs)).toBeLessThan((RELEASE_MS_MAX / 2) * 1_000);
    // What it had not heard came with the answer.
    expect(two.questions).toHaveBeenCalledWith(expect.objectContaining({ afterBatch: batch }));
    expect(two.readings).not.toHaveBeenCalled();
    expect(one.lives.at(-1)).toBe("released: for node-2");
    expect(two.lives[1]).toBe(`recovering: token ${token + 1}`);
    expect(rowOf().holderIncarnation).toBe(two.process.incarnation);
    const last = notes.commits.find((seen) => seen.batch.successor !== null)!;
    expect(last).toMatchObject({ outcome: "stored", by: { name: "node-1" } });
    expect(last.batch).toMatchObject({ token, number: batch + 1 });
    // It was raised once, by its predecessor; the successor was told.
    expect(written().map(({ by, fromToken }) => [by.name, fromToken])).toEqual([
      ["node-1", token - 1],
      ["node-1", token],
    ]);
    await pass(world, 5 * SECOND_MS);
    const after = notes.commits.slice(notes.commits.indexOf(last) + 1);
    expect(after.filter(({ by }) => by.name === "node-1")).toEqual([]);
    expect([one.host.token, two.host.token]).toEqual([0, token + 1]);
  });

  it("is the same a while later when the word is lost", async () => {
    const { token } = rowOf().record;
    const startedAtUs = await handOver();
    await inTime(world, () => two.until("leading"));
    expect(two.ledForUs(startedAtUs)).toBeGreaterThanOrEqual(RELEASE_MS_MAX * 1_000);
    expect([one.host.state, two.host.token]).toEqual(["released", token + 1]);
    expect(written()).toHaveLength(2);
  });

  it("waits for the last commit where the word comes before it", async () => {
    two.hearReleases();
    const { token, batch } = rowOf().record;
    const { commitFaults } = servers.postgres;
    Object.assign(commitFaults, { late: 1, lateMeanUs: 20_000 });
    await handOver();
    commitFaults.late = 0;
    await inTime(world, () => two.until("leading"));
    expect(two.host.token).toBe(token + 1);
    expect(rowOf().record.batch).toBeGreaterThanOrEqual(batch + 1);
    expect(written().map(({ by }) => by.name)).toEqual(["node-1", "node-1"]);
    const answers = await Promise.all(two.questions.mock.results.map(({ value }) => value));
    expect(answers.length).toBeGreaterThan(1);
    expect(answers.map((answer) => answer !== null)).toEqual(
      answers.map((_, at) => at > 0 && at === answers.length - 1),
    );
  });

  it.each([
    ["cannot be asked", () => Promise.reject(new Error("connection"))],
    ["is not answered", () => new Promise<null>(() => undefined)],
  ])("is the same a while later when it %s", async (_, handed) => {
    two.hearReleases();
    two.questions.mockImplementation(handed);
    const startedAtUs = await handOver();
    await inTime(world, () => two.until("leading"));
    const ledForMs = two.ledForUs(startedAtUs) / 1_000;
    expect(ledForMs).toBeGreaterThanOrEqual(RELEASE_MS_MAX);
    expect(ledForMs).toBeLessThan(2 * RELEASE_MS_MAX);
    expect(two.questions).toHaveBeenCalledTimes(1);
    expect(written().map(({ by }) => by.name)).toEqual(["node-1", "node-1"]);
  });

  it("ends the leadership when its outcome is unknown, and the successor finds that it has happened", async () => {
    two.hearReleases();
    const { token, batch } = rowOf().record;
    servers.postgres.commitFaults.answerLost = 1;
    await handOver();
    servers.postgres.commitFaults.answerLost = 0;
    await inTime(world, () => two.until("leading"));
    expect(one.lives.at(-1)).toMatch(/^released: CommitUnknownError/);
    expect(two.host.token).toBe(token + 1);
    expect(rowOf().record.batch).toBeGreaterThanOrEqual(batch + 1);
    expect(written().map(({ by }) => by.name)).toEqual(["node-1", "node-1"]);
  });

  it("is the successor's to finish when it has not happened", async () => {
    two.hearReleases();
    const { token } = rowOf().record;
    servers.postgres.commitFaults.requestLost = 1;
    await handOver();
    servers.postgres.commitFaults.requestLost = 0;
    await inTime(world, () => two.until("leading"));
    expect(one.host.state).toBe("released");
    expect(two.host.token).toBe(token + 1);
    expect(written().map(({ by }) => by.name)).toEqual(["node-1", "node-2"]);
  });

  it("to a life that is over leaves the token to whoever claims next", async () => {
    two.hearReleases();
    const { token } = rowOf().record;
    await handOver("node-2#before");
    await inTime(world, () => two.until("idle"));
    expect(rowOf()).toMatchObject({ holderIncarnation: "node-2#before" });
    expect(rowOf().record.token).toBe(token + 1);
    two.host.claim("it has no leader");
    await inTime(world, () => two.until("leading"));
    expect(two.host.token).toBe(token + 2);
  });
});

describe("a takeover while NATS is away", () => {
  it("raises the token once, and once more when NATS is back", async () => {
    const before = written().length;
    servers.nats.stop();
    two.claimFrom("node-1");
    await pass(world, 30 * SECOND_MS);
    expect(two.host.state).toBe("recovering");
    expect(written().length).toBe(before + 1);
    servers.nats.start();
    await inTime(world, () => two.until("leading"));
    await pass(world, 5 * SECOND_MS);
    expect(two.host.state).toBe("leading");
    expect(written().length).toBe(before + 2);
  });
});

describe("how an actor stands with its peers", () => {
  const actor = { id: ACTOR } as Actor;
  const frame = new Uint8Array([1]);

  /** What a host recovers whose raise has found batch 7, when it heard of these batches in turn. */
  async function recoveredFrom(...heard: (number | Error)[]) {
    let asked = 0;
    const clock = new ManualClock();
    const store = {
      raise: () => Promise.resolve({ id: ACTOR, token: 4, batch: 7 }),
      correspondence: () => {
        const batch = heard[asked++];
        if (typeof batch !== "number") return Promise.reject(batch ?? new Error("once too often"));
        const outbox = [{ destination: 2, first: batch, last: batch, frame }];
        return Promise.resolve({ links: [], outbox, batch, now: 5_000 });
      },
    };
    const deps = { store, clock, node: "n", incarnation: "n#1" } as unknown as HostDependencies;
    const claimed = (await raise(deps, ACTOR, 3, 0, "handed over"))!;
    await claimed.standing;
    clock.advance(2);
    const standby = { promote: () => Promise.resolve(actor) } as unknown as Standby;
    const { outbox, now } = await recover(deps, claimed, [], standby);
    return { batch: outbox[0]!.first, now, asked };
  }

  it("is what was read beside the raise, if that was of the raised batch", async () => {
    // The clock has gone on since.
    expect(await recoveredFrom(7)).toEqual({ batch: 7, now: 7_000, asked: 1 });
  });

  it("is read again if it was of a batch before, or could not be read", async () => {
    expect(await recoveredFrom(6, 7)).toEqual({ batch: 7, now: 5_000, asked: 2 });
    expect(await recoveredFrom(new Error("connection"), 7)).toMatchObject({ batch: 7, asked: 2 });
  });
});
