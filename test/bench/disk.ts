/**
 * What reaches the disks that hold an exchange's data, as the system counts it for each block device: of the whole machine,
 * so of whoever else writes there, too. (`write_bytes` in /proc/PID/io is no measure: a file system with large folios counts
 * all of a folio, up to a megabyte, for each page of it that is made dirty.)
 */
import { readFileSync, statSync } from "node:fs";
import type { Servers } from "../../services/servers/cluster.js";

/** The unit of /proc/diskstats, whatever the device's own sectors are. */
const BYTES_PER_SECTOR = 512;
/** Fields of a line of /proc/diskstats. */
const MAJOR = 0;
const MINOR = 1;
const SECTORS_WRITTEN = 9;

/** Bytes written up to now to the devices of all servers' data; undefined where one of these cannot be told. */
export function diskBytes(servers: Servers): number | undefined {
  const { nats, etcd, postgres, furtherPostgres } = servers;
  const folders = [nats, etcd, postgres, ...furtherPostgres].map(({ dataFolder }) => dataFolder);
  return bytesOfFolders(folders);
}

/** Each device counts once. A folder that is not on this machine is undefined, and with it the whole. */
export function bytesOfFolders(folders: readonly (string | undefined)[]): number | undefined {
  const written = writtenByDevice();
  const devices = new Set(
    folders.map((folder) => (folder === undefined ? undefined : deviceOf(folder))),
  );
  let bytes = 0;
  for (const device of devices) {
    const its = device === undefined ? undefined : written.get(device);
    if (its === undefined) return undefined;
    bytes += its;
  }
  return bytes;
}

/**
 * The device of a folder, `major:minor`, as the system names it. What has no block device of its own (tmpfs, an overlay, a
 * network's file system, btrfs) has a number that /proc/diskstats does not know.
 */
export function deviceOf(folder: string): string | undefined {
  const device = statSync(folder, { bigint: true, throwIfNoEntry: false })?.dev;
  if (device === undefined) return undefined;
  const major = ((device >> 8n) & 0xfffn) | ((device >> 32n) & ~0xfffn);
  const minor = (device & 0xffn) | ((device >> 12n) & ~0xffn & 0xffffffffn);
  return `${major}:${minor}`;
}

/** Empty where there is no such file. */
function writtenByDevice(): Map<string, number> {
  try {
    return parseDiskStats(readFileSync("/proc/diskstats", "utf8"));
  } catch {
    return new Map();
  }
}

/** Bytes written by device, whole disks and partitions alike. */
export function parseDiskStats(text: string): Map<string, number> {
  const written = new Map<string, number>();
  for (const line of text.split("\n")) {
    const fields = line.trim().split(/\s+/);
    const sectors = Number(fields[SECTORS_WRITTEN]);
    if (Number.isInteger(sectors)) {
      written.set(`${fields[MAJOR]}:${fields[MINOR]}`, sectors * BYTES_PER_SECTOR);
    }
  }
  return written;
}
