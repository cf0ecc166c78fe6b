/** What `Store.load` reads, table by table: the rows of one moment, in an order in which Postgres may give them. */
import { FIRST_MARKET_ID } from "../../../actors/kernel/ids.js";
import { FINISHED_ORDERS_RECOVERED_MAX } from "../../../actors/kernel/limits.js";
import { isFinal, type OrderStatus } from "../../../actors/kernel/order.js";
import type { Row } from "../../../services/ports/store.js";
import { asTheyLie, ROWS } from "./as-they-lie.js";
import type { SimPostgres } from "./postgres.js";

export interface LoadedRows {
  readonly table: string;
  readonly rows: readonly Row[];
}

export function rowsOfActor(postgres: SimPostgres, actor: number): LoadedRows[] {
  const { tables } = postgres;
  const of = (table: string, columns: readonly string[], order: readonly string[]): LoadedRows => ({
    table,
    rows: sorted(tables.get(table).of(actor), order).map((row) => only(row, columns)),
  });
  if (postgres.actors.get(actor)?.record.kind === "market") {
    return [of("order_terms", TERMS, ["order_id"]), { table: "book", rows: book(postgres, actor) }];
  }
  return [
    of("shard_instruments", ["instrument", "definition", "reference_price"], ["instrument"]),
    { table: "accounts", rows: accounts(postgres, actor) },
    of("account_limits", LIMITS, ["account"]),
    of("review_limits", ["account", "asset", "value"], ["account", "asset"]),
    of("balances", ["account", "asset", "total", "held"], ["account", "asset"]),
    of("deposits", ["account", "key", "asset", "amount", "sequence"], ["account"]),
    of(
      "withdrawals",
      ["account", "key", "asset", "amount", "status", "requested", "sequence"],
      ["account"],
    ),
    of("transfers", TRANSFERS, ["account"]),
    of("shard_totals", ["asset", "deposits", "transferred_in", "transferred_out"], ["asset"]),
    { table: "flows", rows: flows(postgres, actor) },
    { table: "orders", rows: orders(postgres, actor) },
  ];
}

const LIMITS = [
  "account",
  "orders_per_day",
  "open_orders",
  "requests_per_second",
  "day",
  "orders_today",
  "second",
  "requests",
  "own",
];
const TRANSFERS = [
  "account",
  "key",
  "recipient",
  "asset",
  "amount",
  "status",
  "code",
  "sent",
  "sequence",
];
const TERMS = [
  "order_id",
  "owner",
  "type",
  "time_in_force",
  "stop_price",
  "display",
  "expires",
  "pair",
  "self_trade",
  "post_only",
  "trail",
];
const BOOK = ["order_id", "account", "side", "price", "leaves", "shown", "priority"];

function book({ tables }: SimPostgres, actor: number): Row[] {
  const rows = tables
    .get("book")
    .of(actor)
    .map((row) => only(row, BOOK));
  return asTheyLie(rows, ROWS);
}

/** The number of an account's last journal row, or 0. */
export function lastSequence(postgres: SimPostgres, account: number): number {
  return (lastRow(postgres, account)?.["last_sequence"] as number) ?? 0;
}

function lastRow({ tables }: SimPostgres, account: number): Row | undefined {
  return tables.get("journal").group("account", account).at(-1);
}

function accounts(postgres: SimPostgres, actor: number): Row[] {
  const rows = postgres.tables.get("accounts").of(actor);
  return sorted(rows, ["account"]).map(
    ({ account, opened, state, account_group, tier, parent }) => ({
      account: account!,
      opened: opened!,
      state: state!,
      account_group: account_group!,
      tier: tier!,
      parent: parent!,
      sequence: lastSequence(postgres, account as number),
      counted: lastRow(postgres, account as number)?.["counted"] ?? "",
    }),
  );
}

function flows({ tables }: SimPostgres, actor: number): Row[] {
  const links = tables.get("links").of(actor);
  const columns = ["peer", "base_in", "base_out", "quote_in", "quote_out"];
  const ofMarkets = links.filter((row) => (row["peer"] as number) >= FIRST_MARKET_ID);
  return sorted(ofMarkets, ["peer"]).map((row) => only(row, columns));
}

/** Live orders, and the newest of the finished; none whose client order id is another's by now. */
function orders({ tables }: SimPostgres, actor: number): Row[] {
  const holders = tables
    .get("orders")
    .of(actor)
    .filter((row) => !row["released"]);
  const rows = sorted(holders, ["order_id"]);
  const isFinished = (row: Row) => isFinal(row["status"] as OrderStatus);
  const finished = rows.filter(isFinished);
  const oldest = finished.at(-FINISHED_ORDERS_RECOVERED_MAX)?.["order_id"] ?? 0;
  return rows.filter((row) => !isFinished(row) || row["order_id"]! >= oldest);
}

function only(row: Row, columns: readonly string[]): Row {
  const part: Record<string, Row[string]> = {};
  for (const column of columns) part[column] = row[column]!;
  return part;
}

export function sorted(rows: Row[], columns: readonly string[]): Row[] {
  return rows.sort((a, b) => {
    for (const column of columns) {
      const difference = (a[column] as number) - (b[column] as number);
      if (difference !== 0) return difference;
    }
    return 0;
  });
}
