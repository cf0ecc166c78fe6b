import { afterAll, beforeAll, expect, it } from "vitest";
import { cordonKey, ON } from "../../actors/placement/wishes.js";
import { TcpProxy } from "../../chaos/stage/tcp-proxy.js";
import { Cluster } from "../../services/cli/cluster.js";
import { startTestEtcd, type TestServer } from "../helpers/servers.js";

let etcd: TestServer;

beforeAll(async () => {
  etcd = await startTestEtcd();
});
afterAll(() => etcd?.stop());

it("an operator whose etcd falls silent is told that a wish may have been taken, and of a look no such thing", async () => {
  const proxy = await TcpProxy.start(etcd.url);
  const urls = { etcd: proxy.url, postgres: "postgres://127.0.0.1:1/none" };
  const cluster = new Cluster({ urls, processes: [] });
  try {
    await cluster.wish(cordonKey("node-1"), ON);
    proxy.freeze();
    await expect(cluster.wish(cordonKey("node-2"), ON)).rejects.toMatchObject({
      code: "ETCD_UNAVAILABLE",
      message: expect.stringMatching(/may have been taken: npx palisade cluster says/),
    });
    await expect(cluster.look()).rejects.toMatchObject({
      code: "ETCD_UNAVAILABLE",
      message: expect.not.stringContaining("may have been taken"),
    });
  } finally {
    await cluster.close();
    await proxy.stop();
  }
});
