/** How often processes are woken, as `/proc/PID/task/…/status` has it. */
import { once } from "node:events";
import { existsSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { Worker } from "node:worker_threads";
import { describe, expect, it } from "vitest";
import { parseWakes, wakesBetween, wakesOf } from "../bench/wakes.js";

const HAS_PROC = existsSync("/proc/self/task");
/** No process has so high a number. */
const NOBODY = 2 ** 30;
const RESTS = 50;
const REST_MS = 4;
/** Whoever is kept from a core for as long as it wants to rest does not sleep. */
const RESTS_MIN = RESTS / 2;

const LINES = `Name:	node
Threads:	11
voluntary_ctxt_switches:	1234
nonvoluntary_ctxt_switches:	56
`;

it("is what a thread has slept for, not what it was stopped for", () => {
  expect(parseWakes(LINES)).toBe(1_234);
  expect(parseWakes("nonvoluntary_ctxt_switches:\t56\n")).toBeUndefined();
  expect(parseWakes("")).toBeUndefined();
});

it("is known between two looks of the names and threads that are in the second", () => {
  const look = (of: Record<string, Record<string, number>>) =>
    new Map(Object.entries(of).map(([name, threads]) => [name, new Map(Object.entries(threads))]));
  const before = look({ postgres: { 1: 100, 2: 5_000 }, gone: { 3: 7 } });
  const after = look({ postgres: { 1: 130, 4: 8 }, come: { 5: 9 } });
  expect([...wakesBetween(before, after)]).toEqual([["postgres", 38]]);
});

it("is not known of who is not there", () => {
  expect(wakesOf(new Map([["it", [[NOBODY]]]])).size).toBe(0);
});

describe.runIf(HAS_PROC)("of a process that runs, it", () => {
  const look = () => wakesOf(new Map([["it", [[process.pid, NOBODY]]]]));
  const since = (before: ReturnType<typeof look>) => wakesBetween(before, look()).get("it")!;

  it("counts rests", async () => {
    const before = look();
    for (let rest = 0; rest < RESTS; rest++) await sleep(REST_MS);
    expect(since(before)).toBeGreaterThanOrEqual(RESTS_MIN);
  });

  it("counts those of all its threads, also of one that has begun meanwhile", async () => {
    const cell = "const cell = new Int32Array(new SharedArrayBuffer(4));";
    const rest = `for (let n = 0; n < ${RESTS}; n++) Atomics.wait(cell, 0, 0, ${REST_MS});`;
    const port = 'const { parentPort } = require("node:worker_threads");';
    // It stays until it is ended: what a thread has slept for goes with it.
    const stay = 'parentPort.on("message", () => {}); parentPort.postMessage("rested");';
    const before = look();
    const worker = new Worker(`${port} ${cell} ${rest} ${stay}`, { eval: true });
    try {
      await once(worker, "message");
      expect(since(before)).toBeGreaterThanOrEqual(RESTS_MIN);
    } finally {
      await worker.terminate();
    }
  });
});
