/** Sizes that people ask about, and the table of what they need. */
import { type Load, SECONDS_PER_DAY } from "./load.js";
import { FILLS_PER_ORDER } from "./measured.js";
import { type Sizing, sizing } from "./sizing.js";

/** Of a trading day of six and a half hours. */
const SECONDS_PER_SESSION = 23_400;
/** The busiest second of a session against its mean: an assumption, as exchanges plan. */
const PEAK_FACTOR = 10;
const FILLS_PER_TRADE = 2;

export interface Example extends Load {
  readonly name: string;
}

/** An exchange that is as busy all day long as it is at its busiest, with one resting order for each account. */
function allDay(
  ordersPerSecond: number,
  accounts: number,
  symbols: number,
  subscribers: number,
): Example {
  const name = `${ordersPerSecond.toLocaleString("en")} orders/s`;
  const ordersPerDay = ordersPerSecond * SECONDS_PER_DAY;
  const restingOrders = accounts;
  return { name, ordersPerSecond, ordersPerDay, accounts, symbols, subscribers, restingOrders };
}

/** So many trades in one session a day, as many orders for each as the benchmark's flow has. */
function ofTrades(trades: number, load: Omit<Load, "ordersPerSecond" | "ordersPerDay">): Example {
  const ordersPerDay = Math.round((trades * FILLS_PER_TRADE) / FILLS_PER_ORDER);
  const ordersPerSecond = Math.round((ordersPerDay / SECONDS_PER_SESSION) * PEAK_FACTOR);
  return { name: `${trades / 1e6} M trades a day`, ordersPerSecond, ordersPerDay, ...load };
}

export const EXAMPLES: readonly Example[] = [
  allDay(1_000, 10_000, 10, 1_000),
  allDay(5_000, 50_000, 50, 5_000),
  allDay(10_000, 100_000, 100, 10_000),
  allDay(25_000, 500_000, 250, 25_000),
  ofTrades(10_000_000, {
    accounts: 1_000_000,
    symbols: 1_000,
    subscribers: 10_000,
    restingOrders: 1_000_000,
  }),
];

const HEAD = [
  "",
  "orders/s",
  "accounts",
  "symbols",
  "subscribers",
  "shards",
  "nodes",
  "gateways",
  "feeds",
  "PostgreSQL instances",
  "`max_connections` of the first",
  "cores (of them PostgreSQL)",
  "cores at least",
  "memory GiB",
  "disk GiB/day",
  "WAL GiB/day",
  "NATS GiB",
];

/** As Markdown: a page has it word for word. */
export function exampleTable(): string {
  const rows = EXAMPLES.map((example) => [
    example.name,
    ...[example.ordersPerSecond, example.accounts, example.symbols, example.subscribers].map(whole),
    ...wordsOf(sizing(example)),
  ]);
  const lines = [HEAD, HEAD.map(() => "---"), ...rows];
  return lines.map((cells) => `| ${cells.join(" | ")} |`).join("\n");
}

/** What it needs, in the order of the table's columns. */
function wordsOf(need: Sizing): string[] {
  const { ledgerShards, nodes, gateways, feeds, postgresInstances, cores } = need;
  return [
    ...[ledgerShards, nodes, gateways, feeds, postgresInstances].map(whole),
    whole(need.postgresConnections.home),
    `${whole(cores.all)} (${whole(cores.postgres)})`,
    ...[need.coresAtLeast, need.memoryGib, need.diskGibPerDay, need.walGibPerDay].map(whole),
    whole(need.natsDiskGib),
  ];
}

/** Rounded up: nobody buys a part of a core. */
export function whole(value: number): string {
  return Math.ceil(value).toLocaleString("en");
}
