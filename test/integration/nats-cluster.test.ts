/** Three clustered NATS servers: an inbox whose server is gone for good is given up, and the next is made elsewhere (R5). */
import type { NatsConnection } from "nats";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { marketName } from "../../actors/kernel/ids.js";
import { connectNats, NatsBus, NatsLog } from "../../services/adapters/nats/index.js";
import { SystemClock } from "../../services/common/clock.js";
import { bytesOf, PATIENCE, publishAll, Reader, reasonOf } from "../contract/log-reader.js";
import { type RunningNode, TestCluster } from "../helpers/cluster.js";
import { type NatsCluster, startNatsCluster } from "../../chaos/stage/nats-cluster.js";
import { Traffic } from "../helpers/nats-traffic.js";
import { startTestServers } from "../helpers/servers.js";

const NAME = "market.A";
const ANCHOR = 1;
const SHARDS = 2;
const SYMBOL = "2330.TW";
/** While a new leader of the cluster is chosen, nobody makes streams. */
const ELECTION = { timeout: 30_000, interval: 50 };

describe("three clustered NATS servers", { timeout: 120_000 }, () => {
  let cluster: NatsCluster;
  const connections: NatsConnection[] = [];

  beforeEach(async () => {
    cluster = await startNatsCluster();
  });

  afterEach(async () => {
    for (const connection of connections.splice(0)) await connection.close();
    await cluster?.stop();
  });

  /** Connected to this server, and to another when it ends. */
  async function connectTo(server: string): Promise<NatsConnection> {
    const first = cluster.servers.get(server)!.url;
    const connection = await connectNats(first, "node-1");
    connections.push(connection);
    expect(connection.info?.server_name).toBe(server);
    return connection;
  }

  async function open(server: string): Promise<NatsLog> {
    return NatsLog.open(await connectTo(server), new SystemClock());
  }

  it("keeps an inbox where its leader is connected", async () => {
    for (const server of cluster.servers.keys()) {
      const log = await open(server);
      await log.create(NAME, ANCHOR);
      expect(await cluster.keeperOf(NAME, ANCHOR)).toBe(server);
    }
  });

  it("gives an inbox up whose server is gone, and makes the next one on a server that is there", async () => {
    const keeper = await open("nats-2");
    const log = await open("nats-1");
    await keeper.create(NAME, ANCHOR);
    const reader = await Reader.start(log, NAME);
    await publishAll(log, NAME, ["a", "b"]);
    await reader.until(2);

    await cluster.servers.get("nats-2")!.kill();
    await reader.untilLost();
    expect(reader.lost.map(({ name }) => name)).toEqual(["StreamIdentityError"]);

    await vi.waitFor(() => log.create(NAME, ANCHOR + 1), ELECTION);
    await log.publish(NAME, ANCHOR + 1, bytesOf("c"));
    expect(await cluster.keeperOf(NAME, ANCHOR + 1)).not.toBe("nats-2");
    expect(await log.identify(NAME, ANCHOR + 1)).toMatchObject({ lastSequence: 1 });
  });

  it("gives an inbox up at once that was out of reach before anybody read it", async () => {
    const keeper = await open("nats-2");
    const log = await open("nats-1");
    const { created } = await keeper.create(NAME, ANCHOR);
    await cluster.servers.get("nats-2")!.kill();
    // The leader of the cluster may have been the one that was killed.
    await vi.waitFor(async () => {
      const consuming = log.consume(NAME, ANCHOR, 1, {
        deliver: () => undefined,
        verify: async () => {
          expect((await log.identify(NAME, ANCHOR))?.created).toBe(created);
        },
        onLost: () => undefined,
      });
      await expect(consuming).rejects.toMatchObject({ name: "StreamIdentityError" });
    }, ELECTION);
  });

  it("reads on when the inbox's server comes back, or has given it up, and never stands still", async () => {
    const keeper = await open("nats-2");
    const log = await open("nats-1");
    await keeper.create(NAME, ANCHOR);
    const reader = await Reader.start(log, NAME);
    await publishAll(log, NAME, ["a"]);
    await reader.until(1);
    await cluster.servers.get("nats-2")!.kill();
    await cluster.servers.get("nats-2")!.restart();
    await publishAll(log, NAME, ["b"]);
    await vi.waitFor(() => {
      const isOver = reader.lost[0]?.name === "StreamIdentityError";
      expect(isOver || reader.texts.at(-1) === "b").toBe(true);
    }, PATIENCE);
  });

  it("does not wait for ever for an inbox whose server is gone", async () => {
    const keeper = await open("nats-3");
    const log = await open("nats-1");
    await keeper.create(NAME, ANCHOR);
    await cluster.servers.get("nats-3")!.kill();
    await expect(log.identify(NAME, ANCHOR)).rejects.toThrow();
    await expect(log.read(NAME, ANCHOR, 1)).rejects.toThrow();
    expect(await reasonOf(log.publish(NAME, ANCHOR, bytesOf("a")))).toBe("no-stream");
  });

  it("lets a process go on by another server when its own is gone", async () => {
    const connection = await connectTo("nats-1");
    const log = await NatsLog.open(connection, new SystemClock());
    const bus = new NatsBus(connection);
    await log.create(NAME, ANCHOR);
    const reader = await Reader.start(log, NAME);
    await publishAll(log, NAME, ["a"]);
    await reader.until(1);
    await cluster.servers.get("nats-1")!.kill();

    await vi.waitFor(() => bus.roundTrip(), PATIENCE);
    await reader.untilLost();
    await vi.waitFor(() => log.create(NAME, ANCHOR + 1), ELECTION);
    expect(await cluster.keeperOf(NAME, ANCHOR + 1)).toBe(connection.info?.server_name);
  });
});

describe("an exchange on three clustered NATS servers", { timeout: 120_000 }, () => {
  let nats: NatsCluster;
  let cluster: TestCluster;
  const nodes: RunningNode[] = [];

  beforeEach(async () => {
    nats = await startNatsCluster();
    const servers = await startTestServers();
    const stop = async (): Promise<void> => {
      await servers.stop();
      await nats.stop();
    };
    const urls = { ...servers.urls, nats: nats.urls };
    cluster = await TestCluster.start(SHARDS, { ...servers, urls, stop });
    for (const name of ["node-1", "node-2"]) nodes.push(await cluster.startNode(name));
  });

  afterEach(async () => {
    for (const node of nodes.splice(0)) await node.stop();
    await cluster?.stop();
  });

  it("goes on when a server with inboxes is gone for good: nothing is lost, nothing happens twice", async () => {
    const traffic = await Traffic.start(cluster, await cluster.list(SYMBOL));
    const market = marketName(SYMBOL);
    const before = await cluster.anchorOf(market);
    const keeper = await nats.keeperOf(market, before);
    await nats.servers.get(keeper)!.kill();
    await cluster.until(
      `SELECT anchor > ${before} FROM actors WHERE name = '${market}'`,
      true,
      30_000,
    );
    await traffic.untilItTrades();
    expect(await nats.keeperOf(market, await cluster.anchorOf(market))).not.toBe(keeper);
    await traffic.settle();
  });
});
