/** What an exchange of a size costs a month: what has to be had of each thing, at what its owner pays for it. */
import { ARCHIVED_AGE_HOURS_MIN } from "../archive/limits.js";
import { BUSY_MAX, CORES_PER_PROCESS } from "./load.js";
import type { Sizing } from "./sizing.js";

const HOURS_PER_DAY = 24;

/** Nothing is archived by itself; so old are rows that the daily command in `deploy/RUNBOOK.md` takes. */
export const KEEP_DAYS_FALLBACK = 7;
export const KEEP_DAYS_MIN = ARCHIVED_AGE_HOURS_MIN / HOURS_PER_DAY;

/** Of one core, or one GiB, for a month; in whatever currency. */
export interface Prices {
  readonly core: number;
  readonly memoryGib: number;
  readonly diskGib: number;
}

/** Whole ones: nobody buys a part of a core. */
export interface Holdings {
  readonly cores: number;
  readonly memoryGib: number;
  readonly diskGib: number;
}

export interface Costs {
  readonly cores: number;
  readonly memory: number;
  readonly disk: number;
  readonly all: number;
}

export interface Month extends Holdings {
  /** For so long rows stay on the disk. */
  readonly keepDays: number;
  /** `archive` takes one PostgreSQL instance: where there are several, rows stay for ever. */
  readonly isArchived: boolean;
  readonly costs: Costs;
}

export function monthOf(need: Sizing, prices: Prices, keepDays: number): Month {
  const holdings = {
    cores: coresToHave(need),
    memoryGib: Math.ceil(need.memoryGib),
    diskGib: Math.ceil(need.diskGibPerDay * keepDays + need.natsDiskGib),
  };
  const isArchived = need.postgresInstances === 1;
  return { keepDays, isArchived, ...holdings, costs: costsOf(holdings, prices) };
}

export function costsOf({ cores, memoryGib, diskGib }: Holdings, prices: Prices): Costs {
  const ofCores = inCents(cores * prices.core);
  const memory = inCents(memoryGib * prices.memoryGib);
  const disk = inCents(diskGib * prices.diskGib);
  return { cores: ofCores, memory, disk, all: inCents(ofCores + memory + disk) };
}

/** Nodes, gateways and feeds are counted so that they are half busy when one is dead, each on a core of its own. Servers are half busy. */
function coresToHave({ nodes, gateways, feeds, cores }: Sizing): number {
  const ofServers = [cores.postgres, cores.nats, cores.etcd].map((busy) =>
    Math.ceil(busy / BUSY_MAX),
  );
  const processes = nodes + gateways + feeds;
  return ofServers.reduce((sum, each) => sum + each, processes * CORES_PER_PROCESS);
}

const inCents = (amount: number): number => Math.round(amount * 100) / 100;
