/** Makes sure the three servers can be run here: found, else installed by apt, else in containers. */
import { existsSync, readFileSync } from "node:fs";
import { loadConfig } from "../common/config.js";
import { APT_PACKAGE, aptCommand, installByApt } from "./apt.js";
import type { ServerKind } from "./child-server.js";
import type { Images } from "./containers.js";
import { SERVER_KINDS } from "./data-dir.js";
import { locate, MIN_VERSION, type ServerBinaries, searchDirs, unsupported } from "./locate.js";
import { type Log, ServerError } from "./server-error.js";

/** How the servers can be run on this machine. */
export type Provision =
  | { way: "local"; binaries: ServerBinaries }
  | { way: "docker"; images: Images };

export interface EnsureOptions {
  log: Log;
  /** Where to look for each server; the machine's own places when absent. */
  search?: (kind: ServerKind) => string[];
  /** The setting PALISADE_SERVERS when absent. */
  way?: "auto" | "docker";
}

interface Found {
  binaries: Partial<ServerBinaries>;
  missing: ServerKind[];
}

function locateAll(search: (kind: ServerKind) => string[]): Found {
  const binaries: Partial<ServerBinaries> = {};
  const missing: ServerKind[] = [];
  for (const kind of SERVER_KINDS) {
    const found = locate(kind, search(kind));
    if (found.state === "unsupported") throw unsupported(kind, found);
    if (found.state === "found") binaries[kind] = found.path;
    else missing.push(kind);
  }
  return { binaries, missing };
}

function systemFamily(): string {
  if (process.platform === "darwin") return "macos";
  if (!existsSync("/etc/os-release")) return process.platform;
  const release = readFileSync("/etc/os-release", "utf8");
  const ids = [...release.matchAll(/^ID(?:_LIKE)?=(.*)$/gm)].map((match) => match[1] ?? "");
  const known = ["debian", "ubuntu", "fedora", "rhel"];
  return known.find((name) => ids.some((id) => id.includes(name))) ?? "other";
}

/** What to do about missing servers, in the words of the system at hand. */
export function advice(missing: readonly ServerKind[], family: string): string {
  const binaries = "nats-server from https://nats.io/download, etcd from https://etcd.io/docs";
  if (family === "debian" || family === "ubuntu") return `As root: ${aptCommand(missing)}`;
  if (family === "fedora" || family === "rhel") {
    return `As root: dnf install etcd postgresql-server; ${binaries} where dnf has none.`;
  }
  if (family === "macos") {
    const formulas = { nats: "nats-server", etcd: "etcd", postgres: "postgresql@17" };
    return `With Homebrew: brew install ${missing.map((kind) => formulas[kind]).join(" ")}`;
  }
  return `Install ${binaries}, PostgreSQL from https://www.postgresql.org/download, into PATH.`;
}

function missingError(missing: readonly ServerKind[]): ServerError {
  const names = missing.map((kind) => {
    const { major, minor } = MIN_VERSION[kind];
    return `${APT_PACKAGE[kind]} (${major}.${minor} or newer)`;
  });
  return new ServerError(
    "SERVER_MISSING",
    `not on this machine, and no way to get it was open (apt as root or by sudo, Docker): ` +
      `${names.join(", ")}.\n${advice(missing, systemFamily())}\n` +
      "Or start Docker: the servers then run in containers.",
  );
}

/** The images to run when a Docker engine answers. */
async function dockerImages(): Promise<Images | undefined> {
  const { configuredImages, dockerClient } = await import("./containers.js");
  return (await dockerClient()) === undefined ? undefined : configuredImages();
}

/** Finds the servers; installs what is missing where that is possible, else takes Docker. */
export async function ensureServers(options: EnsureOptions): Promise<Provision> {
  const { log, search = searchDirs, way = loadConfig().values.servers } = options;
  if (way === "docker") {
    const images = await dockerImages();
    if (images !== undefined) return { way, images };
    throw new ServerError(
      "SERVER_MISSING",
      "PALISADE_SERVERS=docker, but no Docker engine answers",
    );
  }
  const first = locateAll(search);
  if (first.missing.length === 0) return local(first);
  log(`not on this machine: ${first.missing.map((kind) => APT_PACKAGE[kind]).join(", ")}`);
  if (await installByApt(first.missing, log)) {
    const second = locateAll(search);
    if (second.missing.length === 0) return local(second);
  }
  const images = await dockerImages();
  if (images !== undefined) {
    log("taking Docker: the servers run in containers");
    return { way: "docker", images };
  }
  throw missingError(first.missing);
}

function local({ binaries }: Found): Provision {
  return { way: "local", binaries: binaries as ServerBinaries };
}
