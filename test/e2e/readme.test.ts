/** The README's commands that no other test runs, as they stand there, in their order. */
import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { PROJECT_ROOT } from "../../services/servers/project-root.js";
import { type Ended, lastJson, otherCommands, runLine } from "./readme-commands.js";

const START_LIMIT_MS = 120_000;
const POLL_MS = 100;

const isOwnExchange = (line: string): boolean =>
  /^npm run (replay|test:property)|^npm start --/.test(line);

/** What `npx palisade` starts, as the first of these commands shows; npx itself takes longer than most of them. */
const PROGRAM = "node services/cli/bootstrap.mjs";

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
  const [first, ...rest] = otherCommands();
  const [throughNpx] = rest.filter((line) => line.startsWith("npx palisade "));
  let running: ChildProcess;
  let said = "";

  function run(line: string): Promise<Ended> {
    const short = line === throughNpx ? line : line.replace(/^npx palisade /, `${PROGRAM} `);
    return runLine(short.replace("FILE", flowFile), env);
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
    if (line.includes("--json")) expect(lastJson(out)).toBeTypeOf("object");
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
    expect(code, `${line}\n${out}${err}`).toBe(0);
    if (line.includes("--json")) expect(lastJson(out)).toBeTypeOf("object");
  });
});
