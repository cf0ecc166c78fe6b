/** A node on real servers of which one stands still or is gone: it says which, and of no other. */
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { registry } from "../../services/common/metrics.js";
import { MetricsObserver } from "../../services/node/observer.js";
import { type RunningNode, TestCluster } from "../helpers/cluster.js";

const PATIENCE = { timeout: 20_000, interval: 50 };
const SERVERS = ["nats", "etcd", "postgres"] as const;

type Server = (typeof SERVERS)[number];

let cluster: TestCluster;
let running: RunningNode;

beforeAll(async () => {
  cluster = await TestCluster.start(1);
  running = await cluster.startNode("node-1");
});

afterAll(async () => {
  await running.stop();
  await cluster.stop();
});

/** The servers that are away, as Prometheus is told. */
async function away(): Promise<unknown[]> {
  new MetricsObserver().measure(running.node);
  const { values } = await registry.getSingleMetric("exchange_server_away")!.get();
  expect(values.map(({ labels }) => labels["server"])).toEqual(SERVERS);
  return values.filter(({ value }) => value === 1).map(({ labels }) => labels["server"]);
}

async function untilAway(servers: readonly Server[]): Promise<void> {
  await vi.waitFor(async () => expect(await away()).toEqual(servers), PATIENCE);
}

describe.each(SERVERS)("%s", (server) => {
  it("is away while it answers nothing, and while it is gone, and not when it is back", async () => {
    const { [server]: handle } = cluster.servers;
    await untilAway([]);
    await handle.signal("SIGSTOP");
    await untilAway([server]);
    // A node leads on without etcd, and does nothing without the others.
    expect(running.node.notReady().length).toBe(server === "etcd" ? 0 : 1);
    await handle.signal("SIGCONT");
    await untilAway([]);
    await handle.kill();
    await untilAway([server]);
    await handle.restart();
    await untilAway([]);
  });
});
