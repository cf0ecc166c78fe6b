/** However fast a receiver is and however many gateways send to it: beyond what it can do is refused, the rest answered in time. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  RETRY_MS_MAX,
  RETRY_MS_MIN,
  TARGET_WAIT_MS,
  TARGET_WAIT_MS_MAX,
  WAITING_COMMANDS_MIN,
} from "../../services/gateway/admission.js";
import { LoadedReceiver, type Seen } from "../helpers/loaded-receiver.js";

const receivers = fc.record({
  commandsPerSecond: fc.integer({ min: 1_000, max: 20_000 }),
  batchMs: fc.integer({ min: 1, max: 8 }),
});
const gateways = fc.integer({ min: 1, max: 3 });
const LEARNING_SECONDS = 4;
/** A batch is cut at either end of it, and one of 0.2 s is not to count for much: 900 a second were seen in two seconds of 1,000. */
const RATE_SECONDS = 10;
/** What the last of a queue waits besides: its own batch. */
const WAIT_MS_MAX = 2 * TARGET_WAIT_MS;
/** Of that, what is done at least: the rate is measured while it moves. */
const GOODPUT_MIN = 0.9;
const RUNS = { numRuns: 20 };

type Draw = [{ commandsPerSecond: number; batchMs: number }, number, number];

/** Each gateway's queue was answered all at once, and the next command was taken for one behind an empty queue. */
const ALL_AT_ONCE: Draw = [{ commandsPerSecond: 1_448, batchMs: 6 }, 3, 4.920580110497237];
/** Batches of 0.2 s. */
const LONG_BATCHES: Draw = [{ commandsPerSecond: 1_011, batchMs: 1 }, 1, 3.25];

const p99 = ({ waitsMs }: Seen) => waitsMs[Math.floor(waitsMs.length * 0.99)] ?? 0;
const rate = ({ answered, seconds }: Seen) => answered / seconds;
/** What a receiver does with batches of what comes in half of the target: more would take more patience. */
const capacity = ({ commandsPerSecond, batchMs }: { commandsPerSecond: number; batchMs: number }) =>
  commandsPerSecond * (1 - (2 * batchMs) / TARGET_WAIT_MS);

describe("an admission", () => {
  it("keeps the wait near its target and the receiver busy, whatever is offered", () => {
    const times = fc.double({ min: 1.5, max: 5, noNaN: true });
    fc.assert(
      fc.property(receivers, gateways, times, (receiver, count, overload) => {
        const loaded = new LoadedReceiver(receiver, count);
        const offered = receiver.commandsPerSecond * overload;
        loaded.run(LEARNING_SECONDS, offered);
        const seen = loaded.run(RATE_SECONDS, offered);
        expect(p99(seen)).toBeLessThan(WAIT_MS_MAX);
        expect(rate(seen)).toBeGreaterThan(capacity(receiver) * GOODPUT_MIN);
        const isBounded = (ms: number) => ms >= RETRY_MS_MIN && ms <= RETRY_MS_MAX;
        expect(seen.retriesMs.every(isBounded)).toBe(true);
      }),
      { ...RUNS, examples: [ALL_AT_ONCE, LONG_BATCHES] },
    );
  });

  it("lets a receiver that takes its time for each batch have batches of more than the least queue", () => {
    const slow = fc.record({
      commandsPerSecond: fc.integer({ min: 1_000, max: 4_000 }),
      batchMs: fc.integer({ min: 60, max: 150 }),
    });
    fc.assert(
      fc.property(slow, (receiver) => {
        const loaded = new LoadedReceiver(receiver, 1);
        // From quiet times it is known how long a batch of one takes.
        loaded.run(LEARNING_SECONDS, 2);
        loaded.run(LEARNING_SECONDS, receiver.commandsPerSecond * 2);
        const seen = loaded.run(4, receiver.commandsPerSecond * 2);
        const { admission } = loaded.gateways[0]!;
        expect(admission.targetMs).toBeGreaterThan(Math.min(3 * receiver.batchMs, TARGET_WAIT_MS));
        expect(rate(seen)).toBeGreaterThan(receiver.commandsPerSecond * 0.3);
        expect(p99(seen)).toBeLessThan(2 * TARGET_WAIT_MS_MAX);
      }),
      RUNS,
    );
  });

  it("refuses nothing of what a receiver can do, before an overload and half a second after it", () => {
    fc.assert(
      fc.property(receivers, gateways, (receiver, count) => {
        const loaded = new LoadedReceiver(receiver, count);
        const usual = capacity(receiver) * 0.7;
        loaded.run(1, usual);
        expect(loaded.run(2, usual).refused).toBe(0);
        loaded.run(LEARNING_SECONDS, receiver.commandsPerSecond * 3);
        loaded.run(0.5, usual);
        const after = loaded.run(2, usual);
        expect(after.refused).toBe(0);
        expect(p99(after)).toBeLessThan(TARGET_WAIT_MS);
      }),
      RUNS,
    );
  });

  it("follows a receiver that becomes slower under it, and one that becomes faster again", () => {
    const slower = fc.integer({ min: 2, max: 8 });
    fc.assert(
      fc.property(receivers, gateways, slower, (receiver, count, factor) => {
        const loaded = new LoadedReceiver(receiver, count);
        const offered = receiver.commandsPerSecond * 2;
        loaded.run(LEARNING_SECONDS, offered);
        const commandsPerSecond = receiver.commandsPerSecond / factor;
        loaded.receiver = { ...receiver, commandsPerSecond };
        loaded.run(LEARNING_SECONDS, offered);
        // Below this it is not the rate that bounds the queue.
        const leastMs = (WAITING_COMMANDS_MIN * count * 1_000) / commandsPerSecond;
        expect(p99(loaded.run(2, offered))).toBeLessThan(Math.max(3 * TARGET_WAIT_MS, 3 * leastMs));
        loaded.receiver = receiver;
        loaded.run(LEARNING_SECONDS, offered);
        expect(rate(loaded.run(RATE_SECONDS, offered))).toBeGreaterThan(
          capacity(receiver) * GOODPUT_MIN,
        );
      }),
      RUNS,
    );
  });

  it("keeps the wait near its target in an overload after a leader was away", () => {
    const offeredBefore = fc.constantFrom(5, 100);
    const times = fc.integer({ min: 100, max: 1_000 });
    fc.assert(
      fc.property(receivers, gateways, offeredBefore, times, (receiver, count, before, pauseMs) => {
        const loaded = new LoadedReceiver(receiver, count);
        loaded.run(LEARNING_SECONDS, before);
        loaded.pause(pauseMs);
        loaded.run(pauseMs / 1_000, before);
        loaded.run(LEARNING_SECONDS, receiver.commandsPerSecond * 3);
        for (const { admission } of loaded.gateways) {
          // A long wait that counts by itself makes it grow up to all that is allowed.
          expect(admission.targetMs).toBeLessThan(TARGET_WAIT_MS_MAX / 2);
        }
        const leastMs = (WAITING_COMMANDS_MIN * count * 1_000) / receiver.commandsPerSecond;
        const seen = loaded.run(2, receiver.commandsPerSecond * 3);
        expect(p99(seen)).toBeLessThan(Math.max(WAIT_MS_MAX, 2 * leastMs));
      }),
      RUNS,
    );
  });

  it("learns nothing of a receiver that answers nobody: what it can do it can do afterwards", () => {
    fc.assert(
      fc.property(receivers, fc.integer({ min: 100, max: 1_000 }), (receiver, pauseMs) => {
        const loaded = new LoadedReceiver(receiver, 1);
        const usual = capacity(receiver) / 4;
        loaded.run(1, usual);
        loaded.pause(pauseMs);
        loaded.run(pauseMs / 1_000 + 0.5, usual);
        expect(loaded.run(1, usual).refused).toBe(0);
      }),
      RUNS,
    );
  });

  it("lets people out while it lets nobody in", () => {
    fc.assert(
      fc.property(receivers, (receiver) => {
        const loaded = new LoadedReceiver(receiver, 1);
        loaded.run(LEARNING_SECONDS, receiver.commandsPerSecond * 3);
        const { admission, waiting } = loaded.gateways[0]!;
        expect(admission.retryMs(Math.max(waiting, admission.limit("normal")), "normal")).not.toBe(
          0,
        );
        expect(admission.retryMs(admission.limit("normal"), "high")).toBe(0);
        // Of a flood of cancels not all either.
        expect(admission.retryMs(admission.limit("high"), "high")).not.toBe(0);
      }),
      RUNS,
    );
  });
});
