/** The log loses what it held, under trading: nothing accepted is lost, nothing happens twice, and it goes on by itself (R5). */
import { connect, type NatsConnection } from "nats";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { encodeFrame, stampToken } from "../../actors/kernel/frame.js";
import { ledgerName, marketName } from "../../actors/kernel/ids.js";
import { streamName, subjectName } from "../../services/adapters/nats/names.js";
import { type RunningNode, TestCluster } from "../helpers/cluster.js";
import { rememberNats, rollBackNats, wipeNats } from "../helpers/nats-store.js";
import { Traffic } from "../helpers/nats-traffic.js";

const SHARDS = 2;
const SYMBOL = "2330.TW";
const MARKET = marketName(SYMBOL);
/** More messages than were ever read. */
const FILLING = 5_000;
const ACTORS = [MARKET, ledgerName(1), ledgerName(2)];

describe("an exchange whose log loses what it held", { timeout: 120_000 }, () => {
  let cluster: TestCluster;
  let traffic: Traffic;
  let operator: NatsConnection;
  const nodes: RunningNode[] = [];

  beforeEach(async () => {
    cluster = await TestCluster.start(SHARDS);
    for (const name of ["node-1", "node-2"]) nodes.push(await cluster.startNode(name));
    traffic = await Traffic.start(cluster, await cluster.list(SYMBOL));
    operator = await connect({ servers: cluster.servers.urls.nats, maxReconnectAttempts: -1 });
  });

  afterEach(async () => {
    await operator?.close();
    for (const node of nodes.splice(0)) await node.stop();
    await cluster?.stop();
  });

  async function anchors(): Promise<number[]> {
    return Promise.all(ACTORS.map((name) => cluster.anchorOf(name)));
  }

  it("goes on when an inbox is deleted under its reader", async () => {
    const { streams } = await operator.jetstreamManager();
    for (const [at, name] of ACTORS.entries()) {
      const before = await anchors();
      await streams.delete(streamName(name, before[at]!));
      await cluster.until(`SELECT anchor FROM actors WHERE name = '${name}'`, before[at]! + 1);
      await traffic.untilItTrades();
    }
    await traffic.settle();
  });

  it("goes on when NATS comes back with an empty disk", async () => {
    await wipeNats(cluster.servers.nats);
    await traffic.untilItTrades();
    expect(await anchors()).toEqual([2, 2, 2]);
    await traffic.settle();
  });

  it("goes on when NATS comes back with an older disk, copied while it ran", async () => {
    await rememberNats(cluster.servers.nats);
    await traffic.untilItTrades();
    await rollBackNats(cluster.servers.nats);
    await traffic.untilItTrades();
    expect(await anchors()).toEqual([2, 2, 2]);
    await traffic.settle();
  });

  it("goes on when it loses its disk again and again", async () => {
    for (let n = 0; n < 3; n++) {
      await wipeNats(cluster.servers.nats);
      await traffic.untilItTrades();
    }
    expect(await anchors()).toEqual([4, 4, 4]);
    await traffic.settle();
  });

  it("reads nothing of a stream that somebody else has made in its place and filled", async () => {
    const { streams } = await operator.jetstreamManager();
    const before = await anchors();
    const fill = async (name: string, anchor: number): Promise<void> => {
      const subject = subjectName(name, anchor);
      await streams.add({ name: streamName(name, anchor), subjects: [subject] });
      for (let n = 0; n < FILLING; n++) operator.publish(subject, n % 2 ? garbage() : foreign());
      await operator.flush();
    };
    for (const [at, name] of ACTORS.entries()) await fill(name, before[at]! + 1);
    for (const [at, name] of ACTORS.entries()) {
      await streams.delete(streamName(name, before[at]!));
      await fill(name, before[at]!);
    }
    for (const [at, name] of ACTORS.entries()) {
      await cluster.until(`SELECT anchor FROM actors WHERE name = '${name}'`, before[at]! + 1);
    }
    await traffic.untilItTrades();
    await traffic.settle();
  });
});

function garbage(): Uint8Array {
  return Uint8Array.from({ length: 64 }, (_, at) => (at * 37) % 256);
}

/** A frame as it should be, of a source that nobody knows. */
function foreign(): Uint8Array {
  const frame = encodeFrame(-77, 1, [new Uint8Array([1, 2, 3])]);
  stampToken(frame, 1);
  return frame;
}
