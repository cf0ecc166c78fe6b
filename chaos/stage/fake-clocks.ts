/** Clocks of processes that can be set, each by itself: libfaketime gives them the time, and a file says by how much it is wrong. */
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { installPackage } from "../../services/servers/apt.js";
import type { Log } from "../../services/servers/server-error.js";
import { CannotStrikeError } from "../drills/drill.js";

const PLACES = ["/usr/lib", "/usr/local/lib"];
const PACKAGE = "libfaketime";
const LIBRARY = join("faketime", "libfaketime.so.1");
/** It looks into the file this often. */
const CACHE_SECONDS = 1;

export class FakeClocks {
  private readonly library: string;
  private readonly folder = mkdtempSync(join(tmpdir(), "palisade-clocks-"));

  private constructor(library: string) {
    this.library = library;
  }

  /** Gets libfaketime where it is not here yet. Throws `CannotStrikeError` where it cannot be had. */
  static async open(log: Log): Promise<FakeClocks> {
    if (findLibrary() === undefined) await installPackage(PACKAGE, log);
    const library = findLibrary();
    if (library !== undefined) return new FakeClocks(library);
    throw new CannotStrikeError(
      `a clock can be set for one process only by libfaketime; there is no ${LIBRARY} under ` +
        `${PLACES.join(" or ")}, and no way to get it was open (apt as root or by sudo). ` +
        `On Debian and Ubuntu: apt-get install ${PACKAGE}`,
    );
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
