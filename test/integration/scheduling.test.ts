/** How what an exchange is started by shares its cores, by what Linux says of its processes. */
import { spawn, spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { keepCoresWhenWaking } from "../../services/supervisor/scheduling.js";

const SCHED_OTHER = 0;
const SCHED_BATCH = 3;
/** Where proc(5) has it, counted behind the process's name. */
const POLICY_AT = 38;

function policyOf(pid: number): number {
  const [, behindName = ""] = readFileSync(`/proc/${pid}/stat`, "utf8").split(/\) (?=[^)]*$)/);
  return Number(behindName.split(" ")[POLICY_AT]);
}

function policyOfChild(): number {
  const child = spawn("sleep", ["60"], { stdio: "ignore" });
  try {
    return policyOf(child.pid!);
  } finally {
    child.kill("SIGKILL");
  }
}

function asUsual(): void {
  spawnSync("chrt", ["--other", "--pid", "0", String(process.pid)]);
}

const missing = spawnSync("chrt", ["--version"]).status !== 0;

describe.skipIf(missing)("the processes of an exchange", () => {
  // Another test may have started an exchange from this process before.
  beforeAll(asUsual);
  afterAll(asUsual);

  it("keep their cores when they wake each other, and so does what is started later", () => {
    expect(policyOfChild()).toBe(SCHED_OTHER);
    keepCoresWhenWaking();
    expect(policyOf(process.pid)).toBe(SCHED_BATCH);
    expect(policyOfChild()).toBe(SCHED_BATCH);
  });
});
