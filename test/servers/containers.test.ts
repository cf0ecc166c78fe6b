import { networkInterfaces } from "node:os";
import { join } from "node:path";
import { createConnection } from "node:net";
import { connect } from "nats";
import pg from "pg";
import { afterAll, describe, expect, it } from "vitest";
import { startServers } from "../../services/servers/cluster.js";
import {
  dockerClient,
  type Images,
  removeContainerData,
} from "../../services/servers/containers.js";
import { SERVER_KINDS } from "../../services/servers/data-dir.js";
import { ensureServers } from "../../services/servers/install.js";
import { isDebianLayout, makeImages, removeImages } from "../helpers/images.js";
import { temporaryFolder } from "../helpers/servers.js";

// The reaper is an image of its own, which would have to be pulled.
process.env["TESTCONTAINERS_RYUK_DISABLED"] = "true";

const SETTINGS = ["PALISADE_NATS_IMAGE", "PALISADE_ETCD_IMAGE", "PALISADE_POSTGRES_IMAGE"];
const client = await dockerClient();
const provision = await ensureServers({ log: () => {}, way: "auto" });
const canMakeImages = provision.way === "local" && isDebianLayout(provision.binaries.postgres);
const isConfigured = SETTINGS.every((name) => process.env[name] !== undefined);
const reason =
  client === undefined
    ? "no Docker engine answers"
    : isConfigured || canMakeImages
      ? ""
      : `${SETTINGS.join(", ")} are not set, and no image can be made of this machine's servers`;

if (reason !== "") console.warn(`servers in containers are not tested: ${reason}`);

async function canConnect(host: string, port: number): Promise<boolean> {
  return new Promise((done) => {
    const socket = createConnection({ host, port });
    socket.once("connect", () => done(true)).once("error", () => done(false));
    socket.once("connect", () => socket.destroy());
  });
}

function outsideAddress(): string | undefined {
  const addresses = Object.values(networkInterfaces()).flatMap((list) => list ?? []);
  return addresses.find((each) => each.family === "IPv4" && !each.internal)?.address;
}

describe("servers in containers", () => {
  const { folder, remove } = temporaryFolder();
  let made: Images | undefined;

  afterAll(async () => {
    remove();
    if (client === undefined) return;
    for (const kind of SERVER_KINDS) await removeContainerData(kind, join(folder, kind));
    if (made !== undefined) await removeImages(client, made);
  });

  it.skipIf(reason !== "")(
    "keep data and ports through kill, restart and a new start",
    async () => {
      if (client === undefined || provision.way !== "local") return;
      if (!isConfigured) {
        made = await makeImages(client, provision.binaries);
        process.env["PALISADE_NATS_IMAGE"] = made.nats;
        process.env["PALISADE_ETCD_IMAGE"] = made.etcd;
        process.env["PALISADE_POSTGRES_IMAGE"] = made.postgres;
      }
      process.env["PALISADE_SERVERS"] = "docker";
      const first = await startServers({ dataDir: folder, log: () => {} });
      const query = async (sql: string) => {
        const connection = new pg.Client({ connectionString: first.urls.postgres });
        await connection.connect();
        try {
          return (await connection.query(sql)).rows as unknown[];
        } finally {
          await connection.end();
        }
      };
      await query("CREATE TABLE kept AS SELECT 7 AS n");
      const nats = await connect({ servers: first.urls.nats });
      await (await nats.jetstreamManager()).streams.add({ name: "kept", subjects: ["kept"] });
      await nats.jetstream().publish("kept", "seven");
      await nats.close();
      for (const kind of SERVER_KINDS) {
        const pid = first[kind].pid;
        await first[kind].kill();
        await first[kind].restart();
        expect(first[kind].pid).not.toBe(pid);
      }
      expect(await query("SELECT n, current_setting('jit') jit FROM kept")).toEqual([
        { n: 7, jit: "off" },
      ]);

      await first.etcd.signal("SIGSTOP");
      const init = { signal: AbortSignal.timeout(300) };
      await expect(fetch(`${first.urls.etcd}/health`, init)).rejects.toThrow();
      await first.etcd.signal("SIGCONT");
      expect((await fetch(`${first.urls.etcd}/health`)).status).toBe(200);

      const address = outsideAddress();
      if (address !== undefined) expect(await canConnect(address, first.postgres.port)).toBe(false);

      await first.stopAll();
      const second = await startServers({ dataDir: folder, log: () => {} });
      expect(second.urls).toEqual(first.urls);
      expect(await query("SELECT n FROM kept")).toEqual([{ n: 7 }]);
      await second.stopAll();

      const third = await startServers({ dataDir: folder, fresh: true, log: () => {} });
      await expect(query("SELECT n FROM kept")).rejects.toThrow('relation "kept" does not exist');
      await third.stopAll();
    },
  );
});
