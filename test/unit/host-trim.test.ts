/** What a leader lets the log forget: all that is committed but for the last message, streams that it no longer reads, and nothing else. */
import { expect, it } from "vitest";
import { encodeFrame, stampToken } from "../../actors/kernel/frame.js";
import { ledgerName, sourceOfSlot } from "../../actors/kernel/ids.js";
import { encodeLedgerCommand } from "../../actors/ledger/messages.js";
import { over } from "../../chaos/over.js";
import { loggerOf } from "../../chaos/simulator/cluster/logger.js";
import { makeServers, portsOf } from "../../chaos/simulator/cluster/ports.js";
import { World } from "../../chaos/simulator/world/world.js";
import { CommitTurns } from "../../services/host/commit-turns.js";
import { FollowingTurns } from "../../services/host/following-turns.js";
import { Directory } from "../../services/host/directory.js";
import { Host } from "../../services/host/host.js";
import { TRIM_EVERY_MS } from "../../services/host/limits.js";
import type { HostObserver } from "../../services/host/observer.js";
import type { Log } from "../../services/ports/log.js";
import type { Store } from "../../services/ports/store.js";
import { inTime, pass } from "../helpers/simulated.js";

const ACTOR = 1;
const NAME = ledgerName(1);
const ANCHOR = 1;
const SLOT = 1;
const SECOND_MS = 1_000;
const nothing = () => undefined;

/** A host that leads a ledger shard; its commits may be held up on their way. */
async function stageOf() {
  const world = new World(1);
  const servers = makeServers(world, 1);
  const process = world.start("node-1");
  const ports = portsOf(process, servers);
  const { clock, incarnation } = process;
  const logger = loggerOf(process);
  const heard = { applied: nothing, committed: nothing, took: nothing, anchored: nothing };
  const odd = { malformedFrame: nothing };
  const observer = {
    ...heard,
    ...odd,
    became: nothing,
    refused: nothing,
  } as unknown as HostObserver;
  let way = Promise.resolve();
  const store = over<Store>(ports.store, {
    commit: async (batch) => {
      await way;
      return ports.store.commit(batch);
    },
  });
  const directory = new Directory({ bus: ports.bus, store, clock, logger, observer });
  const turns = new CommitTurns(clock, store);
  const own = { node: "node-1", incarnation, store, clock, logger, observer, directory, turns };
  const kept = { earlyInboxes: new Set<never>(), followingTurns: new FollowingTurns(clock) };
  let failing = 0;
  const log = over<Log>(ports.log, {
    trim: async (...what) => {
      if (failing-- > 0) throw new Error("it is away");
      await ports.log.trim(...what);
    },
  });
  const host = new Host({ ...ports, ...own, ...kept, log }, ACTOR, NAME, nothing);
  await inTime(world, () => ports.leases.join("node-1", ""));
  host.claim("it has no leader");
  await pass(world, SECOND_MS);
  let sent = 0;
  return {
    /** Opens so many accounts, each in a frame of its own. */
    open: (count: number) =>
      inTime(world, async () => {
        for (let n = 0; n < count; n++) {
          sent += 1;
          const command = { kind: "open", account: sent, deadline: 0 } as const;
          const frame = encodeFrame(sourceOfSlot(SLOT), sent, [encodeLedgerCommand(command)]);
          stampToken(frame, 1);
          await ports.log.publish(NAME, ANCHOR, frame);
        }
      }),
    /** Puts so many messages into the inbox that are no frames. */
    fill(count: number): void {
      for (let n = 0; n < count; n++) servers.nats.inject(NAME, ANCHOR, new Uint8Array(9));
    },
    pass: (ms: number) => pass(world, ms),
    /** Commits wait until the function that it gives is called. */
    holdUp(): () => void {
      let release = nothing as () => void;
      way = new Promise((resolve) => {
        release = resolve;
      });
      return release;
    },
    /** What the leader has received and not applied. */
    received: () => host.backlog?.inboxBytes,
    failTrims(times: number): void {
      failing = times;
    },
    /** The server of the first stream is away, or back. */
    setReach: (isInReach: boolean) => servers.nats.setReach(NAME, ANCHOR, isInReach),
    anchors: () => servers.nats.streams().map(({ anchor }) => anchor),
    committed: () => servers.postgres.actors.get(ACTOR)!.record.position,
    kept: () => {
      const { firstSequence, lastSequence } = servers.nats.stream(NAME, ANCHOR)!;
      return [firstSequence, lastSequence];
    },
  };
}

it("is forgotten behind what is committed, also while more is applied and its commit hangs", async () => {
  const stage = await stageOf();
  await stage.open(3);
  await stage.pass(2 * TRIM_EVERY_MS);
  expect(stage.committed()).toBe(3);
  expect(stage.kept()).toEqual([3, 3]);

  const release = stage.holdUp();
  await stage.open(4);
  await stage.pass(2 * TRIM_EVERY_MS);
  expect(stage.committed()).toBe(3);
  expect(stage.kept()).toEqual([3, 7]);
  // What is applied no longer waits for its leader, and is in the stream all the same.
  expect(stage.received()).toBe(0);

  release();
  await stage.pass(2 * TRIM_EVERY_MS);
  expect(stage.committed()).toBe(7);
  expect(stage.kept()).toEqual([7, 7]);
});

it("is what nobody of the exchange has sent, also when nothing else comes", async () => {
  const stage = await stageOf();
  await stage.open(1);
  stage.fill(3);
  await stage.pass(2 * TRIM_EVERY_MS);
  expect(stage.committed()).toBe(4);
  expect(stage.kept()).toEqual([4, 4]);
});

it("is tried again when the log was away at the time", async () => {
  const stage = await stageOf();
  await stage.open(3);
  stage.failTrims(1);
  await stage.pass(3 * TRIM_EVERY_MS);
  expect(stage.kept()).toEqual([3, 3]);
});

it("is a stream that is no longer read, as soon as its server is back", async () => {
  const stage = await stageOf();
  await stage.open(1);
  stage.setReach(false);
  await stage.pass(2 * TRIM_EVERY_MS);
  expect(stage.anchors()).toEqual([ANCHOR, ANCHOR + 1]);

  stage.setReach(true);
  await stage.pass(2 * TRIM_EVERY_MS);
  expect(stage.anchors()).toEqual([ANCHOR + 1]);
});
