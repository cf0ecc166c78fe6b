/** Two processes that try seeds, until all are tried, enough have failed, or somebody ends it. */
import { type ChildProcess, fork } from "node:child_process";
import { join } from "node:path";
import type { MutationName } from "./mutations/names.js";
import type { SeedResult } from "./seeds.js";
import type { Task } from "./worker.js";

export interface CrewOptions {
  /** How many, and the first. */
  readonly seeds: number;
  readonly seed: number;
  readonly without?: MutationName;
  /** So many failed seeds are enough. */
  readonly failuresMax: number;
  readonly log: (line: string) => void;
  readonly signal?: AbortSignal;
}

const WORKERS = 2;
/**
 * A run leaves much garbage that lives shortly: with room for it, from the start on, a fifth less time is spent. It throws
 * thousands of errors, whose stacks nobody reads: a failed plan is tried again by who asked, with them.
 */
const YOUNG_GENERATION_MIB = 64;
const WORKER_FLAGS = [
  `--min-semi-space-size=${YOUNG_GENERATION_MIB}`,
  `--max-semi-space-size=${YOUNG_GENERATION_MIB}`,
  "--stack-trace-limit=0",
];
const PROGRESS_EVERY_MS = 5_000;

export class Crew {
  private readonly options: CrewOptions;
  private readonly results: SeedResult[] = [];
  private readonly workers = new Set<ChildProcess>();
  private next: number;
  private failures = 0;

  constructor(options: CrewOptions) {
    this.options = options;
    this.next = options.seed;
  }

  /** What was tried, in the order of the seeds. Rejects when a worker ends by itself. */
  async work(): Promise<SeedResult[]> {
    const { seeds, log, signal } = this.options;
    const progress = setInterval(
      () => log(`${this.results.length} of ${seeds} seeds`),
      PROGRESS_EVERY_MS,
    );
    let end = (): void => undefined;
    try {
      await new Promise<void>((resolve, reject) => {
        end = () => {
          this.dismiss();
          resolve();
        };
        if (signal?.aborted) return resolve();
        signal?.addEventListener("abort", end);
        for (let n = 0; n < Math.min(WORKERS, seeds); n++) this.hire(resolve, reject);
      });
    } finally {
      clearInterval(progress);
      signal?.removeEventListener("abort", end);
      this.dismiss();
    }
    return this.results.sort((a, b) => a.seed - b.seed);
  }

  private hire(resolve: () => void, reject: (error: Error) => void): void {
    const worker = fork(join(import.meta.dirname, "worker.js"), { execArgv: WORKER_FLAGS });
    this.workers.add(worker);
    worker.on("message", (result: SeedResult) => {
      if (!this.workers.has(worker)) return;
      this.take(result);
      this.give(worker, resolve);
    });
    worker.on("exit", (code) => {
      if (this.workers.has(worker)) reject(new Error(`a worker ended with exit code ${code}`));
    });
    this.give(worker, resolve);
  }

  private take(result: SeedResult): void {
    this.results.push(result);
    if (!result.violation) return;
    this.failures += 1;
    this.options.log(`seed ${result.seed}: ${result.violation.rule}: ${result.violation.message}`);
  }

  private give(worker: ChildProcess, resolve: () => void): void {
    const { seed, seeds, without, failuresMax } = this.options;
    if (this.next < seed + seeds && this.failures < failuresMax) {
      const isOnce = without !== undefined;
      const task: Task = { seed: this.next++, isOnce, ...(without && { without }) };
      worker.send(task);
      return;
    }
    this.workers.delete(worker);
    worker.disconnect();
    if (this.workers.size === 0) resolve();
  }

  /** In the middle of a run a worker hears nothing else. */
  private dismiss(): void {
    for (const worker of this.workers) worker.kill("SIGKILL");
    this.workers.clear();
  }
}
