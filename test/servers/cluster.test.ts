import { Etcd3 } from "etcd3";
import { connect } from "nats";
import pg from "pg";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { isAlive } from "../../services/servers/process-identity.js";
import { startTestServers, type TestServers } from "../helpers/servers.js";

let servers: TestServers;

beforeAll(async () => {
  servers = await startTestServers();
});

afterAll(async () => {
  await servers.stop();
});

async function query(sql: string): Promise<Record<string, unknown>[]> {
  const client = new pg.Client({ connectionString: servers.urls.postgres });
  client.on("error", () => {});
  await client.connect();
  try {
    return (await client.query(sql)).rows as Record<string, unknown>[];
  } finally {
    await client.end();
  }
}

async function withEtcd<T>(use: (client: Etcd3) => Promise<T>): Promise<T> {
  const client = new Etcd3({ hosts: servers.urls.etcd });
  try {
    return await use(client);
  } finally {
    client.close();
  }
}

describe("the servers", () => {
  it("run with the settings of deploy/", async () => {
    const [row] = await query(
      "SELECT current_setting('fsync') fsync, current_setting('synchronous_commit') sync," +
        " current_setting('full_page_writes') pages, current_setting('jit') jit," +
        " current_setting('unix_socket_directories') sockets, current_setting('server_encoding') enc",
    );
    expect(row).toEqual({
      fsync: "on",
      sync: "on",
      pages: "on",
      jit: "off",
      sockets: "",
      enc: "UTF8",
    });
    const lease = await withEtcd((client) => client.leaseClient.leaseGrant({ TTL: 1 }));
    expect(lease.TTL).toBe("1");
    const nats = await connect({ servers: servers.urls.nats });
    expect(nats.info?.max_payload).toBe(8 * 1024 * 1024);
    await nats.close();
  });

  it("compress the pages of the log by the quickest way that they have", async () => {
    const [row] = await query(
      "SELECT setting, coalesce('lz4' = ANY(enumvals), false) has FROM pg_settings WHERE name = 'wal_compression'",
    );
    expect(row!["setting"]).toBe(row!["has"] ? "lz4" : "on");
  });

  it("keep their data and ports through SIGKILL and a restart", async () => {
    await query("CREATE TABLE kept (n int)");
    await query("INSERT INTO kept VALUES (7)");
    await withEtcd((client) => client.put("kept").value("seven").exec());
    const before = await connect({ servers: servers.urls.nats });
    const manager = await before.jetstreamManager();
    await manager.streams.add({ name: "kept", subjects: ["kept.*"] });
    await before.jetstream().publish("kept.a", "seven");
    await before.close();

    for (const server of [servers.nats, servers.etcd, servers.postgres]) {
      const pid = server.pid;
      await server.kill();
      expect(isAlive(pid)).toBe(false);
      await server.restart();
      expect(server.pid).not.toBe(pid);
    }

    expect(await query("SELECT n FROM kept")).toEqual([{ n: 7 }]);
    expect(await withEtcd((client) => client.get("kept").string())).toBe("seven");
    const after = await connect({ servers: servers.urls.nats });
    const stored = await (await after.jetstreamManager()).streams.getMessage("kept", { seq: 1 });
    expect(stored.string()).toBe("seven");
    await after.close();
  });

  it("stop and start again in order", async () => {
    await servers.postgres.stop();
    await expect(query("SELECT 1")).rejects.toThrow("ECONNREFUSED");
    await servers.postgres.restart();
    expect(await query("SELECT 1 AS one")).toEqual([{ one: 1 }]);
  });

  it("can be frozen and thawed", async () => {
    await servers.etcd.signal("SIGSTOP");
    const init = { signal: AbortSignal.timeout(300) };
    await expect(fetch(`${servers.urls.etcd}/health`, init)).rejects.toThrow();
    await servers.etcd.signal("SIGCONT");
    expect((await fetch(`${servers.urls.etcd}/health`)).status).toBe(200);
  });
});
