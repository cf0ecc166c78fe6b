import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it, vi } from "vitest";
import { LEDGER_SHARDS_MAX } from "../../actors/kernel/ids.js";
import { PROJECT_ROOT } from "../../services/servers/project-root.js";
import { EXAMPLES, exampleTable } from "../../services/sizing/examples.js";
import {
  DISK_BYTES_PER_ORDER,
  QUIET_MICROS_PER_ORDER,
  SATURATED_MICROS_PER_ORDER,
} from "../../services/sizing/measured.js";
import { runSizing } from "../../services/cli/sizing.js";
import {
  impossible,
  type Load,
  ORDERS_PER_SECOND_PER_SYMBOL_MAX,
  sizing,
} from "../../services/sizing/sizing.js";

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

describe("what cannot be", () => {
  it("is more of one symbol than one core does, and is possible on more symbols", () => {
    const load = { ...MEASURED, ordersPerSecond: 2 * ORDERS_PER_SECOND_PER_SYMBOL_MAX };
    expect(impossible({ ...load, symbols: 2 })).toBeUndefined();
    const problem = impossible({ ...load, symbols: 1 })!;
    expect(problem.code).toBe("SYMBOLS_TOO_BUSY");
    expect(problem.message).toMatch(/with 2 symbols/);
  });

  it("is more ledger shards than an exchange has", () => {
    const perShard = 100_000 / sizing({ ...MEASURED, ordersPerSecond: 100_000 }).ledgerShards;
    const load = (shards: number): Load => ({
      ...MEASURED,
      ordersPerSecond: Math.floor(perShard * shards),
      symbols: 1_000,
    });
    expect(impossible(load(LEDGER_SHARDS_MAX * 0.9))).toBeUndefined();
    expect(impossible(load(LEDGER_SHARDS_MAX * 1.1))).toMatchObject({
      code: "TOO_MANY_LEDGER_SHARDS",
    });
  });

  it("is none of the examples", () => {
    for (const example of EXAMPLES) expect(impossible(example), example.name).toBeUndefined();
  });
});

describe("the command", () => {
  const OPTIONS = { ordersPerSecond: "1000", accounts: "10000", symbols: "10", subscribers: "0" };

  async function printed(options: Parameters<typeof runSizing>[0]): Promise<string> {
    const write = vi.spyOn(process.stdout, "write").mockReturnValue(true);
    try {
      await runSizing(options);
      return write.mock.calls.map(([text]) => String(text)).join("");
    } finally {
      write.mockRestore();
    }
  }

  it("prints what the calculation gives, as a table or as JSON", async () => {
    const need = sizing({
      ordersPerSecond: 1_000,
      ordersPerDay: 86_400_000,
      accounts: 10_000,
      symbols: 10,
      subscribers: 0,
      restingOrders: 10_000,
    });
    expect(JSON.parse(await printed({ ...OPTIONS, json: true }))).toEqual(need);
    const text = await printed(OPTIONS);
    expect(text).toMatch(new RegExp(`ledger shards +${need.ledgerShards}\\n`));
    expect(text).toMatch(new RegExp(`disk a day, GiB +${Math.ceil(need.diskGibPerDay)}\\n`));
    const day = await printed({ ...OPTIONS, ordersPerDay: "1000", json: true });
    expect(JSON.parse(day).diskGibPerDay).toBeCloseTo(need.diskGibPerDay / 86_400, 6);
  });

  it("says what is wrong with a size, and what is allowed", async () => {
    const refused = (more: object) => expect(runSizing({ ...OPTIONS, ...more })).rejects;
    await refused({ accounts: "many" }).toThrow(/NOT_A_NUMBER.*accounts is "many"/);
    await refused({ symbols: "0" }).toThrow(/NUMBER_OUT_OF_RANGE.*symbols is 0/);
    await refused({ ordersPerSecond: "50000", symbols: "1" }).toThrow(/SYMBOLS_TOO_BUSY/);
    await refused({ ordersPerSecond: "9000000", symbols: "10000" }).toThrow(
      /TOO_MANY_LEDGER_SHARDS.*512 at most/,
    );
  });
});
