/** Leases on an etcd of their own, whose disk can be taken away. */
import { cpSync, rmSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { Etcd3 } from "etcd3";
import { expect, it, vi } from "vitest";
import { EtcdLeaseStore } from "../../services/adapters/etcd/etcd-lease-store.js";
import { leadershipOf } from "../../services/adapters/etcd/lease-view.js";
import { SystemClock } from "../../services/common/clock.js";
import { startServer } from "../../services/servers/cluster.js";
import { ensureServers } from "../../services/servers/install.js";
import { temporaryFolder } from "../helpers/servers.js";
import type { LossyLeasesBench } from "./leases-bench.js";
import { describeLostLeases } from "./leases-losses-contract.js";

const PATIENCE = { timeout: 10_000, interval: 10 };
const OUTAGE_MS = 2_000;
const FAR_MS = 1_000;

/** A clock on which nothing that is far away ever comes: nothing but the watch tells its node what is new. */
class ImpatientClock extends SystemClock {
  override after(delayMs: number, callback: () => void): () => void {
    return delayMs > FAR_MS ? () => undefined : super.after(delayMs, callback);
  }
}

async function openBench(): Promise<LossyLeasesBench> {
  const { folder, remove } = temporaryFolder();
  const place = join(folder, "etcd");
  const log = () => undefined;
  const etcd = await startServer(await ensureServers({ log }), "etcd", { folder: place, log });
  const client = new Etcd3({ hosts: etcd.url });
  const [data, backup] = [join(place, "data"), join(folder, "backup")];
  const stores: EtcdLeaseStore[] = [];
  const under = async (kind: string): Promise<(readonly [string, string])[]> =>
    Object.entries(await client.namespace(`/palisade/outage/${kind}/`).getAll().strings());
  return {
    async open() {
      // The first has a clock like any other.
      const clock = stores.length === 0 ? new SystemClock() : new ImpatientClock();
      const leases = new EtcdLeaseStore(etcd.url, { namespace: "outage", ttlSeconds: 1, clock });
      stores.push(leases);
      return { leases, cutOff: () => undefined, reconnect: () => undefined };
    },
    async kept() {
      const leaders = (await under("leaders")).map(
        ([name, value]) => [name, leadershipOf(name, { value, revision: 0 }).node] as const,
      );
      return {
        nodes: (await under("nodes")).map(([name]) => name),
        leaders: Object.fromEntries(leaders),
      };
    },
    stopServer: () => etcd.kill(),
    startServer: () => etcd.restart(),
    async wipe() {
      await etcd.kill();
      rmSync(data, { recursive: true });
      await etcd.restart();
    },
    async remember() {
      await etcd.stop();
      cpSync(data, backup, { recursive: true });
      await etcd.restart();
      return async () => {
        await etcd.kill();
        rmSync(data, { recursive: true });
        cpSync(backup, data, { recursive: true });
        await etcd.restart();
      };
    },
    async close() {
      for (const each of stores) await each.close();
      client.close();
      await etcd.stop();
      remove();
    },
  };
}

describeLostLeases("an etcd", openBench);

it("are watched again after the server was away for a while", async () => {
  const bench = await openBench();
  const [one, two] = [(await bench.open()).leases, (await bench.open()).leases];
  await one.join("node-1", "info of node-1");
  await two.join("node-2", "info of node-2");
  await bench.stopServer();
  await sleep(OUTAGE_MS);
  await bench.startServer();
  await vi.waitFor(async () => {
    expect((await bench.kept()).nodes.toSorted()).toEqual(["node-1", "node-2"]);
    for (const each of [one, two]) expect(each.nodes().size).toBe(2);
  }, PATIENCE);
  for (const actor of ["ledger.7", "ledger.8"]) {
    await vi.waitFor(async () => expect(await one.claim(actor)).not.toBeNull(), PATIENCE);
    await vi.waitFor(() => expect(two.leaders().get(actor)?.node).toBe("node-1"), PATIENCE);
  }
  await bench.close();
});
