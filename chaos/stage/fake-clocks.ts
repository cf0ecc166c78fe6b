/** Clocks of processes that can be set, each by itself: libfaketime gives them the time, and a file says by how much it is wrong. */
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { CannotStrikeError } from "../drills/drill.js";

const PLACES = ["/usr/lib", "/usr/local/lib"];
const LIBRARY = join("faketime", "libfaketime.so.1");
/** It looks into the file this often. */
const CACHE_SECONDS = 1;

export class FakeClocks {
  private readonly library: string;
  private readonly folder = mkdtempSync(join(tmpdir(), "palisade-clocks-"));

  /** Throws `CannotStrikeError` where there is no libfaketime. */
  constructor() {
    const library = findLibrary();
    if (library === undefined) {
      throw new CannotStrikeError(
        `a clock can be set for one process only by libfaketime, and there is no ${LIBRARY} under ` +
          `${PLACES.join(" or ")}. On Debian and Ubuntu: apt-get install libfaketime`,
      );
    }
    this.library = library;
  }

  /** What a process has to be started with; its clock is right at first. */
  environmentOf(process: string): Record<string, string> {
    this.set(process, 0);
    return {
      LD_PRELOAD: this.library,
      FAKETIME_TIMESTAMP_FILE: this.fileOf(process),
      FAKETIME_CACHE_DURATION: String(CACHE_SECONDS),
      // What measures how long something takes is another clock, which nobody sets.
      FAKETIME_DONT_FAKE_MONOTONIC: "1",
      DONT_FAKE_MONOTONIC: "1",
    };
  }

  /** Sets a process's clock so many seconds ahead, or behind. */
  set(process: string, seconds: number): void {
    writeFileSync(this.fileOf(process), `${seconds < 0 ? "" : "+"}${seconds}\n`);
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }

  private fileOf(process: string): string {
    return join(this.folder, process);
  }
}

/** Debian has a folder for each kind of processor. */
function findLibrary(): string | undefined {
  const folders = PLACES.filter((place) => existsSync(place)).flatMap((place) => [
    place,
    ...readdirSync(place).map((name) => join(place, name)),
  ]);
  return folders.map((folder) => join(folder, LIBRARY)).find((path) => existsSync(path));
}
