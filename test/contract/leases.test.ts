import { Etcd3 } from "etcd3";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { EtcdLeaseStore } from "../../services/adapters/etcd/etcd-lease-store.js";
import { leaderValue, leadershipOf, LeaseView } from "../../services/adapters/etcd/lease-view.js";
import { SystemClock } from "../../services/common/clock.js";
import { startTestEtcd, type TestServer } from "../helpers/servers.js";
import type { LeasesBench } from "./leases-bench.js";
import { describeLeases } from "./leases-contract.js";
import { TcpProxy } from "../../chaos/stage/tcp-proxy.js";

let etcd: TestServer;
let benches = 0;

beforeAll(async () => {
  etcd = await startTestEtcd();
});

afterAll(() => etcd?.stop());

async function openBench(): Promise<LeasesBench> {
  benches += 1;
  const namespace = `test-${benches}`;
  const client = new Etcd3({ hosts: etcd.url });
  const closers: (() => Promise<unknown>)[] = [];
  const keysUnder = async (kind: string) => {
    const prefix = `/palisade/${namespace}/${kind}/`;
    const found = await client.getAll().prefix(prefix).sort("Key", "Ascend").strings();
    return Object.entries(found).map(([key, value]) => [key.slice(prefix.length), value] as const);
  };
  return {
    async open() {
      const wire = await TcpProxy.start(etcd.url);
      const leases = new EtcdLeaseStore(wire.url, {
        namespace,
        ttlSeconds: 1,
        clock: new SystemClock(),
      });
      closers.push(
        () => leases.close(),
        () => wire.stop(),
      );
      return { leases, cutOff: () => wire.freeze(), reconnect: () => wire.thaw() };
    },
    async kept() {
      const nodes = (await keysUnder("nodes")).map(([name]) => name);
      const leaders = (await keysUnder("leaders")).map(
        ([name, value]) => [name, leadershipOf(name, { value, revision: 0 }).node] as const,
      );
      return { nodes, leaders: Object.fromEntries(leaders) };
    },
    async forgetLeases() {
      const { kvs } = await client.getAll().prefix(`/palisade/${namespace}/nodes/`).exec();
      for (const { lease } of kvs) await client.leaseClient.leaseRevoke({ ID: lease });
    },
    stopServer: () => etcd.server.kill(),
    startServer: () => etcd.server.restart(),
    async close() {
      for (const close of closers) await close();
      client.close();
    },
  };
}

describeLeases("etcd", openBench);

it("are kept apart by namespaces", async () => {
  const [here, there] = [await openBench(), await openBench()];
  const [{ leases: one }, { leases: two }] = [await here.open(), await there.open()];
  await one.join("node-1", "");
  await two.join("node-1", "");
  expect((await one.claim("ledger.1"))?.node).toBe("node-1");
  expect((await two.claim("ledger.1"))?.node).toBe("node-1");
  await one.close();
  expect(await there.kept()).toEqual({ nodes: ["node-1"], leaders: { "ledger.1": "node-1" } });
  await here.close();
  await there.close();
});

describe("the view of leases", () => {
  const key = (name: string) => `/p/leaders/${name}`;
  const row = (name: string, node: string, revision: number) => ({
    key: key(name),
    value: leaderValue(node, null),
    lease: "7",
    revision,
  });
  const leadersOf = (view: LeaseView) =>
    [...view.leaders].map(([name, { node }]) => `${name}=${node}`).toSorted();

  it("takes what is told late of one key after something newer of another", () => {
    const view = new LeaseView("/p/");
    view.replace([row("a", "node-1", 1)], 2, 0);
    view.put(row("mine", "me", 5));
    view.remove(key("a"), 3);
    view.put(row("b", "node-2", 4));
    expect(leadersOf(view)).toEqual(["b=node-2", "mine=me"]);
  });

  it("takes nothing older of a key than it has", () => {
    const view = new LeaseView("/p/");
    view.put(row("a", "node-2", 5));
    view.put(row("a", "node-1", 4));
    view.remove(key("a"), 4);
    expect(leadersOf(view)).toEqual(["a=node-2"]);
    view.remove(key("a"), 6);
    view.put(row("a", "node-2", 5));
    expect(leadersOf(view)).toEqual([]);
  });

  it("keeps what it was told while a reading was on its way", () => {
    const view = new LeaseView("/p/");
    const asked = view.revision;
    view.put(row("new", "node-1", 8));
    view.remove(key("gone"), 9);
    view.replace([row("gone", "node-2", 3), row("old", "node-3", 4)], 7, asked);
    expect(leadersOf(view)).toEqual(["new=node-1", "old=node-3"]);
    view.replace([], 9, view.revision);
    expect(leadersOf(view)).toEqual([]);
  });

  it("believes a reading that is older than what it knew before it asked: etcd was restored", () => {
    const view = new LeaseView("/p/");
    view.put(row("a", "node-1", 90));
    view.replace([row("b", "node-2", 5)], 6, view.revision);
    expect(leadersOf(view)).toEqual(["b=node-2"]);
    view.put(row("c", "node-1", 7));
    view.replace([row("c", "node-1", 7)], 7, view.revision);
    expect(leadersOf(view)).toEqual(["c=node-1"]);
  });

  it("reads a leader's key whatever stands in it", () => {
    const leader = (value: string) => leadershipOf("a", { value, revision: 3 });
    const of = (node: string, handedAt: number | null) => ({
      actorName: "a",
      node,
      revision: 3,
      handedAt,
    });
    expect(leader(leaderValue("n1", 7))).toEqual(of("n1", 7));
    expect(leader(leaderValue("n1", null))).toEqual(of("n1", null));
    expect(leader('{"node":"n1","handedAt":"7"}')).toEqual(of("n1", null));
    for (const text of ["n1", "", "{", "7", "null", '{"node":1}']) {
      expect(leader(text)).toEqual(of(text, null));
    }
  });

  it("forgets a wish that was taken back, and a node's lease with the node", () => {
    const view = new LeaseView("/p/");
    view.put({ key: "/p/wishes/cordon/n1", value: "on", lease: "0", revision: 2 });
    view.put({ key: "/p/nodes/n1", value: "{}", lease: "8", revision: 3 });
    expect([...view.wishes]).toEqual([["cordon/n1", "on"]]);
    expect(view.leaseOf("n1")).toBe("8");
    view.remove("/p/wishes/cordon/n1", 4);
    view.remove("/p/nodes/n1", 5);
    expect(view.wishes.size).toBe(0);
    expect(view.leaseOf("n1")).toBeUndefined();
  });
});
