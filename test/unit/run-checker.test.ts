/** The checker as a process of its own, at programs that stand in for it. */
import { ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, afterEach, expect, it, vi } from "vitest";
import { runChecker } from "../../chaos/run-checker.js";
import { EXIT_FAILED } from "../../services/cli/exit-codes.js";
import { exitCodeOf, wordsOf } from "../../services/cli/failures.js";

const folder = mkdtempSync(join(tmpdir(), "palisade-run-checker-"));
afterAll(() => rmSync(folder, { recursive: true }));
afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

/** Writes its process id, and is silent until somebody ends it. */
const SILENT = `require("node:fs").writeFileSync(process.argv[3] + "/pid", String(process.pid));
setInterval(() => undefined, 1000);`;

function programOf(name: string, text: string): string {
  const path = join(folder, `${name}.cjs`);
  writeFileSync(path, text);
  return path;
}

const silent = programOf("silent", SILENT);

async function pidOf(logs: string): Promise<number> {
  for (;;) {
    try {
      const pid = Number(readFileSync(join(logs, "pid"), "utf8"));
      if (pid > 0) return pid;
    } catch {
      // It has not begun yet.
    }
    await sleep(10);
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

async function untilGone(pid: number): Promise<void> {
  while (isAlive(pid)) await sleep(10);
}

const newLogs = (name: string): string => mkdtempSync(join(folder, `${name}-`));

it("a checker's report is what it says, and its last words are told where it says none", async () => {
  const well = programOf("well", "console.log(JSON.stringify({ ok: true }))");
  expect(await runChecker(folder, "", "any", { program: well })).toEqual({ ok: true });
  const ill = programOf("ill", 'console.error("no logs"); process.exit(2)');
  await expect(runChecker(folder, "", "any", { program: ill })).rejects.toThrow(
    /^CHECKER_FAILED: code 2: no logs/,
  );
});

it("a checker that ends before it has said all has not judged", async () => {
  const torn = programOf("torn", "process.stdout.write('{\"ok\":'); process.exitCode = 3");
  await expect(runChecker(folder, "", "any", { program: torn })).rejects.toThrow(
    /^CHECKER_FAILED: code 3/,
  );
});

it("a checker that nobody waits for any more is ended", async () => {
  const logs = newLogs("aborted");
  const controller = new AbortController();
  const { signal } = controller;
  const checked = runChecker(logs, "", "any", { program: silent, signal });
  const refused = expect(checked).rejects.toThrow(/^CHECKER_ENDED/);
  const pid = await pidOf(logs);
  controller.abort();
  await refused;
  await untilGone(pid);
  await expect(runChecker(logs, "", "any", { program: silent, signal })).rejects.toThrow(
    /^CHECKER_ENDED/,
  );
});

it("a checker that says nothing in time is ended, and that is told", async () => {
  const logs = newLogs("late");
  const limitMs = 1_500;
  // Its limit only: how long the program takes to begin is the machine's affair.
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
  const late = runChecker(logs, "", "any", { program: silent, limitMs });
  const thrown = late.catch((error: unknown) => error);
  const kill = vi.spyOn(ChildProcess.prototype, "kill");
  const pid = await pidOf(logs);
  vi.advanceTimersByTime(limitMs - 1);
  expect(kill).not.toHaveBeenCalled();
  vi.advanceTimersByTime(1);
  expect(kill).toHaveBeenCalledOnce();
  const error = await thrown;
  await untilGone(pid);
  const words = "CHECKER_LATE: the checker said nothing within 1.5 s, and was ended";
  // Without a stack trace, and red: what was to be judged was done.
  expect([wordsOf(error), exitCodeOf(error, ["drill"])]).toEqual([words, EXIT_FAILED]);
});

it("a checker does not outlive the process that has asked for it", async () => {
  const logs = newLogs("exit");
  const parent = new URL("../../dist/chaos/run-checker.js", import.meta.url).href;
  const text = `import { runChecker } from ${JSON.stringify(parent)};
process.on("SIGINT", () => process.exit(130));
await runChecker(${JSON.stringify(logs)}, "", "any", { program: ${JSON.stringify(silent)} });`;
  const asking = spawn(process.execPath, ["--input-type=module", "--eval", text]);
  const ended = once(asking, "exit");
  const pid = await pidOf(logs);
  asking.kill("SIGINT");
  expect((await ended)[0]).toBe(130);
  await untilGone(pid);
});
