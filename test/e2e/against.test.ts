/** Drills at an exchange that somebody else has started and trades on. */
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import type { DryRun } from "../../chaos/against/dry-run.js";
import type { GameDayReport, StepLine } from "../../chaos/against/game-day.js";
import type { LiveReport } from "../../chaos/against/report.js";
import { verifyEvidence } from "../../chaos/evidence/verify.js";
import { decodeSymbol } from "../../actors/kernel/ids.js";
import { Cluster } from "../../services/cli/cluster.js";
import { temporaryFolder } from "../helpers/servers.js";
import type { ClusterSaid } from "./said.js";
import { eventually, stopAll, Terminal } from "./start-cli.js";

const ACCOUNT = "900";
const SYMBOL = "AAPL";
const WHOLE = { bit: true, lost: 0, duplicated: 0, gaps: 0, contradicted: 0, fills: 0 };
const WELL = {
  ...WHOLE,
  conserved: true,
  staleCommits: null,
  aborted: null,
  undone: true,
  ok: true,
};

const { folder, remove } = temporaryFolder();
const terminal = new Terminal(folder, {
  PALISADE_NODES: "2",
  PALISADE_LEDGER_SHARDS: "1",
  PALISADE_FLOW_ORDERS_PER_SECOND: "10",
});
const everStarted: { pid: number; identity: string }[] = [];

beforeAll(async () => {
  await terminal.start();
  everStarted.push(...terminal.alive(), terminal.runFile());
  await terminal.json("open", ACCOUNT);
  await terminal.json("deposit", ACCOUNT, "USD", "1000000");
});

afterAll(async () => {
  await stopAll(everStarted);
  remove();
});

/** With more patience than a person has, as other tests may have the machine. */
const surroundings = () =>
  `--against ${terminal.runFile().grpc} --account ${ACCOUNT} --abort-after 30s`.split(" ");
const drill = (name: string, symbols: string, nodes: string) =>
  ["drill", name, "--symbols", symbols, "--nodes", nodes].concat(surroundings());
/** Where it is struck is said when that is known. */
const drillOf = (nodes: string, account: string) => [
  "drill",
  "move-leader",
  "--symbols",
  SYMBOL,
  "--nodes",
  nodes,
  "--account",
  account,
];
const clusterNow = () => terminal.json<ClusterSaid>("cluster");
const tokensOf = ({ actors }: ClusterSaid) =>
  actors.map(({ actor, node, token }) => ({ actor, node, token }));

it("cluster shows who leads each actor, who stands by, and who took it last", async () => {
  const { actors, lastMoves } = await eventually("every actor to have a standby", async () => {
    const now = await clusterNow();
    return now.actors.every(({ node, standby }) => standby && standby.node !== node)
      ? now
      : undefined;
  });
  const { stdout } = await terminal.run("cluster");
  for (const { actor, token } of actors) {
    const name = decodeSymbol(actor);
    expect(stdout).toMatch(new RegExp(`^${name} +node-\\d +\\d+ +\\d+ +node-\\d `, "m"));
    const newest = lastMoves.find((each) => each.actor === actor)!;
    expect(newest.token).toBeGreaterThanOrEqual(token);
    expect(stdout).toContain(newest.reason);
  }
  expect(stdout).not.toContain("%2E");
});

/** A dry run of what would be refused fails, and shows the plan all the same. */
async function wouldBeRefused(...args: string[]): Promise<DryRun> {
  const { code, stdout } = await terminal.run(...args, "--dry-run", "--json");
  expect(code).toBe(1);
  return JSON.parse(stdout) as DryRun;
}

it("says what it would do, and touches nothing", async () => {
  const before = await clusterNow();
  const { leads } = before.nodes[0]!;
  const said = await wouldBeRefused(...drill("drain", "all", "all"));
  expect(said).toMatchObject({ drill: "drain", dryRun: true, account: Number(ACCOUNT) });
  expect(said.rounds).toHaveLength(1);
  expect(said.rounds[0]!.nodes).toContain("node-1");
  expect(said.rounds[0]!.actors).toHaveLength(leads.length);
  expect(said.orders.join()).toContain(`buy 1 ${SYMBOL}, stop-limit`);
  expect(said.refusedNow.join()).toContain("PROBE_FUNDS_MISSING");
  expect(said.refusedNow.join()).toContain("TWD");
  // Leaders and tokens as before.
  expect(tokensOf(await clusterNow())).toEqual(tokensOf(before));
});

it.each([
  ["PROBE_ACCOUNT_UNKNOWN", drillOf("all", "901")],
  ["NO_NODE_LEFT", drillOf("LEADER", ACCOUNT)],
])("a dry run that can plan nothing ends with 64 and %s, without a plan", async (code, words) => {
  const { actors } = await clusterNow();
  const leader = actors.find(({ actor }) => actor === `market.${SYMBOL}`)!.node!;
  const args = words.map((word) => (word === "LEADER" ? leader : word));
  const against = ["--against", terminal.runFile().grpc, "--dry-run", "--json"];
  const said = await terminal.run(...args, ...against);
  expect(said).toMatchObject({ code: 64, stdout: "" });
  expect(said.stderr).toContain(code);
});

it("moves a leader within its radius and back, and judges what the probe was told", async () => {
  const before = await clusterNow();
  const moved = join(folder, "moved");
  const report = await terminal.json<LiveReport>(
    ...drill("move-leader", SYMBOL, "all"),
    "--report",
    moved,
  );
  expect(await verifyEvidence(moved)).toMatchObject({
    drill: "move-leader",
    verified: true,
    ok: true,
  });
  expect(readFileSync(join(moved, "report.html"), "utf8")).toContain("move-leader at 127.0.0.1");
  expect(report.failures).toEqual([]);
  expect(report).toMatchObject({ ...WELL, name: "move-leader", rounds: 1, journalGaps: null });
  expect(report.orders).toBeGreaterThan(20);
  expect(report["gapMsP99"]).toBeGreaterThan(0);
  const after = await clusterNow();
  expect(after.moves).toEqual({});
  const leaders = ({ actors }: ClusterSaid) => actors.map(({ actor, node }) => [actor, node]);
  expect(leaders(after)).toEqual(leaders(before));
  expect(tokensOf(after)).not.toEqual(tokensOf(before));
});

it("refuses what it cannot do within its radius, and what it is not told", async () => {
  const { grpc } = terminal.runFile();
  // Before the others: what runs for real beside a dry run is said instead.
  const planned = await wouldBeRefused(...drill("drain", SYMBOL, "node-1"));
  const [narrow, without, odd] = await Promise.all([
    terminal.refused(...drill("drain", SYMBOL, "node-1")),
    terminal.refused("drill", "move-leader", "--against", grpc, "--symbols", SYMBOL),
    terminal.refused("drill", "drain", "--symbols", SYMBOL),
  ]);
  expect(planned.rounds[0]!.does.join()).toContain("drain node-1");
  expect(planned.refusedNow[0]).toMatch(/^OUTSIDE_RADIUS: drain node-1 would touch/);
  expect(narrow).toMatch(/OUTSIDE_RADIUS: drain node-1 would touch .*node-2, not in --nodes/);
  expect(without).toContain("PROBE_ACCOUNT_MISSING");
  expect(odd).toContain("OPTION_OUT_OF_PLACE");
});

it("leaves nothing drained when it is ended in the midst of a drain", async () => {
  await terminal.json("deposit", ACCOUNT, "TWD", "10000000");
  const running = terminal.begin(...drill("drain", "all", "node-1,node-2"), "--json");
  const cluster = new Cluster(terminal.runFile());
  await eventually("a node to be drained", async () => {
    if (running.child.exitCode !== null) throw new Error(`it ended: ${running.stderr}`);
    return (await cluster.look()).wishes.drained.size > 0 || undefined;
  });
  running.child.kill("SIGINT");
  await cluster.close();
  const { code, stdout, stderr } = await running.ended;
  expect(code).toBe(130);
  expect(stderr).toContain("undone: node-1 drained");
  expect(JSON.parse(stdout)).toMatchObject({ aborted: "it got SIGINT", undone: true, lost: 0 });
  const after = await clusterNow();
  expect(after.nodes.map(({ drained }) => drained)).toEqual([false, false]);
  expect(await terminal.json("orders", ACCOUNT)).toEqual([]);
});

it("a dry run beside a drill at work says so, and advises nobody to cancel that one's orders", async () => {
  const left = join(folder, "ended");
  const rounds = ["--rounds", "100", "--report", left, "--json"];
  const running = terminal.begin(...drill("cordon", SYMBOL, "node-1"), ...rounds);
  try {
    await eventually("its first round", async () => {
      if (running.child.exitCode !== null) throw new Error(`it ended: ${running.stderr}`);
      return running.stderr.includes("round 1 of 100") || undefined;
    });
    // One that needs no node: the other may be cordoned by the drill just then, and nothing could be planned.
    const said = await wouldBeRefused(...drill("reconnect", SYMBOL, "all"), "--rounds", "3");
    expect(said.refusedNow[0]).toMatch(/^DRILL_RUNNING: cordon \(process /);
    expect(said.refusedNow.join()).not.toContain("cancel-all");
    expect(said.rounds).toHaveLength(3);
    // Nor does a game day leave a folder where its only step was refused.
    const file = join(folder, "second.json");
    const day = join(folder, "second");
    const step = { drill: "reconnect", symbols: [SYMBOL] };
    writeFileSync(file, JSON.stringify({ name: "second", steps: [step] }));
    const second = await terminal.run("game-day", file, ...surroundings(), "--report", day);
    expect(second.stdout).toContain("DRILL_RUNNING: cordon (process ");
    expect([second.code, existsSync(day)]).toEqual([1, false]);
  } finally {
    running.child.kill("SIGINT");
  }
  expect((await running.ended).code).toBe(130);
  // Whoever reads the folder later is told that it was ended.
  const { code, stdout } = await terminal.runAlone("verify", left);
  expect(stdout).toContain("it was ended early: it got SIGINT\nthe evidence says what the report");
  expect(code).toBe(1);
});

it("goes on to its end, and takes back what it did, when nobody reads what it says any more", async () => {
  const left = join(folder, "unread");
  const running = terminal.begin(...drill("repeat-order", SYMBOL, "all"), "--report", left);
  await eventually("its first words", async () => running.stderr !== "" || undefined);
  running.child.stderr!.destroy();
  running.child.stdout!.destroy();
  const { code } = await running.ended;
  expect(code).toBe(0);
  expect(await verifyEvidence(left)).toMatchObject({ drill: "repeat-order", verified: true });
  expect(await terminal.json("orders", ACCOUNT)).toEqual([]);
});

it("what has no end of its own ends when nobody reads it any more", async () => {
  const watching = terminal.begin("watch", SYMBOL);
  watching.child.stdout!.destroy();
  expect((await watching.ended).code).toBe(0);
});

it("runs a game day, a line for each step and one for all", async () => {
  const file = join(folder, "day.json");
  const step = { symbols: [SYMBOL], nodes: ["all"] };
  const steps = [{ ...step, drill: "repeat-order" }];
  writeFileSync(file, JSON.stringify({ name: "tiny", steps }));
  const day = join(folder, "a day");
  const args = ["game-day", file, ...surroundings(), "--report", day];
  const { stdout, stderr, code } = await terminal.run(...args);
  expect(stderr).toContain("1. repeat-order: at once");
  expect(stderr).toMatch(
    /the report is .*a day\/report\.html; judge it again: npx palisade verify '.*a day'\n/,
  );
  const judged = await terminal.runAlone("verify", day);
  expect(judged.stdout).toMatch(
    /^tiny: 0 lost, 0 doubled[^]*the evidence says what the report says/,
  );
  expect(judged.code).toBe(0);
  expect((await terminal.runAlone("verify", join(day, "1-repeat-order"))).code).toBe(0);
  expect((await terminal.runAlone("verify", folder)).stderr).toMatch(/NO_EVIDENCE[^]*'.*a day'/);
  const [first, sum] = stdout
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as unknown);
  expect(first as StepLine).toMatchObject({ ...WELL, step: 1, name: "repeat-order" });
  const well = { steps: 1, done: 1, failed: 0, notRun: 0, undone: true, aborted: null, ok: true };
  expect(sum as GameDayReport).toMatchObject({ gameDay: "tiny", ...well });
  expect(code).toBe(0);
  writeFileSync(file, JSON.stringify({ name: "tiny", steps: [{ ...step, drill: "kill" }] }));
  expect(await terminal.refused("game-day", file, ...surroundings())).toMatch(
    /NOT_A_GAME_DAY[^]*steps\[0\]\.drill/,
  );
});
