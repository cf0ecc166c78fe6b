/** `sizing`: what an exchange of a size needs, on paper. */
import { whole } from "../sizing/examples.js";
import { impossible, type Sizing, sizing } from "../sizing/sizing.js";
import { CliError } from "./cli-error.js";
import { parseWhole } from "./decimal.js";
import { printJson, printTable } from "./output.js";

const SECONDS_PER_DAY = 86_400;
const ORDERS_PER_SECOND_MAX = 10_000_000;
const COUNT_MAX = 1_000_000_000;
const ORDERS_PER_DAY_MAX = ORDERS_PER_SECOND_MAX * SECONDS_PER_DAY;

export interface SizingOptions {
  readonly ordersPerSecond: string;
  readonly ordersPerDay?: string;
  readonly accounts: string;
  readonly symbols: string;
  readonly subscribers: string;
  readonly restingOrders?: string;
  readonly json?: boolean;
}

export async function runSizing(options: SizingOptions): Promise<void> {
  const count = (text: string, what: string) => parseWhole(text, 1, COUNT_MAX, what);
  const { ordersPerSecond, ordersPerDay, accounts: accountsText, restingOrders } = options;
  const rate = parseWhole(ordersPerSecond, 1, ORDERS_PER_SECOND_MAX, "number of orders a second");
  const accounts = count(accountsText, "number of accounts");
  const load = {
    ordersPerSecond: rate,
    ordersPerDay:
      ordersPerDay === undefined
        ? rate * SECONDS_PER_DAY
        : parseWhole(ordersPerDay, 1, ORDERS_PER_DAY_MAX, "number of orders a day"),
    accounts,
    symbols: count(options.symbols, "number of symbols"),
    subscribers: parseWhole(options.subscribers, 0, COUNT_MAX, "number of subscribers"),
    restingOrders:
      restingOrders === undefined ? accounts : count(restingOrders, "number of resting orders"),
  };
  const problem = impossible(load);
  if (problem) throw new CliError(problem.code, problem.message);
  const need = sizing(load);
  if (options.json) printJson(need);
  else print(need);
}

function print({
  cores,
  coresAtLeast,
  memoryGib,
  diskGibPerDay,
  walGibPerDay,
  ...need
}: Sizing): void {
  printTable([
    ["ledger shards", need.ledgerShards],
    ["nodes (one may die)", need.nodes],
    ["gateways (one may die)", need.gateways],
    ["feeds (one may die)", need.feeds],
    ["PostgreSQL instances", need.postgresInstances],
  ]);
  const kinds = Object.entries(cores).map(([kind, busy]) => [kind, busy.toFixed(2)]);
  process.stdout.write("\nbusy cores at the busiest, answered as fast as can be\n");
  printTable(kinds);
  process.stdout.write(
    `with large batches, which make orders wait for a tenth of a second and more: ${coresAtLeast.toFixed(2)}\n\n`,
  );
  printTable([
    ["memory, GiB", whole(memoryGib)],
    ["disk a day, GiB", whole(diskGibPerDay)],
    ["WAL a day, GiB", whole(walGibPerDay)],
  ]);
  process.stdout.write(
    "\nOn paper, from what was measured on two cores: services/sizing/measured.ts\n",
  );
}
