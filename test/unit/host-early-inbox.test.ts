/** An inbox that is read before its actor is led: what the leader goes on from, and what it does not trust. */
import { beforeEach, describe, expect, it } from "vitest";
import { loggerOf } from "../../chaos/simulator/cluster/logger.js";
import { makeServers, portsOf, type PortsOfProcess } from "../../chaos/simulator/cluster/ports.js";
import { World } from "../../chaos/simulator/world/world.js";
import type { HostDependencies } from "../../services/host/dependencies.js";
import { EarlyInbox } from "../../services/host/early-inbox.js";
import type { InboxPosition } from "../../services/host/inbox-identity.js";
import { EARLY_INBOX_MS_MAX } from "../../services/host/limits.js";
import type { LogMessage } from "../../services/ports/log.js";
import type { ActorRecord } from "../../services/ports/store.js";
import { inTime, pass } from "../helpers/simulated.js";

const NAME = "ledger.1";
const ANCHOR = 3;

let world: World;
let ports: PortsOfProcess;
let deps: HostDependencies;
let created: string;
let messages: LogMessage[];
let delivered: number[];

/** The place behind the first so many messages. */
const behind = (position: number): InboxPosition => ({
  anchor: ANCHOR,
  created,
  position,
  positionStored: messages[position - 1]?.stored ?? "",
});

async function publish(count: number): Promise<void> {
  for (let n = 0; n < count; n++) {
    await ports.log.publish(NAME, ANCHOR, new Uint8Array([messages.length + 1]));
    messages.push((await ports.log.read(NAME, ANCHOR, messages.length + 1))!);
  }
}

beforeEach(async () => {
  world = new World(1);
  const process = world.start("node-1");
  ports = portsOf(process, makeServers(world, 1));
  [messages, delivered] = [[], []];
  await inTime(world, async () => {
    ({ created } = await ports.log.create(NAME, ANCHOR));
    await publish(4);
  });
  const { position, positionStored } = behind(2);
  const row = { name: NAME, anchor: ANCHOR, streamCreated: created, position, positionStored };
  const store = { record: () => Promise.resolve(row as ActorRecord) };
  const { clock } = process;
  const logger = loggerOf(process);
  const earlyInboxes = new Set<EarlyInbox>();
  deps = { store, log: ports.log, clock, logger, earlyInboxes } as unknown as HostDependencies;
});

/** Reads early, and lets three more come. */
async function readEarly(): Promise<EarlyInbox> {
  const early = new EarlyInbox(deps, 1);
  await pass(world, 10);
  await inTime(world, () => publish(3));
  await pass(world, 10);
  return early;
}

async function take(early: EarlyInbox, place: InboxPosition): Promise<boolean> {
  const reader = {
    deliver: ({ sequence }: LogMessage) => void delivered.push(sequence),
    verify: () => Promise.resolve(),
    onLost: () => undefined,
  };
  const consumption = await inTime(world, () => early.take(place, reader));
  await inTime(world, () => publish(1));
  await pass(world, 10);
  return consumption !== null;
}

describe("an inbox that is read early", () => {
  it.each([2, 3, 5, 7])("goes on behind message %s, each once and in order", async (position) => {
    const early = await readEarly();
    // Five messages of a byte each.
    expect([...deps.earlyInboxes].map(({ bytes }) => bytes)).toEqual([5]);
    expect(await take(early, behind(position))).toBe(true);
    expect([early.bytes, deps.earlyInboxes.size]).toEqual([0, 0]);
    const rest = messages.map(({ sequence }) => sequence).slice(position);
    expect(delivered).toEqual(rest);
    expect(delivered.at(-1)).toBe(8);
    // It is the leader's now, and stays so.
    await pass(world, EARLY_INBOX_MS_MAX * 2);
    await inTime(world, () => publish(1));
    await pass(world, 10);
    expect(delivered).toEqual([...rest, 9]);
  });

  it.each([
    ["another stream", { created: "another" }],
    ["another anchor", { anchor: ANCHOR + 1 }],
    ["another message at the position", { positionStored: "another" }],
    ["a position that it has not seen yet", { position: 8, positionStored: "later" }],
    ["a position before it began", { position: 1 }],
  ])("is of no use for %s", async (_what, change) => {
    const early = await readEarly();
    expect(await take(early, { ...behind(5), ...change })).toBe(false);
    expect(delivered).toEqual([]);
  });

  it("is of no use when the stream is not the one that the row names, or nobody leads in time", async () => {
    const early = await readEarly();
    await pass(world, EARLY_INBOX_MS_MAX);
    expect([early.bytes, deps.earlyInboxes.size]).toEqual([0, 0]);
    expect(await take(early, behind(5))).toBe(false);
    const lost = new EarlyInbox(
      { ...deps, store: { record: () => Promise.reject(new Error("connection")) } as never },
      1,
    );
    expect(await take(lost, behind(5))).toBe(false);
    await inTime(world, () => ports.log.remove(NAME, ANCHOR));
    expect(await inTime(world, () => new EarlyInbox(deps, 1).take(behind(2), {} as never))).toBe(
      null,
    );
    expect(delivered).toEqual([]);
  });
});
