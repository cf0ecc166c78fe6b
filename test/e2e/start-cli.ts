/** The command line as people use it: commands as processes, and one `start` that stays. */
import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import pg from "pg";
import { EXIT_REFUSED } from "../../services/cli/exit-codes.js";
import type { RunFile } from "../../services/cli/run-file.js";
import { identityOf } from "../../services/servers/process-identity.js";
import { PROJECT_ROOT } from "../../services/servers/project-root.js";

const PROGRAM = join(PROJECT_ROOT, "dist", "services", "cli", "main.js");
const POLL_MS = 50;
const WAIT_LIMIT_MS = 90_000;

export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Waits until something is there; the error says what was waited for. */
export async function eventually<T>(what: string, look: () => Promise<T | undefined>): Promise<T> {
  const deadline = performance.now() + WAIT_LIMIT_MS;
  for (;;) {
    const found = await look();
    if (found !== undefined) return found;
    if (performance.now() > deadline) throw new Error(`waited in vain for ${what}`);
    await new Promise((wake) => setTimeout(wake, POLL_MS));
  }
}

/** Of these 1 is a verdict. */
const JUDGES = ["drill", "game-day"];

class Running {
  readonly child: ChildProcess;
  readonly ended: Promise<Ended>;
  stderr = "";

  constructor(args: readonly string[], env: Readonly<Record<string, string>>) {
    this.child = spawn(process.execPath, [PROGRAM, ...args], {
      stdio: ["ignore", "pipe", "pipe"],
      env: { ...process.env, ...env },
    });
    let stdout = "";
    this.child.stdout!.on("data", (chunk) => (stdout += chunk));
    this.child.stderr!.on("data", (chunk) => (this.stderr += chunk));
    this.ended = new Promise((done) => {
      this.child.once("close", (code) => done({ code, stdout, stderr: this.stderr }));
    });
  }
}

/** An exchange's data directory, and the commands that are given to what runs on it. */
export class Terminal {
  readonly dataDir: string;
  readonly env: Readonly<Record<string, string>>;

  constructor(dataDir: string, env: Readonly<Record<string, string>>) {
    this.dataDir = dataDir;
    this.env = env;
  }

  /** Runs a command to its end. */
  run(...args: string[]): Promise<Ended> {
    return this.begin(...args).ended;
  }

  /** Runs a command that takes no exchange. */
  runAlone(...args: string[]): Promise<Ended> {
    return new Running(args, this.env).ended;
  }

  /** A command that somebody may end before it does. */
  begin(...args: string[]): Running {
    return new Running([...args, "--data-dir", this.dataDir], this.env);
  }

  /** Runs a command that prints one line of JSON, and must succeed. */
  async json<T>(...args: string[]): Promise<T> {
    const { code, stdout, stderr } = await this.run(...args, "--json");
    if (code !== 0) throw new Error(`${args.join(" ")} ended with ${code}: ${stdout}${stderr}`);
    return JSON.parse(stdout) as T;
  }

  /** A command that must fail: what it says. */
  async refused(...args: string[]): Promise<string> {
    const { code, stdout, stderr } = await this.run(...args);
    if (code === (JUDGES.includes(args[0]!) ? EXIT_REFUSED : 1) && stdout === "") return stderr;
    throw new Error(`${args.join(" ")} ended with ${code}: ${stdout}${stderr}`);
  }

  /** `start`, as soon as it says how to stop it. */
  async start(): Promise<Running> {
    const running = new Running(["start", "--data-dir", this.dataDir], this.env);
    await eventually("the exchange to be up", async () => {
      if (running.child.exitCode !== null) throw new Error(`start ended: ${running.stderr}`);
      return running.stderr.includes("Ctrl-C") || undefined;
    });
    return running;
  }

  async sql(statement: string): Promise<Record<string, unknown>[]> {
    const client = new pg.Client({ connectionString: this.runFile().urls.postgres });
    await client.connect();
    const { rows } = await client.query<Record<string, unknown>>(statement);
    await client.end();
    return rows;
  }

  runFile(): RunFile {
    return JSON.parse(readFileSync(join(this.dataDir, "run.json"), "utf8")) as RunFile;
  }

  /** Everything that runs for the exchange now: its processes and servers, as (pid, identity). */
  alive(): { readonly pid: number; readonly identity: string }[] {
    const servers = ["nats", "etcd", "postgres"]
      .map((kind) => join(this.dataDir, kind, "server.pid"))
      .filter((path) => existsSync(path))
      .map((path) => JSON.parse(readFileSync(path, "utf8")) as { pid: number; identity: string });
    return [...this.runFile().processes, ...servers].filter(isSame);
  }
}

/** Does this life of the pid still go on? */
export function isSame({ pid, identity }: { pid: number; identity: string }): boolean {
  return identityOf(pid) === identity;
}

/** Ends `npm start`, the last of these processes, as a Ctrl-C would, and with it all that it has started. */
export async function stopAll(
  everStarted: readonly { readonly pid: number; readonly identity: string }[],
): Promise<void> {
  const [start] = everStarted.slice(-1);
  if (start && isSame(start)) process.kill(start.pid, "SIGINT");
  await eventually("everything to stop", async () => !everStarted.some(isSame) || undefined).catch(
    () => {
      for (const each of everStarted.filter(isSame)) process.kill(each.pid, "SIGKILL");
    },
  );
}
