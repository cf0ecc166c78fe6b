/** What `sizing` says of a month: the prices that it was told, and what all of it costs at these. */
import {
  KEEP_DAYS_FALLBACK,
  KEEP_DAYS_MIN,
  type Month,
  monthOf,
  type Prices,
} from "../sizing/month.js";
import type { Sizing } from "../sizing/sizing.js";
import { CliError } from "./cli-error.js";
import { parseWhole } from "./decimal.js";
import { printTable } from "./output.js";

const PRICE_MAX = 1_000_000;
const PRICE = /^\d+(\.\d{1,4})?$/;
const KEEP_DAYS_MAX = 3_650;

export interface MonthOptions {
  readonly corePrice?: string;
  readonly memoryPrice?: string;
  readonly diskPrice?: string;
  readonly keepDays?: string;
}

interface Terms {
  readonly prices: Prices;
  readonly keepDays: number;
}

/** Nothing where nobody asked what it costs. Throws `CliError`. */
export function parseTerms(options: MonthOptions): Terms | null {
  const { corePrice, memoryPrice, diskPrice, keepDays } = options;
  if ([corePrice, memoryPrice, diskPrice, keepDays].every((said) => said === undefined))
    return null;
  const given = parseGivenTerms(options);
  const { core, memoryGib, diskGib } = given;
  if (core === undefined || memoryGib === undefined || diskGib === undefined) {
    throw new CliError("PRICES_MISSING", missingWords(options));
  }
  return { prices: { core, memoryGib, diskGib }, keepDays: given.keepDays };
}

/** What is wrong with a price that was said comes before those that were not. Throws `CliError`. */
export function parseGivenTerms(options: MonthOptions): Partial<Prices> & Pick<Terms, "keepDays"> {
  const { corePrice, memoryPrice, diskPrice, keepDays } = options;
  const price = (text: string | undefined, what: string) =>
    text === undefined ? undefined : parsePrice(text, what);
  return {
    core: price(corePrice, "price of a core"),
    memoryGib: price(memoryPrice, "price of a GiB of memory"),
    diskGib: price(diskPrice, "price of a GiB of disk"),
    keepDays:
      keepDays === undefined
        ? KEEP_DAYS_FALLBACK
        : parseWhole(keepDays, KEEP_DAYS_MIN, KEEP_DAYS_MAX, "number of days that rows are kept"),
  };
}

export function monthBy(terms: Terms, need: Sizing): Month {
  return monthOf(need, terms.prices, terms.keepDays);
}

export function printMonth(month: Month, { diskGibPerDay, postgresInstances }: Sizing): void {
  const { cores, memoryGib, diskGib, keepDays, costs, isArchived } = month;
  const days = keepDays === 1 ? "one day" : `${keepDays} days`;
  process.stdout.write("\na month\n");
  printTable([
    ["cores", cores, amount(costs.cores)],
    ["memory, GiB", memoryGib, amount(costs.memory)],
    ["disk, GiB", diskGib, amount(costs.disk)],
    ["all", "", amount(costs.all)],
  ]);
  process.stdout.write(
    "Cores are those to have, busy or not: one for each node, gateway and feed, of which one of each kind may die, and twice what PostgreSQL,\n" +
      `NATS and etcd keep busy. Disk is the rows of ${days} and what NATS sets aside. Not in it: PostgreSQL's own memory, its standbys,\n` +
      "log and backups, archive files, the system, the network.\n",
  );
  if (isArchived) return;
  process.stdout.write(
    `archive takes one PostgreSQL instance only: on these ${postgresInstances} rows stay, and each day beyond ${days} takes ${diskGibPerDay.toFixed(1)} GiB of disk more\n`,
  );
}

function missingWords({ corePrice, memoryPrice, diskPrice }: MonthOptions): string {
  const prices = { core: corePrice, memory: memoryPrice, disk: diskPrice };
  const missing = Object.entries(prices).filter(([, price]) => price === undefined);
  const names = missing.map(([name]) => `--${name}-price`).join(", ");
  return `what a month costs takes all prices: say also ${names} (0 for what is not to count), as in --core-price 25 --memory-price 3 --disk-price 0.10`;
}

function parsePrice(text: string, what: string): number {
  const price = PRICE.test(text) ? Number(text) : Number.NaN;
  if (price <= PRICE_MAX) return price;
  throw new CliError(
    "NOT_A_PRICE",
    `the ${what} is "${text}"; it is an amount from 0 to ${PRICE_MAX}, with at most four decimals, like 12.5`,
  );
}

const amount = (value: number): string =>
  value.toLocaleString("en", { minimumFractionDigits: 2, maximumFractionDigits: 2 });
