/** What an exchange has done up to now, as all its servers count it, and so what an order costs between two looks. */
import type { Scene } from "../../chaos/scene.js";
import { diskBytes } from "./disk.js";

type Numbers = ReadonlyMap<string, number>;

/** Counters that only grow. */
export interface Counters {
  readonly walBytes: number;
  /** By table: rows inserted, updated and deleted. */
  readonly rows: Numbers;
  /** By kind of actor. */
  readonly batches: Numbers;
  readonly commands: Numbers;
  /** To the disks of all data, by the whole machine; undefined where that cannot be told. */
  readonly diskBytes: number | undefined;
}

/** Per order that was sent. */
export interface ServersCost {
  readonly walBytesPerOrder: number;
  readonly rowsWrittenPerOrder: Readonly<Record<string, number>>;
  readonly batchesPerOrder: Readonly<Record<string, number>>;
  readonly commandsPerBatch: Readonly<Record<string, number>>;
  /** Absent where it cannot be told. */
  readonly diskBytesPerOrder?: number;
}

/** The settings that decide what a number is worth, as the servers say them. */
const SETTINGS = [
  "server_version",
  "fsync",
  "full_page_writes",
  "synchronous_commit",
  "wal_sync_method",
  "wal_compression",
  "max_wal_size",
  "checkpoint_timeout",
  "shared_buffers",
] as const;
const DURABLE = ["fsync", "full_page_writes", "synchronous_commit"] as const;

/** Every command that an actor took has moved the mark of the link that it came by. */
const WORK = `
  SELECT kind, sum(batch)::bigint AS batches,
    sum((SELECT coalesce(sum(received), 0) FROM links WHERE links.actor = actors.actor))::bigint AS commands
  FROM actors GROUP BY kind`;
const ROWS = `
  SELECT relname AS "table", (n_tup_ins + n_tup_upd + n_tup_del)::bigint AS rows
  FROM pg_stat_user_tables`;
const WAL = `SELECT pg_wal_lsn_diff(pg_current_wal_lsn(), '0/0')::bigint AS bytes`;

export async function countersOf(scene: Scene): Promise<Counters> {
  const wal = await scene.queryAll<{ bytes: number }>(WAL);
  const tables = await scene.queryAll<{ table: string; rows: number }>(ROWS);
  const work = await scene.queryAll<{ kind: string; batches: number; commands: number }>(WORK);
  return {
    walBytes: wal.reduce((sum, { bytes }) => sum + bytes, 0),
    rows: sums(tables.map(({ table, rows }) => [table, rows])),
    batches: sums(work.map(({ kind, batches }) => [kind, batches])),
    commands: sums(work.map(({ kind, commands }) => [kind, commands])),
    diskBytes: diskBytes(scene.exchange.servers),
  };
}

/** What several instances count under one name. */
function sums(counts: readonly (readonly [string, number])[]): Numbers {
  const all = new Map<string, number>();
  for (const [name, count] of counts) all.set(name, (all.get(name) ?? 0) + count);
  return all;
}

export function costBetween(before: Counters, after: Counters, orders: number): ServersCost {
  const batches = between(before.batches, after.batches);
  const commands = between(before.commands, after.commands);
  return {
    walBytesPerOrder: Math.round((after.walBytes - before.walBytes) / orders),
    rowsWrittenPerOrder: shares(between(before.rows, after.rows), orders),
    batchesPerOrder: shares(batches, orders),
    commandsPerBatch: Object.fromEntries(
      [...commands].map(([kind, count]) => [kind, rounded(count / (batches.get(kind) ?? 0))]),
    ),
    ...diskShare(before, after, orders),
  };
}

function diskShare(
  { diskBytes: before }: Counters,
  { diskBytes: after }: Counters,
  orders: number,
): Pick<ServersCost, "diskBytesPerOrder"> {
  if (before === undefined || after === undefined) return {};
  return { diskBytesPerOrder: Math.round((after - before) / orders) };
}

/** Only what is known at both ends, and moved. */
function between(before: Numbers, after: Numbers): Map<string, number> {
  const moved = new Map<string, number>();
  for (const [name, value] of after) {
    const was = before.get(name);
    if (was !== undefined && value > was) moved.set(name, value - was);
  }
  return moved;
}

function shares(numbers: Numbers, orders: number): Record<string, number> {
  return Object.fromEntries([...numbers].map(([name, value]) => [name, rounded(value / orders)]));
}

interface Setting {
  readonly name: string;
  readonly setting: string;
}

const SETTING =
  "SELECT name, current_setting(name) AS setting FROM pg_settings WHERE name = ANY ($1)";

export async function serverSettings(scene: Scene): Promise<Record<string, string>> {
  const rows = await scene.query<Setting>(SETTING, [SETTINGS]);
  return Object.fromEntries(rows.map(({ name, setting }) => [name, setting]));
}

/** Of each instance. */
export async function isDurable(scene: Scene): Promise<boolean> {
  const rows = await scene.queryAll<Setting>(SETTING, [DURABLE]);
  return rows.length > 0 && rows.every(({ setting }) => setting === "on");
}

function rounded(value: number): number {
  return Math.round(value * 1_000) / 1_000;
}
