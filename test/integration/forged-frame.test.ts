/**
 * A frame under the name of an actor that is known, with a number that is due, and commands that are none: its receiver
 * cannot pass it over, for it cannot know what the commands were. It stops, alone, and says so; the way out is to delete
 * its inbox and to start the nodes again, and what was really sent is sent again (R4, R5).
 */
import { connect, type NatsConnection } from "nats";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { encodeFrame, stampToken } from "../../actors/kernel/frame.js";
import { ledgerName, marketName } from "../../actors/kernel/ids.js";
import { streamName, subjectName } from "../../services/adapters/nats/names.js";
import { type RunningNode, TestCluster } from "../helpers/cluster.js";
import { Traffic } from "../helpers/nats-traffic.js";
import { until } from "./feed-clients.js";

const SHARDS = 2;
const SYMBOL = "2330.TW";
const OTHER_SYMBOL = "2317.TW";
const MARKET = marketName(SYMBOL);
const NODES = ["node-1", "node-2"];
/** More frames than the shard sends meanwhile: one of them has the number that is due. */
const FORGERIES = 2_000;

describe("an actor that reads what it cannot understand", { timeout: 120_000 }, () => {
  let cluster: TestCluster;
  let operator: NatsConnection;
  const nodes: RunningNode[] = [];

  beforeEach(async () => {
    cluster = await TestCluster.start(SHARDS);
    for (const name of NODES) nodes.push(await cluster.startNode(name));
    operator = await connect({ servers: cluster.servers.urls.nats });
  });

  afterEach(async () => {
    await operator?.close();
    for (const node of nodes.splice(0)) await node.stop();
    await cluster?.stop();
  });

  it("stops alone, and goes on when its inbox is deleted: nothing is lost, nothing happens twice", async () => {
    const traffic = await Traffic.start(cluster, await cluster.list(SYMBOL));
    const anchor = await cluster.anchorOf(MARKET);
    const [link] = await cluster.rows<{ token: string; received: string; peer: number }>(
      `SELECT links.token, received, peer FROM links JOIN actors USING (actor)
       WHERE name = '${MARKET}' AND peer = (SELECT actor FROM actors WHERE name = '${ledgerName(1)}')`,
    );
    for (let n = 1; n <= FORGERIES; n++) {
      const first = Number(link!.received) + n;
      const frame = encodeFrame(link!.peer, first, [Uint8Array.of(250, 250, 250)]);
      stampToken(frame, Number(link!.token));
      operator.publish(subjectName(MARKET, anchor), frame);
    }
    await operator.flush();

    await until("the market is stopped on both nodes", () =>
      nodes.every(({ node }) => MARKET in node.stopped()),
    );
    for (const { node } of nodes) {
      expect(node.stopped()).toEqual({ [MARKET]: expect.stringContaining("MalformedError") });
      expect(node.notReady()).toEqual([`${MARKET} is stopped`]);
    }
    // Everybody else works: a new market is listed by both shards.
    await cluster.list(OTHER_SYMBOL);

    const { streams } = await operator.jetstreamManager();
    await streams.delete(streamName(MARKET, anchor));
    for (const node of nodes.splice(0)) await node.stop();
    for (const name of NODES) nodes.push(await cluster.startNode(name));
    await traffic.untilItTrades();
    expect(await cluster.anchorOf(MARKET)).toBe(anchor + 1);
    await traffic.settle();
  });
});
