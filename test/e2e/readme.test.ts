/** Every command of the README, but `npm test`, run as it stands there, in its order. */
import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { PROJECT_ROOT } from "../../services/servers/project-root.js";
import type { E2eReport } from "../bench/e2e.js";

const START_LIMIT_MS = 120_000;
const COMMAND_LIMIT_MS = 300_000;
const POLL_MS = 100;

/** The lines of the README's shell blocks. */
function commands(): string[] {
  const text = readFileSync(join(PROJECT_ROOT, "README.md"), "utf8");
  return [...text.matchAll(/^```sh\n(.*?)^```$/gms)].flatMap(([, block]) =>
    block!.split("\n").filter((line) => line !== ""),
  );
}

const isOwnExchange = (line: string): boolean =>
  /^npm run (drill|replay|bench|sim|test:property)|^npm start --/.test(line);
/** Takes a safety away, so it has to find something. */
const isToFail = (line: string): boolean => line.includes("--without");
const isTest = (line: string): boolean => line === "npm test";

describe("the README's commands", () => {
  const folder = mkdtempSync(join(tmpdir(), "palisade-readme-"));
  const dataDir = join(folder, "data");
  const flowFile = join(folder, "flow.jsonl.gz");
  /** Its flow leaves most of two cores to the commands. */
  const env = {
    ...process.env,
    PALISADE_DATA_DIR: dataDir,
    PALISADE_FLOW_ORDERS_PER_SECOND: "50",
  };
  const [first, ...rest] = commands().filter((line) => !isTest(line));
  let running: ChildProcess;
  let said = "";

  function run(line: string): Promise<{ code: number | null; out: string; err: string }> {
    const child = spawn(line.replace("FILE", flowFile), {
      cwd: PROJECT_ROOT,
      env,
      shell: true,
      timeout: COMMAND_LIMIT_MS,
    });
    let out = "";
    let err = "";
    child.stdout.on("data", (chunk: Buffer) => (out += chunk.toString()));
    child.stderr.on("data", (chunk: Buffer) => (err += chunk.toString()));
    return new Promise((resolve) => child.once("close", (code) => resolve({ code, out, err })));
  }

  beforeAll(async () => {
    const lines = [
      ["N", 1, "S", 101, 5, []],
      ["N", 2, "B", 99, 5, []],
      ["A", 0, [[99, 5]], [[101, 5]]],
      ["I", 3, "B", 101, 2, [[1, 101, 2]]],
      ["R", 1, 1],
      ["A", 1, [[99, 5]], [[101, 1]]],
      ["C", 2],
      ["A", 2, [], [[101, 1]]],
    ];
    writeFileSync(flowFile, gzipSync(lines.map((line) => `${JSON.stringify(line)}\n`).join("")));
    expect(first).toBe("npm start");
    running = spawn("npm", ["start"], {
      cwd: PROJECT_ROOT,
      env,
      stdio: ["ignore", "pipe", "pipe"],
    });
    for (const stream of [running.stdout!, running.stderr!]) {
      stream.on("data", (chunk: Buffer) => (said += chunk.toString()));
    }
    const endsAtMs = performance.now() + START_LIMIT_MS;
    while (!/orders\/s/.test(said)) {
      if (performance.now() > endsAtMs || running.exitCode !== null) throw new Error(said);
      await new Promise((wake) => setTimeout(wake, POLL_MS));
    }
  }, START_LIMIT_MS);

  async function stop(): Promise<void> {
    if (running.exitCode !== null || running.signalCode !== null) return;
    const ended = new Promise((resolve) => running.once("close", resolve));
    running.kill("SIGTERM");
    await ended;
  }

  afterAll(async () => {
    await stop();
    rmSync(folder, { recursive: true, force: true });
  }, START_LIMIT_MS);

  it.each(rest.filter((line) => !isOwnExchange(line)))("%s", async (line) => {
    const { code, out, err } = await run(line);
    expect(code, `${line}\n${out}${err}\n${said.slice(-2_000)}`).toBe(0);
    if (line.includes("--json")) expect(JSON.parse(lastLine(out))).toBeTypeOf("object");
    if (line.includes("get 1 bid-1")) expect(out).toMatch(/FILLED|PENDING|NEW/);
    if (line.includes("resolve")) expect(out).toContain("VOIDED");
    if (line.includes("explain 2330")) expect(out).toMatch(/^\d+ +node-\d +20\d\d-.*leader/m);
    if (line.includes("explain --account")) expect(out).toContain("accepted: BUY 1000 2330.TW");
  });

  it("and Ctrl-C, which drains and stops everything", async () => {
    await stop();
    expect(said).toContain("stopped");
    expect(existsSync(join(dataDir, "run.json"))).toBe(false);
  });

  it.each(rest.filter(isOwnExchange))("%s", async (line) => {
    const { code, out, err } = await run(line);
    expect(code, `${line}\n${out}${err}`).toBe(isToFail(line) ? 1 : 0);
    if (line.includes("--json")) expect(JSON.parse(lastLine(out))).toBeTypeOf("object");
    if (line.includes("bench -- e2e")) checkMeasured(JSON.parse(lastLine(out)) as E2eReport);
  });
});

/** Whatever the machine: how much is done, and how fast, is not judged here. */
function checkMeasured(report: E2eReport): void {
  const { steps, held, atEighty, quiet, sustainedOrdersPerSecond } = report;
  expect(report).toMatchObject({ auditOk: true, conserved: true, durable: true, accounts: 1_000 });
  expect(report.settings).toMatchObject({ fsync: "on", synchronous_commit: "on" });
  for (const phase of [report, ...steps, quiet]) {
    expect(phase.ordersPerSecond).toBeGreaterThan(0);
    expect(phase.fills).toBeGreaterThan(0);
    expect(phase.unreported).toBe(0);
    expect(phase.acceptMsP50).toBeLessThanOrEqual(phase.acceptMsP99);
  }
  for (const phase of [report, quiet]) {
    expect(phase.crossingShare).toBeCloseTo(0.5, 1);
    // A third, as far as there are resting orders to cancel: on a slow machine a short run has few.
    expect(phase.cancelShare).toBeGreaterThan(0.2);
    expect(phase.cancelShare).toBeLessThan(0.4);
  }
  for (const name of ["gateway-1", "node-1", "postgres", "nats"]) {
    expect(report.cpuMicrosecondsPerOrder[name]).toBeGreaterThan(0);
    expect(report.rssMib[name]).toBeGreaterThan(0);
  }
  expect(report.rowsWrittenPerOrder["orders"]).toBeGreaterThan(1);
  expect(steps.length).toBeGreaterThan(0);
  expect(sustainedOrdersPerSecond).toBe(held?.offeredPerSecond ?? 0);
  expect(atEighty?.offeredPerSecond).toBe(
    held ? Math.round(held.offeredPerSecond * 0.8) : undefined,
  );
}

function lastLine(text: string): string {
  return text.trimEnd().split("\n").at(-1) ?? "";
}
