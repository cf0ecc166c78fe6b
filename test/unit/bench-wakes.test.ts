/** How often processes are woken, as `/proc/PID/task/…/status` has it. */
import { once } from "node:events";
import { existsSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { Worker } from "node:worker_threads";
import { describe, expect, it } from "vitest";
import { parseWakes, wakesOf } from "../bench/wakes.js";

const HAS_PROC = existsSync("/proc/self/task");
/** No process has so high a number. */
const NOBODY = 2 ** 30;
const RESTS = 50;

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

it("is not known of who is not there", () => {
  expect(wakesOf(NOBODY)).toBeUndefined();
});

describe.runIf(HAS_PROC)("of a process that runs, it", () => {
  const wakes = () => wakesOf(process.pid)!;

  it("counts each rest", async () => {
    const before = wakes();
    for (let rest = 0; rest < RESTS; rest++) await sleep(2);
    expect(wakes() - before).toBeGreaterThanOrEqual(RESTS);
  });

  it("counts those of all its threads", async () => {
    const cell = "const cell = new Int32Array(new SharedArrayBuffer(4));";
    const rest = `for (let rest = 0; rest < ${RESTS}; rest++) Atomics.wait(cell, 0, 0, 2);`;
    const port = 'const { parentPort } = require("node:worker_threads");';
    // It stays until it is ended: what a thread has slept for goes with it.
    const code = `${port} ${cell} ${rest} parentPort.on("message", () => {}); parentPort.postMessage("rested");`;
    const before = wakes();
    const worker = new Worker(code, { eval: true });
    try {
      await once(worker, "message");
      expect(wakes() - before).toBeGreaterThanOrEqual(RESTS);
    } finally {
      await worker.terminate();
    }
  });
});
