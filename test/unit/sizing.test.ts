import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { PROJECT_ROOT } from "../../services/servers/project-root.js";
import { exampleTable } from "../../services/sizing/examples.js";
import {
  DISK_BYTES_PER_ORDER,
  QUIET_MICROS_PER_ORDER,
  SATURATED_MICROS_PER_ORDER,
} from "../../services/sizing/measured.js";
import { type Load, sizing } from "../../services/sizing/sizing.js";

/** As the benchmark had it. */
const MEASURED: Load = {
  ordersPerSecond: 500,
  ordersPerDay: 0,
  accounts: 1_000,
  symbols: 10,
  subscribers: 0,
  restingOrders: 0,
};

const sumOf = (costs: object): number =>
  Object.values(costs as Record<string, number>).reduce((sum, each) => sum + each, 0);

describe("sizing", () => {
  it("gives back what was measured", () => {
    // Ten markets and one shard: a little of 500 orders/s shares its batches.
    const { cores, coresAtLeast } = sizing({ ...MEASURED, symbols: 13 });
    expect(cores.all).toBeCloseTo((500 * sumOf(QUIET_MICROS_PER_ORDER)) / 1e6, 6);
    expect(coresAtLeast).toBeCloseTo((500 * sumOf(SATURATED_MICROS_PER_ORDER)) / 1e6, 6);
    expect(sizing(MEASURED).cores.all).toBeLessThan(cores.all);
  });

  it("lets one of the nodes die", () => {
    for (const ordersPerSecond of [1, 1_000, 50_000]) {
      const { nodes, cores } = sizing({ ...MEASURED, ordersPerSecond });
      expect(nodes).toBeGreaterThanOrEqual(3);
      // The others are half busy, then.
      expect(cores.nodes / (nodes - 1)).toBeLessThanOrEqual(0.5);
    }
  });

  it("needs more of everything for more of anything", () => {
    const base: Load = { ...MEASURED, ordersPerSecond: 20_000, ordersPerDay: 1e9 };
    const total = (load: Load) => {
      const need = sizing(load);
      return need.cores.all + need.memoryGib + need.diskGibPerDay + need.ledgerShards;
    };
    for (const name of Object.keys(base) as (keyof Load)[]) {
      const more = { ...base, [name]: base[name] * 2 + 1_000 };
      expect(total(more), name).toBeGreaterThan(total(base));
    }
  });

  it("counts disk by the orders of a day", () => {
    const { diskGibPerDay } = sizing({ ...MEASURED, ordersPerDay: 2 ** 30 });
    expect(diskGibPerDay).toBe(DISK_BYTES_PER_ORDER);
  });

  /** With `SIZING_REWRITE=1` the page is brought up to date instead. */
  it("says what ARCHITECTURE.md has in its table", () => {
    const path = join(PROJECT_ROOT, "ARCHITECTURE.md");
    const table = /^\| {2}\| orders\/s .*(?:\n\|.*)*/m;
    if (process.env["SIZING_REWRITE"] === "1") {
      writeFileSync(path, readFileSync(path, "utf8").replace(table, exampleTable()));
    }
    expect(table.exec(readFileSync(path, "utf8"))?.[0]).toBe(exampleTable());
  });
});
