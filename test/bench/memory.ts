/** What processes hold in memory, as the system counts it. Absent where it cannot be looked at. */
import { readFileSync } from "node:fs";
import { childrenOf } from "../../services/servers/process-identity.js";
import type { Exchange } from "../../services/supervisor/exchange.js";

const BYTES_PER_KB = 1_024;

export interface Memory {
  /** Resident, with the memory that PostgreSQL's processes share counted once. */
  readonly rssBytes: number;
  /** Of it what is backed by no file and shared with nobody: a heap. */
  readonly anonymousBytes: number;
}

/** Processes that share memory: one alone, or a server and its children. */
type Family = readonly number[];

/** What belongs to one name; PostgreSQL's instances have one together. */
export type Families = ReadonlyMap<string, readonly Family[]>;

/** All processes of an exchange, and others by name and pid. */
export function familiesOf(exchange: Exchange, others: ReadonlyMap<string, number>): Families {
  const { nats, etcd, postgres, furtherPostgres } = exchange.servers;
  const families = new Map<string, readonly Family[]>();
  for (const { name, pid } of exchange.processes.values()) families.set(name, [[pid]]);
  for (const [name, pid] of others) families.set(name, [[pid]]);
  families.set("nats", [[nats.pid]]).set("etcd", [[etcd.pid]]);
  const instances = [postgres, ...furtherPostgres];
  families.set(
    "postgres",
    instances.map(({ pid }) => [pid, ...childrenOf(pid)]),
  );
  return families;
}

export function memoryOf(families: Families): Map<string, Memory> {
  const found = new Map<string, Memory>();
  for (const [name, its] of families) {
    const parts = its.flatMap((family) => memoryOfFamily(family) ?? []);
    if (parts.length === 0) continue;
    const total = (of: keyof Memory) => parts.reduce((sum, part) => sum + part[of], 0);
    found.set(name, { rssBytes: total("rssBytes"), anonymousBytes: total("anonymousBytes") });
  }
  return found;
}

function memoryOfFamily(pids: Family): Memory | undefined {
  const parts = pids.flatMap((pid) => read(pid) ?? []);
  if (parts.length === 0) return undefined;
  const all = (name: string) => parts.map((part) => (part.get(name) ?? 0) * BYTES_PER_KB);
  const anonymousBytes = all("RssAnon").reduce((sum, bytes) => sum + bytes, 0);
  const shared = Math.max(...all("RssFile")) + Math.max(...all("RssShmem"));
  return { rssBytes: anonymousBytes + shared, anonymousBytes };
}

/** Lines like `RssAnon:  1234 kB`. */
function read(pid: number): Map<string, number> | undefined {
  try {
    const lines = readFileSync(`/proc/${pid}/status`, "utf8").split("\n");
    return new Map(
      lines.map((line) => {
        const [name = "", value = ""] = line.split(":");
        return [name, Number.parseInt(value, 10)];
      }),
    );
  } catch {
    return undefined; // It has ended, belongs to somebody else, or there is no /proc.
  }
}
