/**
 * One process of the exchange (a node, a gateway, a feed) as a child: started, awaited, killed,
 * frozen, started again. It leads a process group of its own, so that a Ctrl-C in the terminal
 * reaches only the supervisor; it holds a pipe of the supervisor as its standard input and ends
 * when that ends.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { closeSync, existsSync, openSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { PROJECT_ROOT } from "../servers/project-root.js";

const READY_LIMIT_MS = 60_000;
const STOP_LIMIT_MS = 15_000;
const KILL_LIMIT_MS = 10_000;
const LOG_TAIL_LINES = 15;

/**
 * V8 collects a small heap whole again and again while it grows, each time for 5 to 25 ms, which is as long as a planned move takes: it may
 * grow to so many MiB before that. And it compiles a function when that is called first, which for most of a takeover is in the midst of
 * the first one: here all are compiled when they are read.
 */
const RUNTIME_FLAGS = ["--enable-source-maps", "--initial-old-space-size=128", "--no-lazy"];

export type ProcessKind = "node" | "gateway" | "feed";

/** What a process says on stdout when it is ready; ports by what they are for. */
export interface ReadyLine {
  readonly ready: true;
  readonly kind: ProcessKind;
  readonly http: number;
  readonly grpc?: number;
  readonly ws?: number;
}

/** How a process has ended. */
export interface ExitReason {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

export interface ProcessPlan {
  readonly name: string;
  readonly kind: ProcessKind;
  readonly logFile: string;
  readonly env: Readonly<Record<string, string>>;
  /** The file that is run; absent: the built program of its kind. */
  readonly program?: string;
}

/** A process of the exchange that cannot be started or stopped; the message ends with its last log lines. */
export class ProcessError extends Error {
  override readonly name = "ProcessError";
  readonly code: "PROGRAM_NOT_BUILT" | "PROCESS_START_FAILED" | "PROCESS_STOP_FAILED";
  constructor(code: ProcessError["code"], message: string) {
    super(`${code}: ${message}`);
    this.code = code;
  }
}

function programOf({ kind, program }: ProcessPlan): string {
  const path = program ?? join(PROJECT_ROOT, "dist", "services", kind, "main.js");
  if (existsSync(path)) return path;
  throw new ProcessError("PROGRAM_NOT_BUILT", `${path} is missing; run: npm run build`);
}

/** The variables that a child gets: the system's, and of the settings only those it is given. */
function environment(env: Readonly<Record<string, string>>): NodeJS.ProcessEnv {
  const inherited = Object.entries(process.env).filter(([key]) => !key.startsWith("PALISADE_"));
  return { ...Object.fromEntries(inherited), ...env, PALISADE_WATCH_PARENT: "1" };
}

function within(limitMs: number, work: Promise<unknown>): Promise<boolean> {
  return new Promise((done) => {
    const timer = setTimeout(() => done(false), limitMs);
    void work.then(() => {
      clearTimeout(timer);
      done(true);
    });
  });
}

const living = new Set<ChildProcess>();

// A process that was frozen could not see that its supervisor is gone.
process.on("exit", () => {
  for (const child of living) child.kill("SIGCONT");
});

export class ExchangeProcess {
  readonly name: string;
  readonly kind: ProcessKind;
  readonly plan: ProcessPlan;
  #child: ChildProcess | undefined;
  #ready: ReadyLine | undefined;
  #exited: Promise<ExitReason> = Promise.resolve({ code: null, signal: null });
  #running = false;
  #ending = false;

  private constructor(plan: ProcessPlan) {
    this.name = plan.name;
    this.kind = plan.kind;
    this.plan = plan;
  }

  /** Starts a process and resolves when it says that it is ready. */
  static async start(plan: ProcessPlan): Promise<ExchangeProcess> {
    const started = new ExchangeProcess(plan);
    await started.#launch();
    return started;
  }

  /** The pid of its current (or last) life. */
  get pid(): number {
    return this.#child?.pid ?? 0;
  }

  get isRunning(): boolean {
    return this.#running;
  }

  /** Was its end asked for here? */
  get isEnding(): boolean {
    return this.#ending;
  }

  /** Its loopback ports, the same for all its lives. */
  get ports(): ReadyLine {
    if (!this.#ready) throw new Error(`${this.name} has never been ready`);
    return this.#ready;
  }

  /** Resolves when the current life has ended. */
  get exited(): Promise<ExitReason> {
    return this.#exited;
  }

  /** Sends a signal, SIGKILL by default. Resolves at once; await `exited` for the end. */
  kill(signal: NodeJS.Signals = "SIGKILL"): void {
    this.#ending = true;
    if (this.#running) this.#child?.kill(signal);
  }

  freeze(): void {
    if (this.#running) this.#child?.kill("SIGSTOP");
  }

  resume(): void {
    if (this.#running) this.#child?.kill("SIGCONT");
  }

  /** Asks it to drain and end, waits until it has; kills it when it does not in time. */
  async stop(): Promise<void> {
    this.#ending = true;
    if (!this.#running) return;
    this.resume(); // A frozen process takes no other signal.
    this.kill("SIGTERM");
    if (await within(STOP_LIMIT_MS, this.#exited)) return;
    this.kill("SIGKILL");
    if (await within(KILL_LIMIT_MS, this.#exited)) return;
    throw new ProcessError("PROCESS_STOP_FAILED", `${this.name} (${this.pid}) does not end`);
  }

  /** Starts it again on the same ports, after a stop if it still runs. */
  async restart(): Promise<void> {
    await this.stop();
    await this.#launch();
  }

  /** The last log lines, for messages. */
  logTail(): string {
    if (!existsSync(this.plan.logFile)) return "";
    const lines = readFileSync(this.plan.logFile, "utf8").trimEnd().split("\n");
    return lines.slice(-LOG_TAIL_LINES).join("\n");
  }

  /** Ports that were given once are asked for again, so that clients find the process there. */
  #portVariables(): Record<string, string> {
    const { http, grpc, ws } = this.#ready ?? {};
    return {
      ...(http !== undefined && { PALISADE_HTTP_PORT: String(http) }),
      ...(grpc !== undefined && { PALISADE_GRPC_PORT: String(grpc) }),
      ...(ws !== undefined && { PALISADE_WS_PORT: String(ws) }),
    };
  }

  async #launch(): Promise<void> {
    const { logFile, env } = this.plan;
    const program = programOf(this.plan);
    const output = openSync(logFile, "a");
    const child = spawn(process.execPath, [...RUNTIME_FLAGS, program], {
      cwd: PROJECT_ROOT,
      detached: true,
      stdio: ["pipe", "pipe", output],
      env: environment({ ...env, ...this.#portVariables() }),
    });
    closeSync(output);
    this.#child = child;
    living.add(child);
    this.#running = true;
    this.#ending = false;
    this.#exited = new Promise((done) => {
      const ended = (reason: ExitReason) => {
        this.#running = false;
        living.delete(child);
        done(reason);
      };
      child.once("error", () => ended({ code: null, signal: null }));
      child.once("exit", (code, signal) => ended({ code, signal }));
    });
    child.stdin?.on("error", () => {}); // Its end is seen by `exited`.
    await this.#untilReady(child);
  }

  async #untilReady(child: ChildProcess): Promise<void> {
    const lines = createInterface({ input: child.stdout! });
    const ready = new Promise<ReadyLine>((done) => {
      lines.on("line", (line) => {
        const parsed = parseReadyLine(line);
        if (parsed) done(parsed);
      });
    });
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<string>((done) => {
      timer = setTimeout(() => done(`not ready within ${READY_LIMIT_MS} ms`), READY_LIMIT_MS);
    });
    const ended = this.#exited.then(
      ({ code, signal }) => `it ended with ${signal ?? `code ${code}`}`,
    );
    const outcome = await Promise.race([ready, late, ended]);
    clearTimeout(timer);
    if (typeof outcome !== "string") {
      this.#ready = outcome;
      return;
    }
    this.kill("SIGKILL");
    throw new ProcessError(
      "PROCESS_START_FAILED",
      `${this.name} did not start: ${outcome}. The end of ${this.plan.logFile}:\n${this.logTail()}`,
    );
  }
}

function parseReadyLine(line: string): ReadyLine | undefined {
  try {
    const value = JSON.parse(line) as Partial<ReadyLine> | null;
    return value?.ready === true ? (value as ReadyLine) : undefined;
  } catch {
    return undefined; // Not its word of being ready.
  }
}
