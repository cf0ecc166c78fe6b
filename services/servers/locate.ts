/** Finds the three servers' programs on this machine, and checks that their versions fit. */
import { spawnSync } from "node:child_process";
import { accessSync, constants, existsSync, readdirSync } from "node:fs";
import { delimiter, join } from "node:path";
import type { ServerKind } from "./child-server.js";
import { ServerError } from "./server-error.js";

const VERSION_LIMIT_MS = 10_000;
const DEBIAN_POSTGRES_DIR = "/usr/lib/postgresql";
/** Where a package manager may have put a server although a user's PATH does not say so. */
const USUAL_DIRS = ["/usr/local/bin", "/usr/bin", "/usr/sbin", "/usr/local/sbin"];
const BREW_DIRS = ["/opt/homebrew/opt", "/usr/local/opt"];

const PROGRAM: Record<ServerKind, string> = {
  nats: "nats-server",
  etcd: "etcd",
  postgres: "postgres",
};

interface Version {
  major: number;
  minor: number;
}

/** The oldest version of each server that the exchange is made for. */
export const MIN_VERSION: Record<ServerKind, Version> = {
  nats: { major: 2, minor: 9 }, // JetStream's consumers by start sequence, as the client needs them.
  etcd: { major: 3, minor: 4 }, // The v3 API with the /v3 health and lease calls.
  postgres: { major: 14, minor: 0 }, // Data-modifying CTEs over unnest, lz4, and recovery settings.
};

/** The path of each server's program; beside `postgres` lies `initdb`. */
export type ServerBinaries = Record<ServerKind, string>;

/** What was found: a program that fits, none, or one that does not fit. */
export type Located =
  | { state: "found"; path: string; version: string }
  | { state: "missing" }
  | { state: "unsupported"; path: string; version: string };

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** Runs `program --version`; the version is its first number with a dot, as `14.2` in `v14.2`. */
function versionOf(program: string): string | undefined {
  const options = { encoding: "utf8", timeout: VERSION_LIMIT_MS } as const;
  const { stdout, stderr } = spawnSync(program, ["--version"], options);
  return /(\d+)\.(\d+)(\.\d+)?/.exec(`${stdout}${stderr}`)?.[0];
}

/** Whether a version such as `2.9.10` is new enough. */
export function fits(kind: ServerKind, version: string): boolean {
  const [major = 0, minor = 0] = version.split(".").map(Number);
  const min = MIN_VERSION[kind];
  return major > min.major || (major === min.major && minor >= min.minor);
}

/** The first program of the list that fits; else the first that does not, else nothing. */
function firstThatFits(kind: ServerKind, programs: string[]): Located {
  let rejected: Located = { state: "missing" };
  for (const path of programs.filter(isExecutable)) {
    const version = versionOf(path);
    if (version !== undefined && fits(kind, version)) return { state: "found", path, version };
    if (rejected.state === "missing") {
      rejected = { state: "unsupported", path, version: version ?? "unknown" };
    }
  }
  return rejected;
}

/** Debian keeps each major version in a folder of its own, outside PATH; the newest comes first. */
function debianPostgresDirs(): string[] {
  if (!existsSync(DEBIAN_POSTGRES_DIR)) return [];
  return readdirSync(DEBIAN_POSTGRES_DIR)
    .sort((a, b) => Number(b) - Number(a))
    .map((version) => join(DEBIAN_POSTGRES_DIR, version, "bin"));
}

/** Homebrew does the same, as postgresql@17. */
function brewPostgresDirs(): string[] {
  return BREW_DIRS.filter((dir) => existsSync(dir)).flatMap((dir) =>
    readdirSync(dir)
      .filter((name) => name.startsWith("postgresql"))
      .map((name) => join(dir, name, "bin")),
  );
}

function pgConfigDirs(): string[] {
  const options = { encoding: "utf8", timeout: VERSION_LIMIT_MS } as const;
  const { stdout } = spawnSync("pg_config", ["--bindir"], options);
  return stdout ? [stdout.trim()] : [];
}

/** The folders to look for a server in: PATH first, then where packages put it. */
export function searchDirs(kind: ServerKind): string[] {
  const path = (process.env["PATH"] ?? "").split(delimiter).filter(Boolean);
  if (kind !== "postgres") return [...path, ...USUAL_DIRS];
  return [...path, ...debianPostgresDirs(), ...pgConfigDirs(), ...brewPostgresDirs()];
}

/** Looks for one server in the folders. */
export function locate(kind: ServerKind, dirs: string[]): Located {
  // A PostgreSQL without initdb beside it is only a client.
  const whole =
    kind === "postgres" ? dirs.filter((dir) => isExecutable(join(dir, "initdb"))) : dirs;
  return firstThatFits(
    kind,
    whole.map((dir) => join(dir, PROGRAM[kind])),
  );
}

/** The error for a program that is there, but too old (or does not say its version). */
export function unsupported(kind: ServerKind, found: { path: string; version: string }) {
  const { major, minor } = MIN_VERSION[kind];
  return new ServerError(
    "SERVER_VERSION_UNSUPPORTED",
    `${found.path} is version ${found.version}; Palisade needs ${kind} ${major}.${minor} or newer. ` +
      "Upgrade it, or put a newer one first in PATH.",
  );
}
