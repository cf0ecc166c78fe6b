/** Processes of the exchange that are started before the servers that they need, or with servers that they cannot use. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { genesis } from "../../services/migrate/genesis.js";
import { migrate } from "../../services/migrate/migrate.js";
import { freePort } from "../../services/servers/ports.js";
import { PROJECT_ROOT } from "../../services/servers/project-root.js";
import { ExchangeProcess, type ProcessKind } from "../../services/supervisor/child.js";
import { startTestServers, temporaryFolder, type TestServers } from "../helpers/servers.js";

const KINDS: readonly ProcessKind[] = ["node", "gateway", "feed"];
const PATIENCE = { timeout: 30_000, interval: 50 };
const WAITS = "no answer yet; it is asked again";

let servers: TestServers;
const { folder, remove } = temporaryFolder();

beforeAll(async () => {
  servers = await startTestServers();
  await migrate(servers.urls.postgres);
  await genesis(servers.urls.postgres, { ledgerShards: 1 });
});

afterAll(async () => {
  await servers.stop();
  remove();
});

function environment(postgresUrl = servers.urls.postgres): Record<string, string> {
  return {
    PALISADE_POSTGRES_URL: postgresUrl,
    PALISADE_NATS_URL: servers.urls.nats,
    PALISADE_ETCD_URL: servers.urls.etcd,
  };
}

/** The lines of a log that say something, each as it is. */
function linesSaying(logFile: string, message: string): Record<string, unknown>[] {
  const lines = readFileSync(logFile, "utf8").split("\n").filter(Boolean);
  const parsed = lines.map((line) => JSON.parse(line) as Record<string, unknown>);
  return parsed.filter(({ msg }) => msg === message);
}

it("wait, say for which server, and are ready when it answers", async () => {
  const { postgres, nats } = servers;
  await Promise.all([postgres.kill(), nats.kill()]);
  const logFiles = KINDS.map((kind) => join(folder, `${kind}.log`));
  const starts = KINDS.map((kind, at) => {
    const env = { ...environment(), PALISADE_NODE: `${kind}-1` };
    return ExchangeProcess.start({ name: kind, kind, logFile: logFiles[at]!, env });
  });
  const untilAllSay = async (server: string, message: string) => {
    await vi.waitFor(() => {
      for (const logFile of logFiles) {
        const said = linesSaying(logFile, message).map((line) => line["server"]);
        expect(said).toContain(server);
      }
    }, PATIENCE);
  };
  await untilAllSay("PostgreSQL", WAITS);
  await postgres.restart();
  await untilAllSay("PostgreSQL", "the server answers");
  await untilAllSay("NATS", WAITS);
  await nats.restart();
  const started = await Promise.all(starts);
  await untilAllSay("NATS", "the server answers");
  await Promise.all(started.map((each) => each.stop()));
});

describe.each(KINDS)("a %s", (kind) => {
  it("ends with one line when a server answers and cannot be used", async () => {
    const url = new URL(servers.urls.postgres);
    url.pathname = "/nowhere";
    const logFile = join(folder, `${kind}-nowhere.log`);
    const env = { ...environment(url.href), PALISADE_NODE: `${kind}-2` };
    await expect(ExchangeProcess.start({ name: kind, kind, logFile, env })).rejects.toThrow(
      /ended with code 1/,
    );
    const said = linesSaying(logFile, "the server answers, and cannot be used");
    expect(said).toMatchObject([
      {
        level: "fatal",
        server: "PostgreSQL",
        PALISADE_POSTGRES_URL: url.href,
        error: expect.stringContaining('"nowhere" does not exist'),
      },
    ]);
    expect(readFileSync(logFile, "utf8").trimEnd().split("\n")).toHaveLength(1);
  });
});

it("do not wait for longer than their supervisor lives", async () => {
  const nobody = `postgres://palisade:secret@127.0.0.1:${await freePort()}/palisade`;
  const program = join(PROJECT_ROOT, "dist", "services", "node", "main.js");
  const child = spawn(process.execPath, [program], {
    env: { ...process.env, ...environment(nobody), PALISADE_WATCH_PARENT: "1" },
    stdio: ["pipe", "ignore", "pipe"],
  });
  let said = "";
  child.stderr.on("data", (text: Buffer) => (said += text.toString()));
  await vi.waitFor(() => expect(said).toContain(WAITS), PATIENCE);
  expect(said).toContain("palisade:***@127.0.0.1");
  expect(said).not.toContain("secret");
  child.stdin.end();
  expect(await once(child, "exit")).toEqual([0, null]);
});
