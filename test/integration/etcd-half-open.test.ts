import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { TcpProxy } from "../../chaos/stage/tcp-proxy.js";
import { EtcdLeaseStore } from "../../services/adapters/etcd/etcd-lease-store.js";
import { SystemClock } from "../../services/common/clock.js";
import type { ServerHandle } from "../../services/servers/child-server.js";
import { startServer } from "../../services/servers/cluster.js";
import { ensureServers } from "../../services/servers/install.js";
import { temporaryFolder } from "../helpers/servers.js";

/** Longer than the lease. */
const SILENT_MS = 2_500;
/** A ping follows after six seconds at the latest, and waits for two; the rest is for a machine that is busy. */
const BACK = { timeout: 20_000, interval: 20 };

describe("a connection to etcd whose other end has gone without a word", () => {
  let etcd: ServerHandle;
  let wire: TcpProxy;
  let remove: () => void;
  let node: EtcdLeaseStore;
  let other: EtcdLeaseStore;

  beforeAll(async () => {
    const temporary = temporaryFolder();
    remove = temporary.remove;
    const log = () => undefined;
    etcd = await startServer(await ensureServers({ log }), "etcd", {
      folder: temporary.folder,
      log,
    });
    wire = await TcpProxy.start(etcd.url);
    const options = { namespace: "half-open", ttlSeconds: 1, clock: new SystemClock() };
    node = new EtcdLeaseStore(wire.url, options);
    other = new EtcdLeaseStore(etcd.url, options);
    await node.join("node-1", "info");
    await other.join("node-2", "info");
  });

  afterAll(async () => {
    await node.close();
    await other.close();
    await wire.stop();
    await etcd.stop();
    remove();
  });

  it("costs the lease while it lasts, and is replaced by itself when new ones are answered again", async () => {
    const lost: string[] = [];
    node.onLost((reason) => lost.push(reason));
    await vi.waitFor(() => expect([...other.nodes().keys()]).toEqual(["node-1", "node-2"]));
    wire.halfOpen();
    wire.freeze();
    await sleep(SILENT_MS);
    await vi.waitFor(() => expect([...other.nodes().keys()]).toEqual(["node-2"]), BACK);
    expect(lost).toEqual(["no keepalive was answered in time"]);
    wire.thaw();
    await vi.waitFor(
      () => expect([...other.nodes().keys()].sort()).toEqual(["node-1", "node-2"]),
      BACK,
    );
    // What others write reaches it, too.
    await other.wish("cordon/node-2", "yes");
    await vi.waitFor(() => expect([...node.wishes().values()]).toEqual(["yes"]), BACK);
  });
});
