/** Leases on an etcd that goes away, and comes back with less than it had. */
import { cpSync, rmSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { Etcd3 } from "etcd3";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { EtcdLeaseStore } from "../../services/adapters/etcd/etcd-lease-store.js";
import { SystemClock } from "../../services/common/clock.js";
import type { ServerHandle } from "../../services/servers/child-server.js";
import { startServer } from "../../services/servers/cluster.js";
import { ensureServers } from "../../services/servers/install.js";
import { temporaryFolder } from "../helpers/servers.js";

const PATIENCE = { timeout: 10_000, interval: 10 };
const OUTAGE_MS = 2_000;
const FAR_MS = 1_000;
const WISHES = 40;
const PREFIX = "/palisade/outage/";

/** A clock on which nothing that is far away ever comes. */
class ImpatientClock extends SystemClock {
  override after(delayMs: number, callback: () => void): () => void {
    return delayMs > FAR_MS ? () => undefined : super.after(delayMs, callback);
  }
}

let etcd: ServerHandle;
let data: string;
let backup: string;
let one: EtcdLeaseStore;
/** Nothing but the watch tells this node what is new: its reading of everything never falls due. */
let two: EtcdLeaseStore;
let lost: string[];
const closers: (() => unknown)[] = [];

beforeEach(async () => {
  const { folder, remove } = temporaryFolder();
  const place = join(folder, "etcd");
  const log = () => undefined;
  etcd = await startServer(await ensureServers({ log }), "etcd", { folder: place, log });
  closers.push(
    () => etcd.stop(),
    () => remove(),
  );
  data = join(place, "data");
  backup = join(folder, "backup");
  const options = { namespace: "outage", ttlSeconds: 1 };
  one = new EtcdLeaseStore(etcd.url, { ...options, clock: new SystemClock() });
  two = new EtcdLeaseStore(etcd.url, { ...options, clock: new ImpatientClock() });
  closers.unshift(
    () => one.close(),
    () => two.close(),
  );
  lost = [];
  await one.join("node-1", "info of node-1");
  await two.join("node-2", "info of node-2");
  one.onLost((reason) => lost.push(reason));
});

afterEach(async () => {
  for (const close of closers.splice(0)) await close();
});

/** Makes etcd count so far that what comes after it starts anew stays below for long. */
async function countOn(): Promise<void> {
  for (let count = 0; count < WISHES; count++) await one.wish("cordon/node-9", String(count));
  await vi.waitFor(() => expect(two.wishes().size).toBe(1), PATIENCE);
}

/** Waits until both see what etcd really has: both nodes, with what they say. */
async function untilBothAreBack(info = "info of node-1"): Promise<void> {
  const client = new Etcd3({ hosts: etcd.url });
  const nodes = { "node-1": info, "node-2": "info of node-2" };
  try {
    await vi.waitFor(async () => {
      expect(await client.namespace(`${PREFIX}nodes/`).getAll().strings()).toEqual(nodes);
      for (const each of [one, two]) expect(Object.fromEntries(each.nodes())).toEqual(nodes);
    }, PATIENCE);
  } finally {
    client.close();
  }
}

/** What one does, two hears of by its watch alone. */
async function expectTheWatchToTell(): Promise<void> {
  // The first may have been read when the node joined again.
  for (const actor of ["ledger.7", "ledger.8", "ledger.9"]) {
    await vi.waitFor(() => one.claim(actor), PATIENCE);
    await vi.waitFor(() => expect(two.leaders().get(actor)?.node).toBe("node-1"), PATIENCE);
  }
  expect(await one.handOver("ledger.9", "node-2", 3)).not.toBeNull();
  await vi.waitFor(() => expect(two.leaders().get("ledger.9")?.handedAt).toBe(3), PATIENCE);
}

it("are watched again after the server was away for a while", async () => {
  await one.claim("ledger.1");
  await vi.waitFor(() => expect(two.leaders().has("ledger.1")).toBe(true), PATIENCE);
  await etcd.kill();
  await sleep(OUTAGE_MS);
  await etcd.restart();
  await untilBothAreBack();
  await expectTheWatchToTell();
});

it("begin anew on a server that lost everything, and say so", async () => {
  await one.claim("ledger.1");
  await countOn();
  await etcd.kill();
  rmSync(data, { recursive: true });
  await etcd.restart();
  await untilBothAreBack();
  expect(lost).toHaveLength(1);
  for (const each of [one, two]) {
    expect(each.leaders().size).toBe(0);
    expect(each.wishes().size).toBe(0);
  }
  await expectTheWatchToTell();
});

it("believe a server that was set back, and tell it what it has forgotten", async () => {
  const held = (await one.claim("ledger.1"))!;
  await etcd.stop();
  cpSync(data, backup, { recursive: true });
  await etcd.restart();
  await untilBothAreBack();
  await vi.waitFor(() => two.claim("ledger.1", held), PATIENCE);
  await one.inform("newer info");
  await countOn();

  await etcd.kill();
  rmSync(data, { recursive: true });
  cpSync(backup, data, { recursive: true });
  await etcd.restart();
  await untilBothAreBack("newer info");
  for (const each of [one, two]) {
    await vi.waitFor(() => expect(each.leaders().get("ledger.1")?.node).not.toBe("node-2"));
    expect(each.wishes().size).toBe(0);
  }
  await expectTheWatchToTell();
});
