/** The thread of a `ThreadPacer`: says so right after each moment at which an order is due. */
import { parentPort, workerData } from "node:worker_threads";
import { ENDED, type PacerThreadData, UNHEARD, untilDueMs } from "./pacer.js";

const NANOSECONDS_PER_MS = 1_000_000;

const { startedNs, everyMs, shared } = workerData as PacerThreadData;
const places = new Int32Array(shared);

for (;;) {
  const elapsedMs = Number(process.hrtime.bigint() - startedNs) / NANOSECONDS_PER_MS;
  if (Atomics.wait(places, ENDED, 0, untilDueMs(elapsedMs, everyMs)) !== "timed-out") break;
  if (Atomics.exchange(places, UNHEARD, 1) === 0) parentPort!.postMessage(null);
}
