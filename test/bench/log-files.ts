/**
 * Gives each PostgreSQL as many files of its log as it may have, before anything is measured. One that has run for a while
 * writes into those of before; a new one makes each when it comes to it, every 16 MiB, and nobody commits for the 40 to
 * 60 ms that this takes.
 */
import { statfs } from "node:fs/promises";
import type { Scene } from "../../chaos/scene.js";

/** Of what is free on the disk all these files may take so much. */
const FREE_SHARE_MAX = 1 / 4;

const SIZES = `
  SELECT (SELECT setting::bigint FROM pg_settings WHERE name = 'wal_segment_size') AS "fileBytes",
    (SELECT setting::bigint * 1048576 FROM pg_settings WHERE name = 'max_wal_size') AS "allBytes"`;
/** Something has to be in a file for the next one to be begun. */
const MAKE = "SELECT pg_logical_emit_message(false, 'palisade-log-files', ''), pg_switch_wal()";

/** Returns how many each has; 0: there is no room on the disk, or nobody can tell. */
export async function makeLogFiles(scene: Scene): Promise<number> {
  const sizes = await scene.queryAll<{ fileBytes: number; allBytes: number }>(SIZES);
  const { fileBytes, allBytes } = sizes[0]!;
  const roomBytes = (await freeBytes(scene)) * FREE_SHARE_MAX;
  const files = Math.floor(Math.min(allBytes, roomBytes / sizes.length) / fileBytes);
  for (let made = 0; made < files; made++) await scene.queryAll(MAKE);
  // Those before it are taken for the next ones from then on.
  await scene.queryAll("CHECKPOINT");
  return files;
}

async function freeBytes({ exchange }: Scene): Promise<number> {
  const { dataFolder } = exchange.servers.postgres;
  if (dataFolder === undefined) return 0;
  const { bavail, bsize } = await statfs(dataFolder);
  return bavail * bsize;
}
