/** How commands find the exchange that `start` runs: a file in its data directory. */
import { readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { loadConfig } from "../common/config.js";
import { identityOf } from "../servers/process-identity.js";
import { PROJECT_ROOT } from "../servers/project-root.js";
import type { Exchange } from "../supervisor/exchange.js";
import { CliError } from "./cli-error.js";

const FORMAT = 1;

export interface RunningProcess {
  readonly name: string;
  readonly kind: string;
  readonly pid: number;
  /** A text that only this life of the pid has. */
  readonly identity: string;
  readonly http: number;
}

export interface RunFile {
  readonly format: number;
  readonly pid: number;
  readonly identity: string;
  readonly grpc: string;
  readonly ws: string;
  readonly urls: Readonly<Record<"nats" | "etcd" | "postgres", string>>;
  readonly processes: readonly RunningProcess[];
}

/** The data directory of the settings, from the project's folder where it is not absolute. */
export function dataDirectory(flag?: string): string {
  const { dataDir } = loadConfig(process.env, flag === undefined ? {} : { dataDir: flag }).values;
  return resolve(PROJECT_ROOT, dataDir);
}

function pathOf(dataDir: string): string {
  return join(dataDir, "run.json");
}

export function writeRunFile(exchange: Exchange): void {
  const run: RunFile = {
    format: FORMAT,
    pid: process.pid,
    identity: identityOf(process.pid) ?? "",
    grpc: exchange.grpc,
    ws: exchange.ws,
    urls: exchange.urls,
    processes: processesOf(exchange),
  };
  const path = pathOf(exchange.dataDir);
  writeFileSync(`${path}.new`, `${JSON.stringify(run, null, 2)}\n`);
  renameSync(`${path}.new`, path);
}

/** As they are now: one that was started again is another. */
export function processesOf({ processes }: Exchange): RunningProcess[] {
  return [...processes.values()].map(({ name, kind, pid, ports }) => ({
    name,
    kind,
    pid,
    identity: identityOf(pid) ?? "",
    http: ports.http,
  }));
}

export function removeRunFile(dataDir: string): void {
  rmSync(pathOf(dataDir), { force: true });
}

function find(dataDir: string): RunFile | undefined {
  try {
    const run = JSON.parse(readFileSync(pathOf(dataDir), "utf8")) as RunFile;
    return run.format === FORMAT && identityOf(run.pid) === run.identity ? run : undefined;
  } catch {
    return undefined;
  }
}

export function isRunning(dataDir: string): boolean {
  return find(dataDir) !== undefined;
}

/** The exchange that runs on a data directory. Throws `CliError` when none does, with what is to be done then. */
export function readRunFile(
  dataDir: string,
  advice = `Start one in another terminal with: ${startCommand(dataDir)}`,
): RunFile {
  const run = find(dataDir);
  if (run) return run;
  throw new CliError(
    "EXCHANGE_NOT_RUNNING",
    `no exchange runs on ${dataDir}, or it has yet to start its processes; one with another data directory is found by --data-dir. ${advice}`,
  );
}

/** What starts an exchange on this data directory. */
export function startCommand(dataDir: string): string {
  return dataDir === dataDirectory() ? "npm start" : `npm start -- --data-dir ${dataDir}`;
}
