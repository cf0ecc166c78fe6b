/**
 * One server as a child process in a folder of its own: started, known again after a crash of its
 * supervisor, stopped by pid. It is detached, so that a Ctrl-C in the terminal reaches only the
 * supervisor, which then stops its servers in order.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, existsSync, openSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { childrenOf, commandLineOf, identityOf, isAlive } from "./process-identity.js";
import { freeze, sendSignal } from "./process-signals.js";
import { type Log, ServerError } from "./server-error.js";

const PID_FILE = "server.pid";
const LOG_FILE = "server.log";
const POLL_MS = 20;
const START_LIMIT_MS = 60_000;
const STOP_LIMIT_MS = 10_000;
const KILL_LIMIT_MS = 10_000;
const LOG_TAIL_LINES = 15;

export type ServerKind = "nats" | "etcd" | "postgres";

/** A running server, whatever it runs in. A restart keeps its port, url and data. */
export interface ServerHandle {
  readonly kind: ServerKind;
  readonly url: string;
  readonly port: number;
  /** The main process of the server's current life. */
  readonly pid: number;
  /** The folder of what it stores, where that is known and on this machine. */
  readonly dataFolder?: string | undefined;
  /** Sends a signal (SIGSTOP, SIGCONT, …) to every process of the server; waits for nothing but that all stand still after SIGSTOP. */
  signal(name: NodeJS.Signals): Promise<void>;
  /** Asks the server to end, waits until it has; kills it when it does not in time. */
  stop(signal?: NodeJS.Signals): Promise<void>;
  /** SIGKILL to every process of the server at once; resolves when they are gone. */
  kill(): Promise<void>;
  /** Starts it again on the same port and data, after a stop if it still runs. */
  restart(): Promise<void>;
}

/** How to run one server. `folder` is its own; it must show in the command line. */
export interface ServerPlan {
  kind: ServerKind;
  url: string;
  port: number;
  folder: string;
  /** Where in it the server keeps its data. */
  dataFolder?: string;
  command: string;
  args: string[];
  env?: NodeJS.ProcessEnv;
  /** The user to run as; the supervisor's own when absent. */
  user?: { uid: number; gid: number };
  stopSignal: NodeJS.Signals;
  /** Resolves when the server truly answers; rejects when it does not yet. */
  answers: () => Promise<void>;
}

interface PidRecord {
  pid: number;
  identity: string;
}

function readPidRecord(folder: string): PidRecord | undefined {
  try {
    return JSON.parse(readFileSync(join(folder, PID_FILE), "utf8")) as PidRecord;
  } catch {
    return undefined;
  }
}

async function waitUntilGone(pids: number[], limitMs: number): Promise<boolean> {
  const deadline = performance.now() + limitMs;
  while (pids.some(isAlive)) {
    if (performance.now() > deadline) return false;
    await sleep(POLL_MS);
  }
  return true;
}

/** Ends a process and its children, with force when it does not end in time. */
async function endProcess(pid: number, signal: NodeJS.Signals): Promise<void> {
  // One that still runs may start another, which would live on.
  const all = signal === "SIGKILL" ? await freeze(pid) : [pid, ...childrenOf(pid)];
  sendSignal(signal === "SIGKILL" ? all : [pid], signal);
  if (signal !== "SIGKILL") {
    sendSignal(all, "SIGCONT"); // A frozen process takes no other signal.
    if (await waitUntilGone(all, STOP_LIMIT_MS)) return;
    sendSignal(all.filter(isAlive), "SIGKILL");
  }
  if (await waitUntilGone(all, KILL_LIMIT_MS)) return;
  throw new ServerError("SERVER_STOP_FAILED", `process ${pid} does not end, not even by SIGKILL`);
}

/**
 * Stops what an earlier supervisor left running in this folder. A process is ours when it is the
 * same life of the pid that was noted, and its command line names the folder; any other is left
 * alone.
 */
export async function stopLeftover(
  folder: string,
  stopSignal: NodeJS.Signals,
  log: Log,
): Promise<void> {
  const record = readPidRecord(folder);
  if (record === undefined) return;
  const isOurs =
    identityOf(record.pid) === record.identity &&
    (commandLineOf(record.pid) ?? "").includes(folder);
  if (isOurs) {
    log(`stopping process ${record.pid}, left over from an earlier run in ${folder}`);
    await endProcess(record.pid, stopSignal);
  }
  rmSync(join(folder, PID_FILE), { force: true });
}

/** The last lines a server has logged, for an error message. */
function logTail(folder: string): string {
  const path = join(folder, LOG_FILE);
  if (!existsSync(path)) return "";
  return readFileSync(path, "utf8").trimEnd().split("\n").slice(-LOG_TAIL_LINES).join("\n");
}

const living = new Set<ChildServer>();

// Nothing asynchronous runs any more on exit; a signal is enough for servers that still live.
process.on("exit", () => {
  for (const server of living) server.abandon();
});

export class ChildServer implements ServerHandle {
  readonly kind: ServerKind;
  readonly url: string;
  readonly port: number;
  readonly dataFolder: string | undefined;
  #plan: ServerPlan;
  #pid = 0;
  /** Tells this life of the pid from a later one, which would be somebody else. */
  #identity: string | undefined;
  #child: ChildProcess | undefined;

  private constructor(plan: ServerPlan) {
    this.kind = plan.kind;
    this.url = plan.url;
    this.port = plan.port;
    this.dataFolder = plan.dataFolder;
    this.#plan = plan;
  }

  /** Starts a server and resolves when it answers. */
  static async start(plan: ServerPlan): Promise<ChildServer> {
    const server = new ChildServer(plan);
    await server.#launch();
    return server;
  }

  get pid(): number {
    return this.#pid;
  }

  async signal(name: NodeJS.Signals): Promise<void> {
    if (!this.#isAlive()) return;
    if (name === "SIGSTOP") await freeze(this.#pid);
    else sendSignal([this.#pid, ...childrenOf(this.#pid)], name);
  }

  async stop(signal: NodeJS.Signals = this.#plan.stopSignal): Promise<void> {
    if (this.#isAlive()) await endProcess(this.#pid, signal);
    await this.#reaped();
    living.delete(this);
    rmSync(join(this.#plan.folder, PID_FILE), { force: true });
  }

  async kill(): Promise<void> {
    await this.stop("SIGKILL");
  }

  async restart(): Promise<void> {
    await this.stop();
    await this.#launch();
  }

  /** The last that a supervisor can do for its server while it exits. */
  abandon(): void {
    if (!this.#isAlive()) return;
    sendSignal([this.#pid], this.#plan.stopSignal);
    sendSignal([this.#pid, ...childrenOf(this.#pid)], "SIGCONT"); // A frozen process takes no other signal.
  }

  #isAlive(): boolean {
    return this.#identity !== undefined && identityOf(this.#pid) === this.#identity;
  }

  /** Until the system has forgotten the process: PostgreSQL takes a zombie for a living server. */
  async #reaped(): Promise<void> {
    const child = this.#child;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    child.ref();
    await once(child, "exit");
  }

  async #launch(): Promise<void> {
    const { kind, folder, command, args, env, user } = this.#plan;
    const output = openSync(join(folder, LOG_FILE), "a");
    const child = spawn(command, args, {
      cwd: "/",
      detached: true,
      stdio: ["ignore", output, output],
      env: { ...process.env, ...env },
      ...user,
    });
    closeSync(output);
    const failed = new Promise<string>((done) => {
      child.once("error", (error) => done(error.message));
      child.once("exit", (code, signal) => done(`it ended with ${signal ?? `code ${code}`}`));
    });
    child.unref();
    if (child.pid === undefined) {
      throw new ServerError("SERVER_START_FAILED", `${kind} (${command}): ${await failed}`);
    }
    this.#child = child;
    this.#pid = child.pid;
    this.#identity = identityOf(child.pid);
    living.add(this);
    const record: PidRecord = { pid: child.pid, identity: this.#identity ?? "" };
    writeFileSync(join(folder, PID_FILE), JSON.stringify(record));
    await this.#untilItAnswers(failed);
  }

  async #untilItAnswers(failed: Promise<string>): Promise<void> {
    const { kind, folder, port, answers } = this.#plan;
    let failure: string | undefined;
    void failed.then((reason) => (failure = reason));
    const deadline = performance.now() + START_LIMIT_MS;
    for (;;) {
      const answered = await answers().then(
        () => true,
        () => false,
      );
      // Whoever answers on the port is not this server when this server has ended.
      if (answered && failure === undefined) return;
      if (performance.now() > deadline) failure ??= `no answer within ${START_LIMIT_MS} ms`;
      if (failure !== undefined) break;
      await sleep(POLL_MS);
    }
    await this.stop("SIGKILL");
    throw new ServerError(
      "SERVER_START_FAILED",
      `${kind} did not start on port ${port}: ${failure}\n${logTail(folder)}`,
    );
  }
}
