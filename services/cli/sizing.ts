/** `sizing`: what an exchange of a size needs, on paper. */
import { whole } from "../sizing/examples.js";
import { shippedMaxConnections } from "../sizing/connections.js";
import { impossible } from "../sizing/impossible.js";
import { SECONDS_PER_DAY } from "../sizing/load.js";
import { type Sizing, sizing } from "../sizing/sizing.js";
import { CliError } from "./cli-error.js";
import { parseWhole } from "./decimal.js";
import { printJson, printTable } from "./output.js";
import {
  type MonthOptions,
  monthBy,
  parseGivenTerms,
  parseTerms,
  printMonth,
} from "./sizing-month.js";

const ORDERS_PER_SECOND_MAX = 10_000_000;
const COUNT_MAX = 1_000_000_000;
const ORDERS_PER_DAY_MAX = ORDERS_PER_SECOND_MAX * SECONDS_PER_DAY;
/** Of each number the least, the most, and what it is. */
const NUMBERS = {
  ordersPerSecond: [1, ORDERS_PER_SECOND_MAX, "number of orders a second"],
  accounts: [1, COUNT_MAX, "number of accounts"],
  symbols: [1, COUNT_MAX, "number of symbols"],
  subscribers: [0, COUNT_MAX, "number of subscribers"],
  ordersPerDay: [1, ORDERS_PER_DAY_MAX, "number of orders a day"],
  restingOrders: [0, COUNT_MAX, "number of resting orders"],
} as const;
type NumberName = keyof typeof NUMBERS;

export interface SizingOptions extends MonthOptions {
  readonly ordersPerSecond: string;
  readonly ordersPerDay?: string;
  readonly accounts: string;
  readonly symbols: string;
  readonly subscribers: string;
  readonly restingOrders?: string;
  readonly json?: boolean;
}

/** Throws `CliError` of a value that is wrong, whatever is missing besides. */
export function refuseWrongValues(options: Partial<SizingOptions>): void {
  for (const name of Object.keys(NUMBERS) as NumberName[]) {
    const text = options[name];
    if (text !== undefined) parseNumber(name, text);
  }
  parseGivenTerms(options);
}

export async function runSizing(options: SizingOptions): Promise<void> {
  const { ordersPerDay, restingOrders } = options;
  const ordersPerSecond = parseNumber("ordersPerSecond", options.ordersPerSecond);
  const accounts = parseNumber("accounts", options.accounts);
  const load = {
    ordersPerSecond,
    ordersPerDay:
      ordersPerDay === undefined
        ? ordersPerSecond * SECONDS_PER_DAY
        : parseNumber("ordersPerDay", ordersPerDay),
    accounts,
    symbols: parseNumber("symbols", options.symbols),
    subscribers: parseNumber("subscribers", options.subscribers),
    restingOrders:
      restingOrders === undefined ? accounts : parseNumber("restingOrders", restingOrders),
  };
  const terms = parseTerms(options);
  const problem = impossible(load);
  if (problem) throw new CliError(problem.code, problem.message);
  const need = sizing(load);
  const maxConnections = maxConnectionsOf(need);
  const month = terms && monthBy(terms, need);
  if (options.json) return printJson({ ...need, maxConnections, ...(month && { month }) });
  print(need, maxConnections);
  if (month) printMonth(month, need);
  process.stdout.write(FOOTER);
}

/** Of which day each number is `test/bench/README.md` says. */
const FOOTER = `
On paper, from what was measured on two cores (services/sizing/measured.ts), and assumptions (work.ts). What an order costs was measured
when these were at their best (on a slow day it is two to three times as much), what a subscriber costs while they had other work besides.
Each gateway takes all events and announcements, each feed all of markets; half of what a gateway costs for an order is assumed for that,
not measured, and near the most that it lets an exchange do it decides alone. What NATS does for more gateways and feeds was never
measured and is left out, and so is the memory of orders that have ended: up to 64 MB for each shard, and for its standby.
What an actor costs that nobody trades on was measured with a thousand of them, on three nodes with one gateway and one feed.
`;

function parseNumber(name: NumberName, text: string): number {
  const [least, most, what] = NUMBERS[name];
  return parseWhole(text, least, most, what);
}

interface MaxConnections {
  /** What `deploy/postgres/palisade.conf` has. */
  readonly shipped: number;
  /** Is that too few for what this exchange may open? */
  readonly isTooFew: boolean;
}

function maxConnectionsOf({ postgresConnections: { home } }: Sizing): MaxConnections {
  const shipped = shippedMaxConnections();
  return { shipped, isTooFew: home > shipped };
}

function print(need: Sizing, maxConnections: MaxConnections): void {
  printTable([
    ["ledger shards", need.ledgerShards],
    ["nodes (one may die)", need.nodes],
    ["gateways (one may die)", need.gateways],
    ["feeds (one may die)", need.feeds],
    ["PostgreSQL instances", need.postgresInstances],
    ...connectionLines(need),
    ["announcements a second to each node and gateway", need.announcementsPerSecond],
  ]);
  process.stdout.write(adviceOn(need, maxConnections));
  const kinds = Object.entries(need.cores).map(([kind, busy]) => [kind, busy.toFixed(2)]);
  process.stdout.write("\nbusy cores at the busiest, answered as fast as can be\n");
  printTable(kinds);
  process.stdout.write(
    `with large batches, which make orders wait for a tenth of a second and more, and as few gateways and feeds as they allow: ${need.coresAtLeast.toFixed(2)}\n\n`,
  );
  printTable([
    ["memory, GiB", whole(need.memoryGib)],
    ["disk a day, GiB", whole(need.diskGibPerDay)],
    ["WAL a day, GiB", whole(need.walGibPerDay)],
    ["set aside by NATS, GiB", whole(need.natsDiskGib)],
  ]);
}

function connectionLines({ postgresConnections: { home, others } }: Sizing): [string, number][] {
  if (others === null) return [["connections to PostgreSQL", home]];
  return [
    ["connections to the first", home],
    ["connections to each of the others", others],
  ];
}

function adviceOn(
  { postgresConnections: { home, others } }: Sizing,
  { shipped, isTooFew }: MaxConnections,
): string {
  if (!isTooFew) return "";
  const ofOthers = others === null ? "" : ` on the first instance, ${others} on each of the others`;
  return `max_connections at least ${home}${ofOthers}: deploy/postgres/palisade.conf has ${shipped}\n`;
}
