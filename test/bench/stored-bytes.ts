/** What an exchange keeps on disk. */
import { lstatSync, readdirSync } from "node:fs";
import { join } from "node:path";
import type { Scene } from "../../chaos/scene.js";

const ORDERS_PER_MILLION = 1_000_000;

export interface StoredBytes {
  /** Tables and their indexes. */
  readonly postgres: number;
  /** The write-ahead log that was written; its files are used again. */
  readonly wal: number;
  /** The folder of NATS's streams; null where it is not on this machine. */
  readonly nats: number | null;
}

const STORED = `
  SELECT pg_database_size(current_database())::bigint AS postgres,
    pg_wal_lsn_diff(pg_current_wal_lsn(), '0/0')::bigint AS wal`;

export async function storedBytes(scene: Scene): Promise<StoredBytes> {
  const rows = await scene.queryAll<Pick<StoredBytes, "postgres" | "wal">>(STORED);
  const total = (of: "postgres" | "wal") => rows.reduce((sum, row) => sum + row[of], 0);
  const { dataFolder } = scene.exchange.servers.nats;
  const nats = dataFolder === undefined ? null : folderBytes(dataFolder);
  return { postgres: total("postgres"), wal: total("wal"), nats };
}

export function perMillionOrders(
  before: StoredBytes,
  after: StoredBytes,
  orders: number,
): StoredBytes {
  const share = (bytes: number) => Math.round((bytes / orders) * ORDERS_PER_MILLION);
  return {
    postgres: share(after.postgres - before.postgres),
    wal: share(after.wal - before.wal),
    nats: before.nats === null || after.nats === null ? null : share(after.nats - before.nats),
  };
}

function folderBytes(folder: string): number {
  return readdirSync(folder, { withFileTypes: true }).reduce((sum, entry) => {
    const path = join(folder, entry.name);
    return sum + (entry.isDirectory() ? folderBytes(path) : fileBytes(path));
  }, 0);
}

function fileBytes(path: string): number {
  return lstatSync(path, { throwIfNoEntry: false })?.size ?? 0;
}
