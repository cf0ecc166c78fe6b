/** What a number was measured on, and of which code and when, as far as anybody may ask. */
import { spawnSync } from "node:child_process";
import { readFileSync, readlinkSync, realpathSync } from "node:fs";
import { cpus, release, totalmem } from "node:os";
import { basename, sep } from "node:path";
import { PROJECT_ROOT } from "../../services/servers/project-root.js";
import { deviceOf } from "./disk.js";
import { machineSpeed } from "./machine-speed.js";

const BYTES_PER_MIB = 1_048_576;
/** Fields of a line of /proc/self/mountinfo; the kind of file system is the first after a lone dash. */
const MOUNT_POINT = 4;
const DASH = "-";

/** Null: it cannot be told. */
export type Machine = Readonly<Record<string, string | number | null>>;

/** Without a folder (it may be in a container) nothing is known of its disk. */
export function machineOf(dataFolder: string | undefined): Machine {
  const cores = cpus();
  return {
    measuredAt: new Date().toISOString(),
    code: codeName(),
    cores: cores.length,
    processor: cores[0]?.model ?? "unknown",
    memoryMib: Math.round(totalmem() / BYTES_PER_MIB),
    node: process.version,
    system: process.platform,
    kernel: release(),
    ...machineSpeed(),
    fileSystem: orNull(dataFolder, (folder) =>
      fileSystemOf(realpathSync(folder), readFileSync("/proc/self/mountinfo", "utf8")),
    ),
    blockDevice: orNull(dataFolder, (folder) =>
      basename(readlinkSync(`/sys/dev/block/${deviceOf(folder)}`)),
    ),
  };
}

/** The commit, and whether anything was changed since; null: there is no git, or no history. */
function codeName(): string | null {
  const named = spawnSync("git", ["describe", "--always", "--dirty"], { cwd: PROJECT_ROOT });
  return named.status === 0 ? named.stdout.toString().trim() : null;
}

/** As a table or a page names it. */
export function machineText({ cores, processor }: Machine): string {
  return `${cores ?? "?"} cores (${processor ?? "unknown"})`;
}

/** Not each system has these files, and not each file system a device of its own. */
function orNull(
  folder: string | undefined,
  look: (folder: string) => string | null,
): string | null {
  if (folder === undefined) return null;
  try {
    return look(folder);
  } catch {
    return null;
  }
}

/** The kind of file system that a path is on, by the lines of /proc/self/mountinfo: of two at one place the later hides the other. */
export function fileSystemOf(path: string, mountInfo: string): string | null {
  let found: { readonly place: string; readonly kind: string } | undefined;
  for (const line of mountInfo.split("\n")) {
    const fields = line.split(" ");
    const place = unescaped(fields[MOUNT_POINT] ?? "");
    const kind = fields[fields.indexOf(DASH, MOUNT_POINT) + 1];
    if (kind === undefined || !isWithin(path, place)) continue;
    if (place.length >= (found?.place.length ?? 0)) found = { place, kind };
  }
  return found?.kind ?? null;
}

function isWithin(path: string, place: string): boolean {
  if (place === "") return false;
  return path === place || path.startsWith(place.endsWith(sep) ? place : place + sep);
}

/** Spaces and the like stand there as octal numbers. */
function unescaped(text: string): string {
  return text.replace(/\\([0-7]{3})/g, (_, octal: string) =>
    String.fromCharCode(Number.parseInt(octal, 8)),
  );
}
