/** An operator of an exchange that does not run on the data directory here: the variables say where it is, as its nodes have them. */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import pg from "pg";
import { afterAll, beforeAll, expect, it } from "vitest";
import { EXIT_REFUSED } from "../../services/cli/exit-codes.js";
import { genesis } from "../../services/migrate/genesis.js";
import { migrate } from "../../services/migrate/migrate.js";
import { freePort } from "../../services/servers/ports.js";
import { temporaryFolder } from "../helpers/servers.js";
import type { ClusterSaid } from "./said.js";
import { eventually, stopAll, Terminal } from "./start-cli.js";

const ACCOUNT = "900";
const SYMBOL = "AAPL";
const ACTOR = "ledger.1";
const VARIABLES = "with PALISADE_ETCD_URL and PALISADE_POSTGRES_URL set as its nodes have them";

const { folder, remove } = temporaryFolder();
const there = new Terminal(join(folder, "there"), {
  PALISADE_NODES: "2",
  PALISADE_LEDGER_SHARDS: "1",
  PALISADE_FLOW_ORDERS_PER_SECOND: "10",
});
const nothing = join(folder, "nothing");
let here: Terminal;
let gateway: string[];
const everStarted: { pid: number; identity: string }[] = [];

beforeAll(async () => {
  for (const each of [there.dataDir, nothing]) mkdirSync(each, { mode: 0o711 });
  await there.start();
  const run = there.runFile();
  everStarted.push(...there.alive(), run);
  here = new Terminal(nothing, {
    PALISADE_ETCD_URL: run.urls.etcd,
    PALISADE_POSTGRES_URL: run.urls.postgres,
  });
  gateway = ["--gateway", run.grpc];
  await eventually("every actor to have a standby", async () => {
    const { actors } = await there.json<ClusterSaid>("cluster");
    return actors.every(({ node, standby }) => standby && standby.node !== node) || undefined;
  });
});

afterAll(async () => {
  await stopAll(everStarted);
  remove();
});

const clusterNow = () => here.json<ClusterSaid>("cluster");

it("sees what etcd and Postgres say, and is told what the nodes were not asked for", async () => {
  const [seen, known] = [await clusterNow(), await there.json<ClusterSaid>("cluster")];
  expect(known.silent).toEqual([]);
  expect(seen.silent).toEqual(["node-1", "node-2"]);
  const placed = ({ nodes, actors }: ClusterSaid) => ({
    nodes: nodes.map(({ node, alive }) => ({ node, alive })),
    actors: actors.map(({ actor, node, token }) => ({ actor, node, token })),
  });
  expect(placed(seen)).toEqual(placed(known));
  expect(seen.actors.map(({ standby }) => standby)).toEqual(seen.actors.map(() => null));
  expect(seen.lastMoves.length).toBeGreaterThan(0);
  const { stdout } = await here.run("cluster");
  expect(stdout).toMatch(new RegExp(`^${ACTOR} +node-\\d +\\d+ +\\? +\\? *$`, "m"));
  expect(stdout).toContain("The nodes run elsewhere and were not asked: what waits there, who");
  expect((await there.run("cluster")).stdout).not.toContain("were not asked");
  expect((await here.run("leaders")).stdout).toMatch(/^ledger\.1 +node-\d +\d+$/m);
  expect(await here.json("book", SYMBOL)).toMatchObject({ symbol: SYMBOL, isAsCommitted: true });
});

it("closes a node and opens it again, and moves an actor there and back", async () => {
  const isCordoned = async (terminal: Terminal) =>
    (await terminal.json<ClusterSaid>("cluster")).nodes.map(({ cordoned }) => cordoned);
  await here.json("cordon", "node-1");
  expect(await isCordoned(there)).toEqual([true, false]);
  expect(await isCordoned(here)).toEqual([true, false]);
  await here.json("uncordon", "node-1");
  expect(await isCordoned(there)).toEqual([false, false]);
  for (const node of ["node-1", "node-2"]) {
    expect(await here.json("move", ACTOR, node)).toMatchObject({ actor: ACTOR, node });
    expect(await clusterNow()).toMatchObject({ moves: { [ACTOR]: node } });
  }
  await here.json("unmove", ACTOR);
  expect(await clusterNow()).toMatchObject({ moves: {} });
  expect(await here.refused("move", ACTOR, "node-3")).toContain("UNKNOWN_NODE");
});

it("names a gateway for what goes through one, and is told so where it does not", async () => {
  await here.json("open", ACCOUNT, ...gateway);
  await here.json("deposit", ACCOUNT, "USD", "1000000", ...gateway);
  expect(await here.json("cancel-all", ACCOUNT, ...gateway)).toMatchObject({ orders: 0 });
  expect((await here.run("market", SYMBOL, ...gateway)).stdout).toMatch(/^AAPL +continuous$/m);
  const [unsaid, odd, nobody] = await Promise.all([
    here.refused("cancel-all", ACCOUNT),
    here.refused("cancel-all", ACCOUNT, "--gateway", "nowhere"),
    here.refused("cancel-all", ACCOUNT, "--gateway", `127.0.0.1:${await freePort()}`),
  ]);
  expect(unsaid).toMatch(/EXCHANGE_NOT_RUNNING: .*--gateway HOST:PORT/);
  expect(odd).toContain('NOT_AN_ADDRESS: --gateway is "nowhere"');
  expect(nobody).toMatch(/GATEWAY_UNREACHABLE: no gateway answers at 127\.0\.0\.1:\d+ \(/);
});

it("is told by a drill which commands take it back from here", async () => {
  const drill = `drill cordon --symbols ${SYMBOL} --nodes node-1 --abort-after 30s`.split(" ");
  const against = ["--against", gateway[1]!, "--account"];
  const { code, stderr } = await here.run(...drill, ...against, ACCOUNT, "--report", folder + "/d");
  const byHand = [...stderr.matchAll(/by hand it is taken back by: (.*) \(of several/g)];
  expect(byHand.map(([, command]) => command)).toEqual([
    `npx palisade cancel-all ${ACCOUNT} ${gateway.join(" ")}`,
    `npx palisade uncordon node-1 (${VARIABLES})`,
  ]);
  expect([code, stderr]).toEqual([0, expect.not.stringContaining("not known to be taken back")]);
  const unknown = await here.run(...drill, ...against, "901");
  expect(unknown.stderr).toContain(`npx palisade open 901 ${gateway.join(" ")} makes one`);
  expect(unknown.code).toBe(EXIT_REFUSED);
});

it("is told that the variables are of two exchanges, though all names are the same, and nothing is done", async () => {
  const { PALISADE_ETCD_URL, PALISADE_POSTGRES_URL: url } = here.env;
  const other = new URL(url!);
  other.pathname = "/other";
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  await client.query("CREATE DATABASE other");
  await client.end();
  await migrate(other.href);
  await genesis(other.href, { ledgerShards: 1 });
  const mixed = new Terminal(nothing, {
    PALISADE_ETCD_URL: PALISADE_ETCD_URL!,
    PALISADE_POSTGRES_URL: other.href,
  });
  const inEtcd = /OTHER_EXCHANGE: node-1 in etcd serves the exchange .*Nothing was done/;
  for (const words of [["cluster"], ["cordon", "node-1"], ["move", ACTOR, "node-1"]]) {
    expect(await mixed.refused(...words)).toMatch(inEtcd);
  }
  const drill = ["drill", "cordon", "--symbols", SYMBOL, "--nodes", "node-1"];
  const of = ["--against", gateway[1]!, "--account", ACCOUNT];
  const { code, stderr } = await mixed.run(...drill, ...of);
  expect([code, stderr]).toEqual([EXIT_REFUSED, expect.stringContaining("OTHER_EXCHANGE")]);
  expect(await mixed.refused("halt-all", "--cancel", ...gateway)).toMatch(
    /OTHER_EXCHANGE: the gateway serves the exchange .*Nothing was done/,
  );
  const { stdout } = await here.run("market", SYMBOL, ...gateway);
  expect(stdout).toMatch(/^AAPL +continuous$/m);
  expect((await clusterNow()).nodes.some(({ cordoned }) => cordoned)).toBe(false);
});

it("has to know both, or nothing is done", async () => {
  const { PALISADE_ETCD_URL } = here.env;
  const half = new Terminal(nothing, { PALISADE_ETCD_URL: PALISADE_ETCD_URL! });
  const neither = new Terminal(nothing, {});
  for (const words of [["cluster"], ["leaders"], ["cordon", "node-1"]]) {
    expect(await half.refused(...words)).toMatch(/OPERATOR_ADDRESSES_MISSING: PALISADE_POSTGRES/);
    expect(await neither.refused(...words)).toMatch(
      /EXCHANGE_NOT_RUNNING: .*npm start.*PALISADE_ETCD_URL and PALISADE_POSTGRES_URL/,
    );
  }
  // The kill switch needs a gateway, and no more; that orders are counted as they end needs the database.
  expect(await neither.refused("halt-all", "--cancel", ...gateway)).toMatch(
    /OPERATOR_ADDRESSES_MISSING: .* no exchange with the gateway /,
  );
  expect(await neither.json("halt-all", ...gateway)).toMatchObject({ failures: 0 });
  expect(await here.json("halt-all", "--cancel", ...gateway)).toMatchObject({ failures: 0 });
  expect(await neither.json("resume-all", ...gateway)).toMatchObject({ failures: 0 });
  expect(await here.refused("drop-inbox", ACTOR)).toMatch(/EXCHANGE_NOT_RUNNING: .*tools of NATS/);
  expect(await here.refused("kill", "node-1")).toContain("EXCHANGE_NOT_RUNNING");
});
