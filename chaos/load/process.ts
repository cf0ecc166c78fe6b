/**
 * A load process as its parent sees it: set up, told to go, watched, told to rest or stop, asked what it measured. They talk
 * by lines: the child's standard output is JSON, its input `go`, `rest` and `stop`.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { EventEmitter } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { PROJECT_ROOT } from "../../services/servers/project-root.js";
import type { SentMessages } from "./message-sizes.js";
import type { Moments } from "./moments.js";
import type { LoadRequest } from "./options.js";
import type { Counts } from "../../services/participants/tracker.js";

const PROGRAM = join(PROJECT_ROOT, "dist", "chaos", "load", "main.js");
const SET_UP_LIMIT_MS = 120_000;
/** More for each account that is opened and funded. */
const SET_UP_LIMIT_MS_PER_ACCOUNT = 10;
const END_LIMIT_MS = 120_000;

export interface LoadResult extends Counts {
  /** How long orders were sent the last time, in seconds. */
  readonly seconds: number;
  /** Orders reported (final or resting) by the time the last was sent. */
  readonly reportedInTime: number;
  /** Orders of an open loop that were due early enough to be reported by then, sent or not, and those of them that were. */
  readonly dueEarly: number;
  readonly reportedOfDueEarly: number;
  /** Orders of an open loop that the process sent late, or not at all, by its own fault. */
  readonly lateSends: number;
  /** Those that it could not send in time because its order-entry stream was lost. */
  readonly dueWhileLost: number;
  /** Orders whose latencies count, if they have any. */
  readonly timed: number;
  /** Orders that had got no report when the process gave up waiting. */
  readonly unreported: number;
  /** Orders whose fate had to be asked for afterwards. */
  readonly resolved: number;
  readonly sent: SentMessages;
  /** Null unless they were asked for. */
  readonly moments: Moments | null;
  /** Encoded histograms. */
  readonly acceptLatency: string;
  readonly fillLatency: string;
}

export type LoadLine =
  | { readonly kind: "ready" }
  | { readonly kind: "progress"; readonly counts: Counts }
  | { readonly kind: "stopped" }
  | { readonly kind: "result"; readonly result: LoadResult };

export class LoadProcess {
  /** As of the last second. */
  counts: Counts | undefined;
  private readonly child: ChildProcess;
  private readonly setUpLimitMs: number;
  private readonly arrived = new EventEmitter();
  private readonly isReady = this.once("ready");
  private hasStopped: Promise<LoadLine> | undefined;
  private hasResult: Promise<LoadLine> | undefined;
  private readonly failed: Promise<never>;
  private lastWords = "";

  constructor(request: LoadRequest) {
    this.setUpLimitMs = SET_UP_LIMIT_MS + SET_UP_LIMIT_MS_PER_ACCOUNT * request.accounts;
    this.child = spawn(
      process.execPath,
      ["--enable-source-maps", PROGRAM, JSON.stringify(request)],
      {
        stdio: ["pipe", "pipe", "pipe"],
      },
    );
    this.child.stdin?.on("error", () => {}); // Its end is seen below.
    this.child.stderr?.on(
      "data",
      (chunk) => (this.lastWords = (this.lastWords + chunk).slice(-2_000)),
    );
    createInterface({ input: this.child.stdout! }).on("line", (text) => this.take(text));
    this.failed = new Promise((_, fail) => {
      this.child.once("error", fail);
      this.child.once("exit", (code) => {
        if (code !== 0)
          fail(
            new Error(
              `LOAD_FAILED: load ${request.name} ended with code ${code}: ${this.lastWords}`,
            ),
          );
      });
    });
    this.failed.catch(() => {}); // Whoever waits for a line hears of it.
  }

  get pid(): number {
    return this.child.pid ?? 0;
  }

  /** Resolves when its accounts are open and funded. */
  async ready(): Promise<void> {
    await this.within(this.setUpLimitMs, this.isReady);
  }

  go(): void {
    this.child.stdin?.write("go\n");
  }

  /** Tells it to send no more; it then waits for what is outstanding, and can go on. */
  rest(): void {
    this.say("rest");
  }

  /** The same, for good. */
  stop(): void {
    this.say("stop");
  }

  /** Resolves when it sends no more, once it was told to rest or to stop. */
  async stopped(): Promise<void> {
    if (!this.hasStopped) throw new Error("a load process was not told to rest");
    await this.within(END_LIMIT_MS, this.hasStopped);
  }

  /** What it has measured since it began, once it was told to rest or to stop. */
  async result(): Promise<LoadResult> {
    if (!this.hasResult) throw new Error("a load process was not told to rest");
    const line = await this.within(END_LIMIT_MS, this.hasResult);
    if (line.kind !== "result") throw new Error("a load process answered out of turn");
    return line.result;
  }

  kill(): void {
    this.child.kill("SIGKILL");
  }

  private say(word: "rest" | "stop"): void {
    this.hasStopped = this.once("stopped");
    this.hasResult = this.once("result");
    this.child.stdin?.write(`${word}\n`);
  }

  private once(kind: LoadLine["kind"]): Promise<LoadLine> {
    return new Promise((done) => this.arrived.once(kind, done));
  }

  private within(limitMs: number, line: Promise<LoadLine>): Promise<LoadLine> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, fail) => {
      timer = setTimeout(() => fail(new Error(`LOAD_LATE: nothing within ${limitMs} ms`)), limitMs);
    });
    return Promise.race([line, late, this.failed]).finally(() => clearTimeout(timer));
  }

  private take(text: string): void {
    const line = JSON.parse(text) as LoadLine;
    if (line.kind === "progress") this.counts = line.counts;
    else this.arrived.emit(line.kind, line);
  }
}
