import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it, vi } from "vitest";
import { LEDGER_SHARDS_MAX } from "../../actors/kernel/ids.js";
import { PROJECT_ROOT } from "../../services/servers/project-root.js";
import { EXAMPLES, exampleTable } from "../../services/sizing/examples.js";
import { envelopeTable } from "../../services/sizing/envelope.js";
import { ANNOUNCE_IDLE_EVERY_MS } from "../../services/host/limits.js";
import { CONNECTIONS_MAX } from "../../services/adapters/postgres/connections.js";
import { shippedMaxConnections } from "../../services/sizing/connections.js";
import { ACCOUNTS_PER_SHARD_MAX } from "../../services/sizing/shards.js";
import { impossible, ORDERS_PER_SECOND_PER_SYMBOL_MAX } from "../../services/sizing/impossible.js";
import {
  DISK_BYTES_PER_ORDER,
  IDLE_ACTORS,
  IDLE_ACTORS_CORES,
  QUIET_MICROS_PER_ORDER,
  SATURATED_MICROS_PER_ORDER,
  SATURATED_ORDERS_PER_SECOND,
} from "../../services/sizing/measured.js";
import { runSizing } from "../../services/cli/sizing.js";
import { type Load, sizing } from "../../services/sizing/sizing.js";
import { type Work, workFor } from "../../services/sizing/work.js";

/** As the benchmark had it. */
const MEASURED: Load = {
  ordersPerSecond: 500,
  ordersPerDay: 0,
  accounts: 1_000,
  symbols: 10,
  subscribers: 0,
  restingOrders: 0,
};

const MEASURED_SHARDS = 2;

/** Of one gateway and one feed, as the benchmark had them. */
function microsPerOrder(work: Work, ordersPerSecond: number) {
  const { gateways, feeds, ...others } = work;
  const cores = {
    ...others,
    gateways: gateways.divided + gateways.each,
    feeds: feeds.divided + feeds.each,
  };
  return Object.fromEntries(
    Object.entries(cores).map(([kind, busy]) => [
      kind,
      Number(((busy * 1e6) / ordersPerSecond).toFixed(6)),
    ]),
  );
}

describe("sizing", () => {
  it("gives back what was measured", () => {
    const quiet = workFor(MEASURED, MEASURED_SHARDS, "small");
    expect(microsPerOrder(quiet, 500)).toEqual(QUIET_MICROS_PER_ORDER);
    const load = { ...MEASURED, ordersPerSecond: SATURATED_ORDERS_PER_SECOND };
    const saturated = workFor(load, MEASURED_SHARDS, "large");
    expect(microsPerOrder(saturated, SATURATED_ORDERS_PER_SECOND)).toEqual(
      SATURATED_MICROS_PER_ORDER,
    );
    expect(sizing(load).coresAtLeast).toBeLessThan(sizing(load).cores.all);
  });

  it("has each gateway and each feed do again what all of them do", () => {
    const load = { ...MEASURED, ordersPerSecond: 10_000, symbols: 100, subscribers: 5_000 };
    const { gateways, feeds, cores, ledgerShards } = sizing(load);
    const work = workFor(load, ledgerShards, "small");
    expect(cores.gateways).toBeCloseTo(work.gateways.divided + gateways * work.gateways.each, 6);
    expect(cores.feeds).toBeCloseTo(work.feeds.divided + feeds * work.feeds.each, 6);
    for (const [count, { divided, each }] of [
      [gateways, work.gateways],
      [feeds, work.feeds],
    ] as const) {
      // Of what that leaves of a core the others have half free when one is dead, and one fewer would not have.
      expect(divided / (count - 1)).toBeLessThanOrEqual((1 - each) / 2);
      expect(divided / (count - 2)).toBeGreaterThan((1 - each) / 2);
    }
  });

  it("takes more subscribers to more feeds, and not to more than their connections", () => {
    // So little happens that a feed could tell them all.
    const load = { ...MEASURED, ordersPerSecond: 1, subscribers: 100_001 };
    expect(sizing({ ...load, subscribers: 20_000 }).feeds).toBe(2);
    expect(sizing(load).feeds).toBe(7);
  });

  it("counts actors that nobody trades on by what a thousand of them cost", () => {
    const load = { ...MEASURED, ordersPerSecond: 1, symbols: IDLE_ACTORS - 1 };
    const { nodes, nats, gateways, feeds } = workFor(load, 1, "small");
    const few = workFor({ ...load, symbols: 1 }, 1, "small");
    const more = nodes + nats + gateways.each + feeds.each;
    const idleCores = Object.values(IDLE_ACTORS_CORES).reduce((sum, cores) => sum + cores, 0);
    const fewer = few.nodes + few.nats + few.gateways.each + few.feeds.each;
    expect((more - fewer) / (IDLE_ACTORS - 2)).toBeCloseTo(idleCores / IDLE_ACTORS, 6);
  });

  it("counts announcements: ten a second of whoever has much to say, and fewer of the others", () => {
    const idle = { ...MEASURED, ordersPerSecond: 1, symbols: 1_000 };
    const idlePerSecond = 1_000 / ANNOUNCE_IDLE_EVERY_MS;
    expect(sizing(idle).announcementsPerSecond).toBe(Math.round(1_001 * idlePerSecond));
    const busy = { ...MEASURED, ordersPerSecond: 5_000, symbols: 10 };
    const { ledgerShards, announcementsPerSecond } = sizing(busy);
    expect(announcementsPerSecond).toBe(10 * (10 + ledgerShards));
    const between = { ...MEASURED, ordersPerSecond: 5_000, symbols: 1_000 };
    expect(sizing(between).announcementsPerSecond).toBe(5_000 + 10 * ledgerShards);
  });

  it("says what NATS sets aside for inboxes", () => {
    expect(sizing({ ...MEASURED, ordersPerSecond: 1, symbols: 1_023 }).natsDiskGib).toBe(64);
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

  it("counts the connections of all processes to each instance", () => {
    const small = sizing(MEASURED);
    // Three nodes of eight each, two gateways and two feeds of four each, and who looks.
    expect(small.postgresConnections).toEqual({ home: 24 + 16 + 12, others: null });
    const large = sizing({ ...MEASURED, ordersPerSecond: 10_000, symbols: 100 });
    expect(large.postgresInstances).toBeGreaterThan(1);
    const { home, others } = large.postgresConnections;
    const processes = large.nodes + large.gateways + large.feeds;
    expect(others).toBe(8 * large.nodes + 4 * (large.gateways + large.feeds) + 12);
    expect(home).toBe(others! + CONNECTIONS_MAX * processes);
    expect(home).toBeGreaterThan(shippedMaxConnections());
  });

  it("counts disk by the orders of a day", () => {
    const { diskGibPerDay } = sizing({ ...MEASURED, ordersPerDay: 2 ** 30 });
    expect(diskGibPerDay).toBe(DISK_BYTES_PER_ORDER);
  });

  /** With `SIZING_REWRITE=1` the page is brought up to date instead. */
  it.each([
    ["sizes", /^\| {2}\| orders\/s .*(?:\n\|.*)*/m, exampleTable()],
    ["a month", /^\| a month \| .*(?:\n\|.*)*/m, envelopeTable()],
  ])("says what ARCHITECTURE.md has in its table of %s", (_, table, computed) => {
    const path = join(PROJECT_ROOT, "ARCHITECTURE.md");
    if (process.env["SIZING_REWRITE"] === "1") {
      writeFileSync(
        path,
        readFileSync(path, "utf8").replace(table, () => computed),
      );
    }
    expect(table.exec(readFileSync(path, "utf8"))?.[0]).toBe(computed);
  });
});

describe("what memory takes", () => {
  it("is shards and nodes enough that one process can hold what it has", () => {
    const accounts = 20_000_000;
    const { ledgerShards, nodes, memoryGib } = sizing({ ...MEASURED, accounts });
    expect(ledgerShards).toBe(Math.ceil(accounts / ACCOUNTS_PER_SHARD_MAX));
    expect(ledgerShards).toBeGreaterThan(sizing(MEASURED).ledgerShards);
    // When one node has died the others hold it all.
    expect(memoryGib / (nodes - 1)).toBeLessThan(3);
  });
});

describe("what cannot be", () => {
  it("is more accounts than shards can hold, with a bound that can be", () => {
    const most = LEDGER_SHARDS_MAX * ACCOUNTS_PER_SHARD_MAX;
    expect(impossible({ ...MEASURED, accounts: most })).toBeUndefined();
    const { code, message } = impossible({ ...MEASURED, accounts: most + 1 })!;
    expect(code).toBe("TOO_MANY_LEDGER_SHARDS");
    expect(message).toContain(`${most + 1} accounts need 513 ledger shards`);
    expect(message).toContain(`plan with at most ${most},`);
  });

  it("is larger books than markets take, with symbols enough for them", () => {
    const restingOrders = 9_000_001;
    const { code, message } = impossible({ ...MEASURED, restingOrders, symbols: 4 })!;
    expect(code).toBe("BOOKS_TOO_LARGE");
    expect(message).toMatch(/2250001 for each.*takes 2000000 at most: plan with 5 symbols/);
    expect(impossible({ ...MEASURED, restingOrders, symbols: 5 })).toBeUndefined();
  });

  it("is more processes than the first PostgreSQL instance lets in", () => {
    const { code, message } = impossible({ ...MEASURED, subscribers: 1_000_000_000 })!;
    expect(code).toBe("TOO_MANY_CONNECTIONS");
    expect(message).toMatch(/feeds make \d+ connections.*262143 in at most/);
  });

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
    expect(impossible(load(LEDGER_SHARDS_MAX * 0.9))?.code).not.toBe("TOO_MANY_LEDGER_SHARDS");
    expect(impossible(load(LEDGER_SHARDS_MAX * 1.1))).toMatchObject({
      code: "TOO_MANY_LEDGER_SHARDS",
    });
  });

  it("is what fills each gateway or each feed by itself, with a bound that can be", () => {
    const load = { ...MEASURED, ordersPerSecond: 1_000_000, symbols: 500 };
    const problem = impossible(load)!;
    expect(problem.code).toBe("GATEWAYS_TOO_BUSY");
    expect(problem.message).toMatch(/was not measured.*so more gateways help nothing/);
    const most = Number(/at most (\d+) orders a second/.exec(problem.message)![1]);
    expect(most).toBeGreaterThan(10_000);
    expect(impossible({ ...load, ordersPerSecond: most })).toBeUndefined();
    expect(impossible({ ...load, ordersPerSecond: most + 1 })).toMatchObject({
      code: "FEEDS_TOO_BUSY",
    });
    // Each of very many markets is told about one by one.
    const markets = impossible({ ...load, ordersPerSecond: 20_000, symbols: 20_000 })!;
    expect(markets.code).toMatch(/^(GATEWAYS|FEEDS)_TOO_BUSY$/);
    const idle = impossible({ ...load, ordersPerSecond: 1, symbols: 100_000 })!;
    expect(idle.message).toMatch(/plan with fewer symbols/);
  });

  it("begins where ARCHITECTURE.md says, by the number of symbols", () => {
    const text = readFileSync(join(PROJECT_ROOT, "ARCHITECTURE.md"), "utf8");
    for (const symbols of [200, 500, 1_000]) {
      const { message } = impossible({ ...MEASURED, ordersPerSecond: 1_000_000, symbols })!;
      const most = Number(/at most (\d+) orders a second/.exec(message)![1]);
      expect(text).toContain(
        `${symbols.toLocaleString("en")}${symbols === 200 ? " symbols ends" : ""} at ${most.toLocaleString("en")}`,
      );
    }
  });

  it("is more orders a day than its seconds have", () => {
    const day = { ...MEASURED, ordersPerSecond: 10, ordersPerDay: 864_000 };
    expect(impossible(day)).toBeUndefined();
    const problem = impossible({ ...day, ordersPerDay: 100_000_000 })!;
    expect(problem.code).toBe("TOO_MANY_ORDERS_A_DAY");
    expect(problem.message).toMatch(/864000.*at least 1158 orders a second/);
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
    expect(JSON.parse(await printed({ ...OPTIONS, json: true }))).toEqual({
      ...need,
      maxConnections: { shipped: 100, isTooFew: false },
    });
    const text = await printed(OPTIONS);
    expect(text).toMatch(new RegExp(`ledger shards +${need.ledgerShards}\\n`));
    expect(text).toMatch(new RegExp(`disk a day, GiB +${Math.ceil(need.diskGibPerDay)}\\n`));
    expect(text).toMatch(
      /an order costs was measured\nwhen these were at their best .*other work besides\.\n/,
    );
    const day = await printed({ ...OPTIONS, ordersPerDay: "1000", json: true });
    expect(JSON.parse(day).diskGibPerDay).toBeCloseTo(need.diskGibPerDay / 86_400, 6);
  });

  it("says how many connections PostgreSQL has to let in, where the settings here do not", async () => {
    expect(await printed(OPTIONS)).not.toContain("max_connections");
    const many = { ...OPTIONS, ordersPerSecond: "10000", symbols: "100" };
    const { postgresConnections, maxConnections } = JSON.parse(
      await printed({ ...many, json: true }),
    );
    expect(maxConnections).toEqual({ shipped: 100, isTooFew: true });
    expect(await printed(many)).toContain(
      `max_connections at least ${postgresConnections.home} on the first instance, ` +
        `${postgresConnections.others} on each of the others: deploy/postgres/palisade.conf has 100`,
    );
  });

  it("takes a book that is empty, and less memory for it", async () => {
    const memory = async (restingOrders: string) =>
      JSON.parse(await printed({ ...OPTIONS, restingOrders, json: true })).memoryGib;
    expect(await memory("0")).toBeLessThan(await memory("10000"));
  });

  it("says what is wrong with a size, and what is allowed", async () => {
    const refused = (more: object) => expect(runSizing({ ...OPTIONS, ...more })).rejects;
    await refused({ accounts: "many" }).toThrow(/NOT_A_NUMBER.*accounts is "many"/);
    await refused({ symbols: "0" }).toThrow(/NUMBER_OUT_OF_RANGE.*symbols is 0/);
    await refused({ ordersPerSecond: "50000", symbols: "1" }).toThrow(/SYMBOLS_TOO_BUSY/);
    await refused({ ordersPerSecond: "10", ordersPerDay: "100000000" }).toThrow(
      /TOO_MANY_ORDERS_A_DAY/,
    );
    await refused({ restingOrders: "-1" }).toThrow(/NUMBER_OUT_OF_RANGE.*resting orders is -1/);
    await refused({ ordersPerSecond: "9000000", symbols: "10000" }).toThrow(
      /TOO_MANY_LEDGER_SHARDS.*512 at most/,
    );
  });
});
