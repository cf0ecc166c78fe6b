/** A disk of an exchange's own, which can be filled to its last byte: in memory, mounted as root. */
import { spawnSync } from "node:child_process";
import {
  closeSync,
  mkdtempSync,
  openSync,
  rmdirSync,
  rmSync,
  statfsSync,
  writeSync,
} from "node:fs";
import { open } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { CannotStrikeError } from "../drills/drill.js";

/** An exchange starts only where a GiB is free. */
const DISK_MIB = 2_048;
const CHUNK = Buffer.alloc(1_048_576);
/** So much is left free before the blow, for what is written until then; it is filled in a moment. */
const LEFT_BYTES = 134_217_728;
/** Servers give something back now and then: it is taken again. */
const FILL_AGAIN_EVERY_MS = 50;

export class SmallDisk {
  readonly path: string;
  private filling: NodeJS.Timeout | undefined;

  private constructor(path: string) {
    this.path = path;
    process.once("exit", this.unmount);
  }

  static mount(): SmallDisk {
    const path = mkdtempSync(join(tmpdir(), "palisade-disk-"));
    const options = `size=${DISK_MIB}m,mode=711`;
    const args = ["-t", "tmpfs", "-o", options, "palisade", path];
    const { status, stderr, error } = spawnSync("mount", args, { encoding: "utf8" });
    if (status === 0) return new SmallDisk(path);
    rmdirSync(path);
    throw new CannotStrikeError(
      `to fill a disk, one has to be mounted, which takes root: ${(error?.message ?? stderr).trim()}`,
    );
  }

  get freeBytes(): number {
    const { bavail, bsize } = statfsSync(this.path);
    return bavail * bsize;
  }

  /** Fills most of it, while others work on: all of it takes seconds, in which it would not be full yet. */
  async prepare(): Promise<void> {
    const file = await open(this.ballast, "a");
    try {
      while (this.freeBytes > LEFT_BYTES) await file.write(CHUNK);
    } finally {
      await file.close();
    }
  }

  /** Until not one byte is free, and so it stays until there is to be room again. */
  fill(): void {
    this.fillUp();
    this.filling ??= setInterval(() => this.fillUp(), FILL_AGAIN_EVERY_MS);
  }

  makeRoom(): void {
    clearInterval(this.filling);
    this.filling = undefined;
    rmSync(this.ballast, { force: true });
  }

  private fillUp(): void {
    const file = openSync(this.ballast, "a");
    try {
      for (let chunk = CHUNK; ; ) {
        try {
          writeSync(file, chunk);
        } catch (error) {
          if ((error as NodeJS.ErrnoException).code !== "ENOSPC") throw error;
          if (chunk.length === 1) return;
          chunk = chunk.subarray(0, chunk.length >> 1);
        }
      }
    } finally {
      closeSync(file);
    }
  }

  /** With everything that is on it. */
  readonly unmount = (): void => {
    process.off("exit", this.unmount);
    clearInterval(this.filling);
    spawnSync("umount", ["-l", this.path]);
    rmSync(this.path, { recursive: true, force: true });
  };

  private get ballast(): string {
    return join(this.path, "ballast");
  }
}
