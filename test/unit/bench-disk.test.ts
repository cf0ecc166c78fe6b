/** What reaches the disks, as `/proc/diskstats` has it. */
import { existsSync, mkdtempSync, rmSync, statfsSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { bytesOfFolders, parseDiskStats } from "../bench/disk.js";

const BYTES_PER_MIB = 1_048_576;
const TMPFS = 0x01021994;
const SHARED_MEMORY = "/dev/shm";

const LINES = `   8       0 sda 100 1 2000 30 200 2 4000 50 0 60 70 0 0 0 0 0 0
   8       1 sda1 90 1 1900 30 190 2 3990 50 0 60 70
 259  100000 nvme0n1p1 1 0 8 1 1 0 16 1 0 1 1
`;

it("counts sectors of 512 bytes, of disks and partitions", () => {
  expect([...parseDiskStats(LINES)]).toEqual([
    ["8:0", 4_000 * 512],
    ["8:1", 3_990 * 512],
    ["259:100000", 16 * 512],
  ]);
});

it("knows nothing where a folder is not on this machine, or not there", () => {
  expect(bytesOfFolders([tmpdir(), undefined])).toBeUndefined();
  expect(bytesOfFolders([join(tmpdir(), "palisade-is-not-there")])).toBeUndefined();
});

it.runIf(existsSync(SHARED_MEMORY) && statfsSync(SHARED_MEMORY).type === TMPFS)(
  "knows nothing of what is in memory",
  () => {
    expect(bytesOfFolders([SHARED_MEMORY])).toBeUndefined();
  },
);

it.runIf(bytesOfFolders([tmpdir()]) !== undefined)(
  "sees what was written, once where two folders are on one disk",
  () => {
    const folder = mkdtempSync(join(tmpdir(), "palisade-disk-"));
    try {
      const before = bytesOfFolders([folder, tmpdir()])!;
      writeFileSync(join(folder, "data"), Buffer.alloc(BYTES_PER_MIB, 1), { flush: true });
      const after = bytesOfFolders([folder, tmpdir()])!;
      expect(after - before).toBeGreaterThanOrEqual(BYTES_PER_MIB);
      const [twice, once] = [bytesOfFolders([folder, tmpdir()])!, bytesOfFolders([folder])!];
      expect(once).toBeLessThan(twice + twice / 2);
      expect(once).toBeGreaterThanOrEqual(twice);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  },
);
