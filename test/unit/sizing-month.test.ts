/** What `sizing` says of a month's costs, and how it is asked. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Command } from "commander";
import { afterEach, describe, expect, it, vi } from "vitest";
import { runSizing } from "../../services/cli/sizing.js";
import { addSizingCommand } from "../../services/cli/sizing-command.js";
import { PROJECT_ROOT } from "../../services/servers/project-root.js";
import { ASSUMED_PRICES } from "../../services/sizing/envelope.js";
import { EXAMPLES } from "../../services/sizing/examples.js";
import { KEEP_DAYS_FALLBACK, monthOf } from "../../services/sizing/month.js";
import { type Sizing, sizing } from "../../services/sizing/sizing.js";

const textOf = (...path: string[]) => readFileSync(join(PROJECT_ROOT, ...path), "utf8");

afterEach(() => {
  vi.restoreAllMocks();
});

/** What the work prints on stdout. */
async function printed(work: () => Promise<unknown>): Promise<string> {
  const write = vi.spyOn(process.stdout, "write").mockReturnValue(true);
  try {
    await work();
    return write.mock.calls.map(([text]) => String(text)).join("");
  } finally {
    write.mockRestore();
  }
}

/** As somebody types it behind `npx palisade`; what commander says of it is in its error. */
async function typed(line: string): Promise<string> {
  const program = new Command().exitOverride().configureOutput({ writeErr: () => undefined });
  addSizingCommand({ program, run: async (work) => void (await work()) });
  return printed(() => program.parseAsync(line.split(" "), { from: "user" }));
}

describe("a month", () => {
  const NEED: Sizing = {
    ...sizing(EXAMPLES[0]!),
    nodes: 4,
    gateways: 3,
    feeds: 2,
    postgresInstances: 1,
    cores: { postgres: 1.2, nodes: 1, gateways: 1, nats: 0.5, feeds: 1, etcd: 0.1, all: 4.8 },
    memoryGib: 4.2,
    diskGibPerDay: 10.1,
    natsDiskGib: 1.5,
  };
  const PRICES = { core: 20, memoryGib: 2.5, diskGib: 0.125 };

  it("has a core for each process, twice what servers keep busy, and disk for the days that are kept", () => {
    expect(monthOf(NEED, PRICES, 7)).toEqual({
      keepDays: 7,
      isArchived: true,
      // 4 nodes, 3 gateways and 2 feeds; 2.4, 1.0 and 0.2 of servers, each rounded up.
      cores: 9 + 3 + 1 + 1,
      memoryGib: 5,
      diskGib: 73,
      costs: { cores: 280, memory: 12.5, disk: 9.13, all: 301.63 },
    });
    expect(monthOf(NEED, PRICES, 1).diskGib).toBe(12);
  });

  it("says that nothing leaves several PostgreSQL instances", () => {
    expect(monthOf({ ...NEED, postgresInstances: 2 }, PRICES, 7).isArchived).toBe(false);
  });

  it("has as many days as the runbook's command and the help say", async () => {
    const program = new Command();
    addSizingCommand({ program, run: async () => undefined });
    expect(textOf("deploy", "RUNBOOK.md")).toContain(`--older-than ${KEEP_DAYS_FALLBACK}d`);
    const help = program.commands[0]!.helpInformation().replaceAll(/\s+/g, " ");
    expect(help).toContain(`before they are archived (default: ${KEEP_DAYS_FALLBACK})`);
  });
});

describe("the command, with prices", () => {
  const SIZE = { ordersPerSecond: "1000", accounts: "10000", symbols: "10", subscribers: "0" };
  const PRICES = { corePrice: "25", memoryPrice: "3", diskPrice: "0.10" };
  const LARGE = { ...SIZE, ordersPerSecond: "10000", symbols: "100" };

  it("prints a month, as a table or as JSON", async () => {
    const need = JSON.parse(await printed(() => runSizing({ ...SIZE, json: true })));
    const { month, ...rest } = JSON.parse(
      await printed(() => runSizing({ ...SIZE, ...PRICES, json: true })),
    );
    expect(rest).toEqual(need);
    expect(month).toEqual(monthOf(need, ASSUMED_PRICES, KEEP_DAYS_FALLBACK));
    const text = await printed(() => runSizing({ ...SIZE, ...PRICES }));
    expect(text).toMatch(new RegExp(`\\ncores +${month.cores} +${month.costs.cores}\\.00\\n`));
    expect(text).toMatch(new RegExp(`\\nall +${month.costs.all.toFixed(2)}\\n`));
    expect(text).toContain("Cores are those to have, busy or not: one for each node");
  });

  it("prints nothing of it without prices", async () => {
    expect(await printed(() => runSizing(SIZE))).not.toMatch(/a month|Cores are those to have/);
    expect(JSON.parse(await printed(() => runSizing({ ...SIZE, json: true })))).not.toHaveProperty(
      "month",
    );
  });

  it("says for how long rows are kept, and that of several instances none go", async () => {
    const kept = (keepDays: string) => printed(() => runSizing({ ...SIZE, ...PRICES, keepDays }));
    expect(await kept("30")).toContain("the rows of 30 days");
    expect(await kept("1")).toContain("the rows of one day");
    expect(await kept("1")).not.toContain("archive takes one PostgreSQL instance only");
    expect(await printed(() => runSizing({ ...LARGE, ...PRICES }))).toMatch(
      /archive takes one PostgreSQL instance only: on these 2 rows stay, and each day beyond 7 days takes [\d.]+ GiB/,
    );
  });

  it("says what is wrong with a price or a number of days, and what is allowed", async () => {
    const refused = (more: object) => expect(runSizing({ ...SIZE, ...PRICES, ...more })).rejects;
    const allowed = "an amount from 0 to 1000000, with at most four decimals";
    for (const price of ["-1", "0,10", "much", "1000001", "0.12345", "", "1e3"]) {
      await refused({ diskPrice: price }).toThrow(
        `NOT_A_PRICE: the price of a GiB of disk is "${price}"; it is ${allowed}`,
      );
    }
    await refused({ corePrice: "$25" }).toThrow(/price of a core is "\$25"/);
    await refused({ keepDays: "0" }).toThrow(/NUMBER_OUT_OF_RANGE.*from 1 to 3650/);
    await refused({ keepDays: "a week" }).toThrow(/NOT_A_NUMBER.*from 1 to 3650/);
  });

  it("names all prices that are missing, also where only days are said", async () => {
    const refused = (more: object) => expect(runSizing({ ...SIZE, ...more })).rejects;
    await refused({ corePrice: "25" }).toThrow(
      /PRICES_MISSING.*say also --memory-price, --disk-price \(/,
    );
    await refused({ keepDays: "7" }).toThrow(/--core-price, --memory-price, --disk-price/);
    await refused({ corePrice: "x" }).toThrow(/^NOT_A_PRICE.*"x"/);
    await refused({ keepDays: "1.5" }).toThrow(/^NOT_A_NUMBER.*from 1 to 3650/);
  });
});

describe("the command line", () => {
  it("names all that is missing, and a command that is complete and works", async () => {
    const failure = await typed("sizing --symbols 3 --json").catch((error: Error) => error);
    const { message } = failure as Error;
    expect(message).toMatch(
      /SIZE_MISSING: without --orders-per-second, --accounts, --subscribers nothing is computed/,
    );
    expect(failure).toMatchObject({ exitCode: 1, name: "CommanderError" });
    const complete = /npx palisade (sizing .*)$/.exec(message)![1]!;
    expect(await typed(complete)).toContain("ledger shards");
  });

  it("says what is wrong with a value before what is missing", async () => {
    await expect(typed("sizing --orders-per-second abc")).rejects.toThrow(/^NOT_A_NUMBER.*"abc"/);
    await expect(typed("sizing --resting-orders -1")).rejects.toThrow(/^NUMBER_OUT_OF_RANGE.* -1/);
    await expect(typed("sizing --core-price x")).rejects.toThrow(/^NOT_A_PRICE.*"x"/);
    await expect(typed("sizing --core-price 25")).rejects.toThrow(/SIZE_MISSING/);
  });

  it("takes each command that ARCHITECTURE.md has, and the last one is its month", async () => {
    const lines = [...textOf("ARCHITECTURE.md").matchAll(/`npx palisade (sizing --[^`]*)`/g)];
    expect(lines.length).toBe(2);
    const answers: string[] = [];
    for (const [, line] of lines) answers.push(await typed(`${line} --json`));
    const need = sizing(EXAMPLES.at(-1)!);
    const { month, nodes } = JSON.parse(answers.at(-1)!);
    expect(nodes).toBe(need.nodes);
    expect(month).toEqual(monthOf(need, ASSUMED_PRICES, KEEP_DAYS_FALLBACK));
  });
});
