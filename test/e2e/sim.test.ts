import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { ACTORS } from "../../chaos/simulator/cluster/names.js";
import { type FaultKind, KINDS } from "../../chaos/simulator/faults/kinds.js";
import { MUTATION_NAMES } from "../../chaos/simulator/mutations/names.js";
import type { SimulationReport } from "../../chaos/simulator/report.js";
import { EXIT_REFUSED } from "../../services/cli/exit-codes.js";
import { PROJECT_ROOT } from "../../services/servers/project-root.js";
import { commandsOf, lastJson, runLine } from "./readme-commands.js";

const PROGRAM = join(PROJECT_ROOT, "dist", "services", "cli", "main.js");
/** As many as show every kind of fault, but for one by chance. */
const SEEDS_MIN = 40;
const KINDS_MISSING_MAX = 1;
const FAULTS_BITTEN_MIN = 10;
const PLAN = join(PROJECT_ROOT, "test", "simulated", "raise-that-was-overtaken.json");
/** As they stand in the README. */
const [MANY, WITHOUT_FENCE, ...others] = commandsOf("sim");

interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

function sim(...args: readonly string[]): Promise<Ended> {
  return endOf(spawn(process.execPath, [PROGRAM, "sim", ...args]));
}

function endOf(child: ChildProcessWithoutNullStreams): Promise<Ended> {
  let stdout = "";
  let stderr = "";
  child.stdout.on("data", (chunk) => (stdout += chunk));
  child.stderr.on("data", (chunk) => (stderr += chunk));
  return new Promise((resolve) => {
    child.once("close", (code) => resolve({ code, stdout, stderr }));
  });
}

describe("npm run sim", () => {
  it(`breaks no rule, twice the same, with every kind of fault: ${MANY}`, async () => {
    const { code, out, err } = await runLine(MANY!);
    expect(code, err).toBe(0);
    const report = lastJson<SimulationReport>(out);
    expect(err).toMatch(
      /\d+ seeds, in each \d+ faults at least that bit, of \d+ kinds, within \S+ simulated hours: no rule was broken/,
    );
    expect(report).toMatchObject({ failures: 0, failedSeeds: [], violations: [] });
    expect(report.asked).toBe(report.seeds);
    expect(report).not.toHaveProperty("stopped");
    expect(report.seeds).toBeGreaterThanOrEqual(SEEDS_MIN);
    expect(report.fewestCommands).toBeGreaterThanOrEqual(1_000);
    expect(report.simulatedHours).toBeGreaterThan(0);
    expect(report.seedsPerHour).toBeGreaterThan(0);
    expect(Object.keys(report.faults)).toEqual(Object.keys(KINDS));
    // Few seeds: by chance a kind may be missing among them.
    const missing = Object.keys(KINDS).filter((kind) => report.faults[kind as FaultKind] === 0);
    expect(missing.length, missing.join(", ")).toBeLessThanOrEqual(KINDS_MISSING_MAX);
    expect(report.rareFaults).toEqual([]);
    // Of the two dozens that begin, what strikes where nothing is does not bite.
    expect(report.fewestFaults).toBeGreaterThanOrEqual(20);
    expect(report.fewestBitten).toBeGreaterThanOrEqual(FAULTS_BITTEN_MIN);
  });

  it(`finds what goes wrong, and leaves a plan that shows it again: ${WITHOUT_FENCE}`, async () => {
    const found = await runLine(WITHOUT_FENCE!);
    expect(found.code).toBe(1);
    const report = JSON.parse(found.out.slice(found.out.indexOf("\n{")));
    expect(report).toMatchObject({ without: "fence", asked: 20 });
    expect(report.stopped).toBe("the first that notices is enough");
    expect(found.err).toMatch(/simulated hours: a rule was broken in \d+ of them/);
    expect(report.violations).toHaveLength(report.failures);
    expect(report.violations[0]).toMatchObject({ seed: report.failedSeeds[0], rule: "R1" });
    expect(report.violations[0].message).toContain("was stored under token");
    const [, file] = /--plan (\S+)/.exec(found.err) ?? [];
    expect(existsSync(file!)).toBe(true);
    expect(report.planFile).toBe(file);
    expect(report.reproduce).toBe(`npm run sim -- --plan ${file} --log`);
    expect(JSON.parse(readFileSync(file!, "utf8"))).toMatchObject({ without: "fence" });
    const again = await sim("--plan", file!);
    expect(again.code).toBe(1);
    expect(again.stderr).toContain("R1");
    expect((await sim("--plan", file!, "--without", "fence")).stderr).toBe(again.stderr);
    expect((await sim("--plan", file!, "--without", "none")).code).toBe(0);
    const odd = await sim("--plan", file!, "--without", "marks");
    expect(odd.code).toBe(EXIT_REFUSED);
    expect(odd.stderr).toMatch(/^WITHOUT_CONTRADICTS_PLAN: .* without fence, not marks/);
  });

  it("reports what is done when it is interrupted, whoever of its processes is told", async () => {
    const args = ["--seeds", "10000", "--json"];
    // As a terminal does it: to the group.
    const child = spawn(process.execPath, [PROGRAM, "sim", ...args], { detached: true });
    const ending = endOf(child);
    const isTold = new Promise<void>((resolve) => {
      child.stderr.on("data", (chunk) => String(chunk).includes(" of 10000 seeds") && resolve());
    });
    await isTold;
    process.kill(-child.pid!, "SIGINT");
    const { code, stdout, stderr } = await ending;
    expect(code, stderr).toBe(130);
    const report = JSON.parse(stdout);
    expect(report).toMatchObject({ asked: 10_000, interrupted: true, failures: 0 });
    expect(report.stopped).toBe("it was interrupted");
    expect(report.seeds).toBeLessThan(10_000);
  });

  it("says in its help what can be taken away, and what its exit codes mean", async () => {
    const { code, stdout } = await sim("--help");
    expect(code).toBe(0);
    const words = stdout.replaceAll(/\s+/g, " ");
    expect(words).toContain(MUTATION_NAMES.join(", "));
    expect(words).toContain("Exit codes: 0 no rule is broken; 1 one is");
  });

  it("prints of a plan what came of it as one line of JSON, each time the same", async () => {
    const { code, stdout, stderr } = await sim("--plan", PLAN, "--json");
    expect([code, stderr]).toEqual([0, ""]);
    const found = JSON.parse(stdout);
    expect(found).toMatchObject({ plan: PLAN, seed: 289, violation: null, begun: 2 });
    expect(found.bitten).toContain("postgres-restart");
    expect(found.hash).toMatch(/^[0-9a-f]{16}$/);
    expect(JSON.parse((await sim("--plan", PLAN, "--json")).stdout).hash).toBe(found.hash);
  });

  it("logs all that happened by the names of the plan, and the verdict at the end", async () => {
    const { code, stdout, stderr } = await sim("--plan", PLAN, "--log");
    expect([code, stderr]).toEqual([0, "no rule is broken\n"]);
    const lines = stdout.trimEnd().split("\n");
    expect(lines.at(-1)).toBe("no rule is broken");
    const events = lines.slice(0, -1);
    // Each with its time; the first fault by the plan's.
    expect(events.filter((line) => !/^ *-?\d+\.\d{3} \S/.test(line))).toEqual([]);
    expect(events.find((line) => line.includes("FAULT"))).toMatch(/^ +1151\.000 FAULT /);
    const [, market] = /commit node-\d (market\.\S+) batch 1 stored/.exec(stdout) ?? [];
    expect(ACTORS).toContain(market);
    expect(events.filter((line) => / (commit|raise) \S+ \d/.test(line))).toEqual([]);
    // As the nodes have it in their own words.
    const raised = /raise (node-\d) market\.BRAVO%2EX from token 0 raised/.exec(stdout)?.[1];
    expect(stdout).toMatch(
      new RegExp(`${raised}#1: host {"actor":"market.BRAVO%2EX"[^\\n]*"to":"leading"`),
    );
  });

  it("has no other command in the README", () => expect(others).toEqual([]));

  it.each([
    [["--seeds", "0"], "NUMBER_OUT_OF_RANGE", "from 1 to"],
    [["--seeds", "-3"], "NUMBER_OUT_OF_RANGE", "from 1 to"],
    [["--seeds", "many"], "NOT_A_NUMBER", "from 1 to"],
    [["--sedes", "7"], "unknown option", "Did you mean --seeds?"],
    [["--without", "luck"], "UNKNOWN_MUTATION", "fence, batch-check, marks, outbox, identity"],
    [["--log"], "OPTION_OUT_OF_PLACE", "--plan FILE"],
    [["--plan", PLAN, "--seeds", "7"], "OPTION_OUT_OF_PLACE", "--seeds"],
    [["--plan", PLAN, "--seed", "9", "--json"], "OPTION_OUT_OF_PLACE", "--seed "],
    [["--plan", PLAN, "--log", "--json"], "OPTION_OUT_OF_PLACE", "--log"],
    [["--plan", "nowhere.json"], "NO_PLAN", "nowhere.json"],
    [["--plan", "package.json"], "INVALID_PLAN", "seed: "],
    [["--plan", "README.md"], "INVALID_PLAN", "seed, commands, faultsMs and faults"],
    [["--plan", "deploy"], "NO_PLAN", "deploy"],
  ])("refuses %j with %s", async (args, errorCode, said) => {
    const { code, stdout, stderr } = await sim(...args);
    expect(code).toBe(EXIT_REFUSED);
    expect(stdout).toBe("");
    expect(stderr).toContain(errorCode);
    expect(stderr).toContain(said);
  });
});
