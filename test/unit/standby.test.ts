/** A standby that is told of batches while it reads the batch log, and one that is promoted with another state than the rows have. */
import { setImmediate as turn } from "node:timers/promises";
import { inspect } from "node:util";
import { pino } from "pino";
import { describe, expect, it } from "vitest";
import { InvariantError } from "../../actors/kernel/assert.js";
import { type Link, Links } from "../../actors/kernel/links.js";
import { Market } from "../../actors/market/market.js";
import { encodeBatchFrame } from "../../services/host/batch-frame.js";
import type { HostDependencies } from "../../services/host/dependencies.js";
import { FollowingTurns } from "../../services/host/following-turns.js";
import {
  FOLLOWING_TURN_MS_MAX,
  FOLLOWS_WELL_AFTER_MS,
  RETRY_FOLLOWING_AFTER_MS,
  RETRY_FOLLOWING_MS_MAX,
  TOLD_BATCHES_MAX,
} from "../../services/host/limits.js";
import { applyLogged } from "../../services/host/open-batch.js";
import { Standby } from "../../services/host/standby.js";
import {
  type ActorRecord,
  emptyRecord,
  type LoggedBatch,
  type Store,
} from "../../services/ports/store.js";
import { ManualClock } from "../helpers/manual-clock.js";
import { list } from "../helpers/market.js";
import { BOOK_BEFORE, HASH_BEFORE, STATE_BEFORE } from "../helpers/market-before.js";
import { expectNothing } from "../helpers/nothing.js";

const RECORD = {
  ...emptyRecord(1_025, "market.X", "market"),
  incarnation: 1,
  token: 3,
  anchor: 1,
  streamCreated: "now",
  time: 1_000,
};

function clocked(clock: ManualClock) {
  return { clock, followingTurns: new FollowingTurns(clock) };
}

/** The first batches of the market, which nobody sends anything. */
function batches(count: number): LoggedBatch[] {
  const market = Market.restore(RECORD, Links.restore([]));
  market.finishLoading();
  return Array.from({ length: count }, (_, at) => {
    const { id: actor, token } = RECORD;
    const commands = new Uint8Array(0);
    const logged = { actor, batch: at + 1, token, time: 2_000 + at, hash: 0, commands };
    applyLogged(market, logged);
    return { ...logged, hash: market.stateHash() };
  });
}

it("goes on with what it was told meanwhile, and reads nothing twice", async () => {
  const all = batches(5);
  let answer: (read: LoggedBatch[]) => void = () => undefined;
  let reads = 0;
  const store: Pick<Store, "load" | "batches"> = {
    load: (_, begin) => {
      const loaded = { record: RECORD, links: [] };
      begin(loaded);
      return Promise.resolve(loaded);
    },
    batches: () => {
      reads += 1;
      return new Promise((resolve) => {
        answer = resolve;
      });
    },
  };
  let tell: (data: Uint8Array) => void = () => undefined;
  const bus = {
    subscribe: (_: string, handler: typeof tell) => {
      tell = handler;
      return () => undefined;
    },
  };
  const deps = { store, bus, ...clocked(new ManualClock()), logger: pino({ level: "silent" }) };
  const standby = new Standby(deps as unknown as HostDependencies, RECORD.id, RECORD.name);
  await turn();
  // The reading has begun before the third batch was committed, and ends after the fourth.
  for (const logged of all.slice(1, 4)) tell(encodeBatchFrame(logged));
  answer(all.slice(0, 2));
  await turn();
  expect(standby.progress).toEqual({ batch: 4, behind: 0, told: 0, isWarm: true });
  tell(encodeBatchFrame(all[4]!));
  expect(standby.progress).toEqual({ batch: 5, behind: 0, told: 0, isWarm: true });
  expect(reads).toBe(1);
});

/** Each look at it takes a millisecond, and so each batch. */
class HurriedClock extends ManualClock {
  override now(): number {
    this.stall(1);
    return super.now();
  }
}

/** One that has read its rows, and the log behind them. */
async function followed(log: (after: number) => readonly LoggedBatch[]) {
  let tell: (data: Uint8Array) => void = () => undefined;
  const deps = {
    store: {
      load: (_: number, begin: (loaded: object) => void) => {
        const loaded = { record: RECORD, links: [] };
        begin(loaded);
        return Promise.resolve(loaded);
      },
      batches: async (_: number, after: number) => log(after),
    },
    bus: {
      subscribe: (_: string, handler: typeof tell) => {
        tell = handler;
        return () => undefined;
      },
    },
    ...clocked(new HurriedClock()),
    logger: pino({ level: "silent" }),
  };
  const standby = new Standby(deps as unknown as HostDependencies, RECORD.id, RECORD.name);
  await turn();
  const tellAll = (batches: readonly LoggedBatch[]) => {
    for (const logged of batches) tell(encodeBatchFrame(logged));
  };
  return { standby, tellAll };
}

it("applies much that it is told at once a few batches in each turn of the event loop, and could lead meanwhile", async () => {
  const all = batches(40);
  const { standby, tellAll } = await followed(() => []);
  tellAll(all);
  const applied: number[] = [];
  for (let before = 0; before < all.length; before = standby.progress.batch) {
    await turn();
    const { batch, behind, told, isWarm } = standby.progress;
    expect({ behind, isWarm }).toEqual({ behind: told, isWarm: true });
    applied.push(batch - before);
  }
  // In the first look also what it did at once.
  const [first, ...others] = applied;
  expect(first).toBeLessThanOrEqual(2 * FOLLOWING_TURN_MS_MAX);
  expect(Math.max(...others)).toBeLessThanOrEqual(FOLLOWING_TURN_MS_MAX);
});

it.each([
  ["one word in the midst was lost", 8, (batch: number) => batch !== 7],
  ["it is told more than it keeps", 2 * TOLD_BATCHES_MAX, () => true],
])("reads the log where %s, and does not rest before the last batch", async (_, count, isTold) => {
  const all = batches(count);
  let committed = 0;
  const { standby, tellAll } = await followed((after) => all.slice(after, committed));
  committed = count;
  tellAll(all.filter(({ batch }) => isTold(batch)));
  for (let turns = 0; turns < count; turns++) await turn();
  expect(standby.progress).toEqual({ batch: count, behind: 0, told: 0, isWarm: true });
});

it("rests where it has heard of a batch that is not in the log, and goes on with the next that is", async () => {
  const all = batches(3);
  const { standby, tellAll } = await followed((after) => all.slice(after, 2));
  tellAll([{ ...all[2]!, batch: 1_000 }]);
  for (let turns = 0; turns < 10; turns++) await turn();
  expect(standby.progress).toEqual({ batch: 2, behind: 0, told: 0, isWarm: true });
  tellAll(all.slice(2));
  for (let turns = 0; turns < 10; turns++) await turn();
  expect(standby.progress).toEqual({ batch: 3, behind: 0, told: 0, isWarm: true });
});

it("is not behind by all batches there ever were while it reads its rows", () => {
  let tell: (data: Uint8Array) => void = () => undefined;
  const deps = {
    store: { load: () => new Promise(() => undefined) },
    bus: {
      subscribe: (_: string, handler: typeof tell) => {
        tell = handler;
        return () => undefined;
      },
    },
    ...clocked(new ManualClock()),
  };
  const standby = new Standby(deps as unknown as HostDependencies, RECORD.id, RECORD.name);
  tell(encodeBatchFrame({ ...batches(1)[0]!, batch: 27_177 }));
  expect(standby.progress).toEqual({ batch: 0, behind: 0, told: 1, isWarm: false });
  standby.stop();
});

/**
 * A standby that has followed three batches, or fewer and gets the others with the record, is promoted to that; what it gives, how
 * often it reads the log for it, and what it has told. With a gap it was told of the third just before, and not of the second.
 */
async function promoted(
  change: Partial<ActorRecord>,
  links: readonly Link[] = [],
  { followed = 3, hasGap = false } = {},
) {
  const all = batches(3);
  const last = all.at(-1)!;
  let reads = 0;
  const store: Pick<Store, "load" | "batches"> = {
    load: (_, begin) => {
      const loaded = { record: RECORD, links: [] };
      begin(loaded);
      return Promise.resolve(loaded);
    },
    batches: (_, after) => {
      reads += 1;
      return Promise.resolve(all.slice(after, followed));
    },
  };
  let tell: (data: Uint8Array) => void = () => undefined;
  const diverged: string[] = [];
  const warned: string[] = [];
  const deps = {
    store,
    bus: {
      subscribe: (_: string, handler: typeof tell) => {
        tell = handler;
        return () => undefined;
      },
    },
    ...clocked(new ManualClock()),
    logger: { warn: (about: object, text: string) => warned.push(`${text}: ${inspect(about)}`) },
    observer: { diverged: (actor: string) => diverged.push(actor) },
  };
  const standby = new Standby(deps as unknown as HostDependencies, RECORD.id, RECORD.name);
  await turn();
  expect(standby.isWarm).toBe(true);
  const { batch, hash } = last;
  const standing = { batch, links, outbox: [], now: 0 };
  const record = { ...RECORD, token: 4, batch, hash, ...change };
  if (hasGap) tell(encodeBatchFrame(last));
  expect(standby.heardBatch).toBe(followed);
  reads = 0;
  const actor = await standby.promote(record, Promise.resolve(standing), all.slice(followed));
  return { actor, diverged, warned, hash, reads };
}

describe("a standby that is promoted", () => {
  it("is the actor when the rows say the same, and nothing is told of it", async () => {
    const { actor, hash, diverged, warned } = await promoted({});
    expect(actor!.stateHash()).toBe(hash);
    expect({ diverged, warned }).toEqual({ diverged: [], warned: [] });
  });

  it("says what it does from then on, and nothing of what it has followed", async () => {
    const { actor } = await promoted({});
    const market = actor as Market;
    expectNothing(market.takeEffects());
    list(market);
    expect(market.takeEffects().sends.size).toBeGreaterThan(0);
  });

  it.each([false, true])(
    "reads no log for what comes with the record; a gap: %s",
    async (hasGap) => {
      const { actor, hash, reads } = await promoted({}, [], { followed: 1, hasGap });
      expect(actor!.stateHash()).toBe(hash);
      expect(reads).toBe(0);
    },
  );

  const peer: Link = { peer: 1, token: 1, received: 1, sent: 0 };
  it.each([
    ["the state is not the leader's", { hash: 1 }, []],
    ["it stands otherwise with its peers", {}, [peer]],
    ["it has come to batch 3, and the rows are of 4", { batch: 4 }, []],
  ])("is no use, is counted and says so when %s", async (said, change, links) => {
    const { actor, diverged, warned } = await promoted(change, links);
    expect(actor).toBeNull();
    expect(diverged).toEqual([RECORD.name]);
    expect(warned).toHaveLength(1);
    expect(warned[0]).toContain("the standby is no use");
    expect(warned[0]).toContain(said);
  });

  it.each([
    ["what it has followed is void", { incarnation: 2 }],
    ["batch 2 is no longer the last one", { batch: 2 }],
  ])("is no use, says so, and is not counted when %s", async (said, change) => {
    const { actor, diverged, warned } = await promoted(change);
    expect(actor).toBeNull();
    expect(diverged).toEqual([]);
    expect(warned[0]).toContain(said);
  });

  it("is the actor as the version before has stored it, and that is no difference", async () => {
    const state = Uint8Array.from(Buffer.from(STATE_BEFORE, "hex"));
    const record = { ...RECORD, batch: 7, hash: HASH_BEFORE, state };
    const store: Pick<Store, "load" | "batches"> = {
      load: (_, begin, page) => {
        const loaded = { record, links: [] };
        begin(loaded);
        page("book", BOOK_BEFORE);
        return Promise.resolve(loaded);
      },
      batches: () => Promise.resolve([]),
    };
    const diverged: string[] = [];
    const deps = {
      store,
      bus: { subscribe: () => () => undefined },
      ...clocked(new ManualClock()),
      logger: pino({ level: "silent" }),
      observer: { diverged: (actor: string) => diverged.push(actor) },
    };
    const standby = new Standby(deps as unknown as HostDependencies, RECORD.id, RECORD.name);
    await turn();
    const standing = Promise.resolve({ batch: 7, links: [], outbox: [], now: 0 });
    const actor = await standby.promote({ ...record, token: 4 }, standing, []);
    expect(diverged).toEqual([]);
    expect(actor).toBeInstanceOf(Market);
  });
});

/** One whose rows cannot be read, and how often it has tried. */
function unreadable(error: () => Error) {
  const clock = new ManualClock();
  let loads = 0;
  const deps = {
    store: {
      load: async () => {
        loads += 1;
        throw error();
      },
    },
    bus: { subscribe: () => () => undefined },
    ...clocked(clock),
    logger: pino({ level: "silent" }),
    observer: { diverged: () => undefined },
  };
  const standby = new Standby(deps as unknown as HostDependencies, RECORD.id, RECORD.name);
  /** How many more times it tries within so long. */
  const triesWithin = async (ms: number): Promise<number> => {
    const before = loads;
    for (let leftMs = ms; leftMs > 0; leftMs -= RETRY_FOLLOWING_AFTER_MS) {
      await turn();
      clock.advance(Math.min(leftMs, RETRY_FOLLOWING_AFTER_MS));
    }
    await turn();
    return loads - before;
  };
  return { standby, triesWithin };
}

const bug = (): Error => new InvariantError("the rows do not give the hash");

describe("a standby that cannot read its rows", () => {
  it("tries again soon, however long the server is away", async () => {
    const { standby, triesWithin } = unreadable(() => new Error("ECONNREFUSED"));
    expect(await triesWithin(10_000)).toBe(10_000 / RETRY_FOLLOWING_AFTER_MS);
    expect(await triesWithin(10_000)).toBe(10_000 / RETRY_FOLLOWING_AFTER_MS);
    standby.stop();
  });

  it("tries ever more rarely where it would come to the same again", async () => {
    const { standby, triesWithin } = unreadable(bug);
    // After 0.2, 0.6, 1.4, 3, 6.2, 12.6 and 25.4 s, and then with the longest rest.
    expect(await triesWithin(26_000)).toBe(7);
    expect(await triesWithin(10 * RETRY_FOLLOWING_MS_MAX)).toBe(10);
    standby.stop();
  });

  it("tries soon where the last bug was long ago", async () => {
    let error = bug();
    const { standby, triesWithin } = unreadable(() => error);
    await triesWithin(26_000);
    error = new Error("ECONNREFUSED");
    await triesWithin(FOLLOWS_WELL_AFTER_MS + RETRY_FOLLOWING_MS_MAX);
    error = bug();
    expect(await triesWithin(2 * RETRY_FOLLOWING_AFTER_MS)).toBe(2);
    standby.stop();
  });

  it("does not rest while it is to lead, and is no use", async () => {
    const { standby, triesWithin } = unreadable(bug);
    await triesWithin(26_000);
    const standing = Promise.resolve({ batch: 0, links: [], outbox: [], now: 0 });
    expect(await standby.promote({ ...RECORD, token: 4 }, standing, [])).toBeNull();
  });

  it("tries no more when it is stopped in its rest", async () => {
    const { standby, triesWithin } = unreadable(bug);
    await triesWithin(26_000);
    standby.stop();
    expect(await triesWithin(2 * RETRY_FOLLOWING_MS_MAX)).toBe(0);
  });
});
