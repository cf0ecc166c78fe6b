import { once } from "node:events";
import { type AddressInfo, createServer, type Socket } from "node:net";
import { afterAll, beforeAll, expect, it } from "vitest";
import { cordonKey, ON } from "../../actors/placement/wishes.js";
import { TcpProxy } from "../../chaos/stage/tcp-proxy.js";
import { Cluster } from "../../services/cli/cluster.js";
import { startTestEtcd, type TestServer } from "../helpers/servers.js";

/** Less than what a command waits for etcd, so that a timer that is early by a little does not matter. */
const WAITED_MS = 4_900;

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

/** What a look at an exchange ends with whose etcd has this port, and after how long. */
async function lookAt(port: number): Promise<{ error: unknown; ms: number }> {
  const url = `http://127.0.0.1:${port}`;
  const urls = { etcd: url, postgres: "postgres://127.0.0.1:1/none" };
  const cluster = new Cluster({ urls, processes: [] });
  const beganMs = performance.now();
  try {
    const error = await cluster.look().catch((reason: unknown) => reason);
    return { error, ms: performance.now() - beganMs };
  } finally {
    await cluster.close();
  }
}

it("an operator is told that nobody listens where etcd should be", async () => {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  const { error } = await lookAt(port);
  expect(error).toMatchObject({ code: "ETCD_UNAVAILABLE" });
  expect(String(error)).toContain(`etcd does not answer at http://127.0.0.1:${port} (`);
  expect(String(error)).toContain("ECONNREFUSED");
});

it("an operator waits five seconds for who takes the connection and says nothing, and is told so", async () => {
  const sockets: Socket[] = [];
  const server = createServer((socket) => sockets.push(socket)).listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  try {
    const { error, ms } = await lookAt(port);
    expect(sockets.length).toBeGreaterThan(0);
    expect(error).toMatchObject({ code: "ETCD_UNAVAILABLE" });
    expect(String(error)).toContain("(etcd did not answer in 5000 ms)");
    expect(ms).toBeGreaterThan(WAITED_MS);
  } finally {
    for (const socket of sockets) socket.destroy();
    server.close();
  }
});
