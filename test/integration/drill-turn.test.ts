import { Etcd3 } from "etcd3";
import { afterAll, beforeAll, expect, it } from "vitest";
import { Turn } from "../../chaos/against/turn.js";
import { TcpProxy } from "../../chaos/stage/tcp-proxy.js";
import { startTestEtcd, type TestServer } from "../helpers/servers.js";

let etcd: TestServer;

beforeAll(async () => {
  etcd = await startTestEtcd();
});
afterAll(() => etcd?.stop());

it("is one drill's at a time, and free again when that one has ended", async () => {
  const first = await Turn.take(etcd.url, "drain");
  await expect(Turn.take(etcd.url, "move-leader")).rejects.toMatchObject({
    code: "DRILL_RUNNING",
    message: expect.stringMatching(/^DRILL_RUNNING: drain \(process \d+ on .*Ctrl-C/),
  });
  const refusal = await Turn.refusal(etcd.url);
  expect(refusal?.message).toMatch(/^DRILL_RUNNING: drain \(process /);
  await first.leave();
  expect(await Turn.refusal(etcd.url)).toBeNull();
  await (await Turn.take(etcd.url, "move-leader")).leave();
});

it("is under a lease, so that it ends with a drill that was killed", async () => {
  const turn = await Turn.take(etcd.url, "drain");
  const client = new Etcd3({ hosts: etcd.url });
  const { kvs } = await client.getAll().exec();
  client.close();
  await turn.leave();
  expect(kvs).toHaveLength(1);
  expect(Number(kvs[0]!.lease)).toBeGreaterThan(0);
});

it("is told to a drill that has it no longer, as it stood still for too long, or etcd was wiped", async () => {
  const turn = await Turn.take(etcd.url, "drain");
  const client = new Etcd3({ hosts: etcd.url });
  expect(turn.signal.aborted).toBe(false);
  await client.delete().all();
  await expect.poll(() => turn.signal.reason, { timeout: 5_000 }).toContain("TURN_LOST");
  const next = await Turn.take(etcd.url, "cordon");
  await turn.leave();
  expect(next.signal.aborted).toBe(false);
  await next.leave();
  client.close();
});

it("keeps nobody waiting for an etcd that is silent, neither for its beginning nor for its end", async () => {
  const proxy = await TcpProxy.start(etcd.url);
  try {
    const turn = await Turn.take(proxy.url, "drain");
    proxy.freeze();
    await turn.leave();
    const silence = {
      code: "ETCD_UNAVAILABLE",
      message: expect.stringContaining("did not answer in"),
    };
    await expect(Turn.take(proxy.url, "drain")).rejects.toMatchObject(silence);
    await expect(Turn.refusal(proxy.url)).rejects.toMatchObject(silence);
  } finally {
    await proxy.stop();
  }
});
