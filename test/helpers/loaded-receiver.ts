/**
 * A receiver in batches, as a leader is one: while a batch is under way the next one gathers. Several gateways offer it
 * commands at a rate, whatever happens, and each admits by what it has measured itself.
 */
import { Admission, type Priority } from "../../services/gateway/admission.js";
import { ManualClock } from "./manual-clock.js";

const STEP_MS = 1;
const MS_PER_SECOND = 1_000;

export interface Receiver {
  readonly commandsPerSecond: number;
  /** What each batch takes besides its commands. */
  readonly batchMs: number;
}

interface Command {
  readonly gateway: number;
  readonly atMs: number;
}

export interface Seen {
  readonly offered: number;
  readonly answered: number;
  readonly refused: number;
  /** Sorted. */
  readonly waitsMs: readonly number[];
  readonly retriesMs: readonly number[];
  readonly seconds: number;
}

export class LoadedReceiver {
  receiver: Receiver;
  readonly clock = new ManualClock();
  readonly gateways: { readonly admission: Admission; waiting: number }[];
  private queue: Command[] = [];
  private batch: readonly Command[] = [];
  private batchDoneMs = 0;
  private owed = 0;

  constructor(receiver: Receiver, gateways: number) {
    this.receiver = receiver;
    this.gateways = Array.from({ length: gateways }, () => ({
      admission: new Admission(this.clock),
      waiting: 0,
    }));
  }

  /** Offers so many commands a second, of all gateways together, for a time. */
  run(seconds: number, offeredPerSecond: number, priority: Priority = "normal"): Seen {
    const seen = {
      offered: 0,
      answered: 0,
      refused: 0,
      waitsMs: [] as number[],
      retriesMs: [] as number[],
    };
    for (let ms = 0; ms < seconds * MS_PER_SECOND; ms += STEP_MS) {
      this.clock.advance(STEP_MS);
      this.answer(seen);
      this.owed += (offeredPerSecond * STEP_MS) / MS_PER_SECOND;
      for (; this.owed >= 1; this.owed -= 1) {
        const gateway = seen.offered % this.gateways.length;
        seen.offered += 1;
        const retryMs = this.offer(gateway, priority);
        if (retryMs === 0) continue;
        seen.refused += 1;
        seen.retriesMs.push(retryMs);
      }
    }
    seen.waitsMs.sort((a, b) => a - b);
    return { ...seen, seconds };
  }

  /** Nobody works for a while, as when the leader changes; commands still come. */
  pause(ms: number): void {
    this.batchDoneMs = Math.max(this.batchDoneMs, this.clock.now()) + ms;
  }

  private offer(gateway: number, priority: Priority): number {
    const { admission, waiting } = this.gateways[gateway]!;
    const retryMs = admission.retryMs(waiting, priority);
    if (retryMs > 0) return retryMs;
    this.gateways[gateway]!.waiting += 1;
    this.queue.push({ gateway, atMs: this.clock.now() });
    return 0;
  }

  private answer(seen: { answered: number; waitsMs: number[] }): void {
    const now = this.clock.now();
    if (now < this.batchDoneMs) return;
    for (const { gateway, atMs } of this.batch) {
      this.gateways[gateway]!.waiting -= 1;
      this.gateways[gateway]!.admission.answered(now - atMs);
      seen.answered += 1;
      seen.waitsMs.push(now - atMs);
    }
    this.batch = this.queue;
    this.queue = [];
    const { commandsPerSecond, batchMs } = this.receiver;
    if (this.batch.length === 0) return;
    this.batchDoneMs = now + batchMs + (this.batch.length * MS_PER_SECOND) / commandsPerSecond;
  }
}
