/** Who has met a disk on which there is no room: whoever says so in his log, and Postgres, when it is asked to keep something. */
import { readdirSync, readFileSync, statSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { Scene } from "../scene.js";

const SAID = /ENOSPC|no space left on device/i;
/** PostgreSQL's code for a disk that is full. */
const DISK_FULL = "53100";
const ANSWER_MS_MAX = 5_000;

/** A megabyte, which nobody finds afterwards: it is one transaction, whatever becomes of it. */
const WRITE = `
  CREATE UNLOGGED TABLE drill_room AS SELECT repeat('x', 1000) AS filler FROM generate_series(1, 1000);
  DROP TABLE drill_room`;

/** How long each log was. */
export type LogSizes = ReadonlyMap<string, number>;

export function logSizes(dataDir: string): LogSizes {
  return new Map(logsIn(dataDir).map((log) => [log, statSync(log).size]));
}

/** Those that have said since that there is no room. On a full disk itself a log has what fits into its last page. */
export function logsOfNoRoom(dataDir: string, before: LogSizes): string[] {
  const haveSaid = logsIn(dataDir).filter((log) =>
    SAID.test(
      readFileSync(log)
        .subarray(before.get(log) ?? 0)
        .toString(),
    ),
  );
  return haveSaid.map((log) => join(basename(dirname(log)), basename(log)));
}

/** Does Postgres refuse to keep something, for want of room? One that does not answer has refused nothing. */
export function refusesToWrite(scene: Pick<Scene, "query">): Promise<boolean> {
  const refused = scene.query(WRITE).then(
    () => false,
    ({ code }: { readonly code?: unknown }) => code === DISK_FULL,
  );
  return Promise.race([refused, sleep(ANSWER_MS_MAX, false, { ref: false })]);
}

/** Of servers and of processes: each lies in a folder of the data directory. */
function logsIn(dataDir: string): string[] {
  const folders = readdirSync(dataDir, { withFileTypes: true }).filter((at) => at.isDirectory());
  return folders.flatMap(({ name }) =>
    readdirSync(join(dataDir, name))
      .filter((file) => file.endsWith(".log"))
      .map((file) => join(dataDir, name, file)),
  );
}
