/**
 * The tables of one actor, in memory: they take the row sets of its batches as the Postgres store would, and give
 * back what recovery reads. Stricter than they look: an insert of a row that is there, or a change of one that is
 * not, throws, as the store would stop on an unexpected row count.
 */
import type { Effects, RowSet } from "../../actors/kernel/actor.js";
import {
  CLIENT_ORDER_ID_FREE_AFTER_MICROS,
  FINISHED_ORDERS_IN_MEMORY_MAX,
} from "../../actors/kernel/limits.js";
import { isFinal, type OrderStatus } from "../../actors/kernel/order.js";
import { asTheyLie, ROWS } from "../../chaos/simulator/servers/as-they-lie.js";
import type { Row } from "../../services/ports/store.js";

interface Part {
  readonly table: string;
  readonly write: "insert" | "upsert" | "update" | "delete";
  readonly key: readonly string[];
  /** The column that the part's bytes become. */
  readonly blob?: string;
}

/** Every part that an actor may produce, in the order in which they are written. */
const PARTS: Readonly<Record<string, Part>> = {
  accounts: { table: "accounts", write: "insert", key: ["account"] },
  accounts_changed: { table: "accounts", write: "update", key: ["account"] },
  account_limits: { table: "account_limits", write: "upsert", key: ["account"] },
  review_limits: { table: "review_limits", write: "upsert", key: ["account", "asset"] },
  balances: { table: "balances", write: "insert", key: ["account", "asset"] },
  balances_changed: { table: "balances", write: "update", key: ["account", "asset"] },
  orders_new: { table: "orders", write: "insert", key: ["order_id"] },
  orders_new_with_terms: { table: "orders", write: "insert", key: ["order_id"] },
  orders_marked: { table: "orders", write: "update", key: ["order_id"] },
  orders_reviewed: { table: "orders", write: "update", key: ["order_id"] },
  orders_amended: { table: "orders", write: "update", key: ["order_id"] },
  orders_changed: { table: "orders", write: "update", key: ["order_id"] },
  journal: {
    table: "journal",
    write: "insert",
    key: ["account", "last_sequence"],
    blob: "events",
  },
  deposits: { table: "deposits", write: "insert", key: ["account", "key"] },
  withdrawals: { table: "withdrawals", write: "upsert", key: ["account", "key"] },
  transfers: { table: "transfers", write: "upsert", key: ["account", "key"] },
  credits: { table: "credits", write: "insert", key: ["account", "sequence"] },
  shard_totals: { table: "shard_totals", write: "upsert", key: ["asset"] },
  shard_instruments: {
    table: "shard_instruments",
    write: "upsert",
    key: ["instrument"],
    blob: "definition",
  },
  flows: { table: "flows", write: "upsert", key: ["peer"] },
  book: { table: "book", write: "insert", key: ["order_id"] },
  book_changed: { table: "book", write: "update", key: ["order_id"] },
  book_removed: { table: "book", write: "delete", key: ["order_id"] },
  order_terms: { table: "order_terms", write: "upsert", key: ["order_id"] },
  order_terms_removed: { table: "order_terms", write: "delete", key: ["order_id"] },
  trades: { table: "trades", write: "insert", key: ["trade_id"] },
};

type LoadPage = (table: string, rows: readonly Row[]) => void;

export class Tables {
  private readonly tables = new Map<string, Map<string, Row>>();
  /** The keys of orders by account and client order id. */
  private holders = new Map<string, string>();

  /** Writes a batch's rows: all of them, or none when one does not fit. */
  apply(effects: Pick<Effects, "rows">): void {
    const [before, holders] = [this.copies(), new Map(this.holders)];
    try {
      for (const name of Object.keys(effects.rows)) {
        if (!PARTS[name]) throw new Error(`no table takes the part ${name}`);
      }
      for (const [name, part] of Object.entries(PARTS)) {
        const set = effects.rows[name];
        if (set) for (const row of rowsOf(set, part.blob)) this.write(name, part, row);
      }
    } catch (error) {
      this.holders = holders;
      this.tables.clear();
      for (const [name, table] of before) this.tables.set(name, table);
      throw error;
    }
  }

  /** A table's rows in the order in which they were first written. */
  rows(table: string): Row[] {
    return [...this.of(table).values()];
  }

  /** What `Store.load` reads of a market, in pages of at most this many rows. */
  loadMarket(page: LoadPage, pageRows = 3): void {
    inPages("order_terms", this.rows("order_terms"), page, pageRows);
    const book = asTheyLie(this.rows("book"), ROWS);
    inPages("book", book, page, pageRows);
  }

  /** What `Store.load` reads of a ledger shard, in pages of at most this many rows. */
  loadLedger(
    page: LoadPage,
    pageRows = 3,
    finishedMax: number = FINISHED_ORDERS_IN_MEMORY_MAX,
  ): void {
    inPages("shard_instruments", this.rows("shard_instruments"), page, pageRows);
    inPages("accounts", this.accountsWithSequence(), page, pageRows);
    const names = [
      "account_limits",
      "review_limits",
      "balances",
      "deposits",
      "withdrawals",
      "transfers",
      "shard_totals",
      "flows",
    ];
    for (const table of names) {
      inPages(table, this.rows(table), page, pageRows);
    }
    const holders = this.rows("orders").filter((row) => !row["released"]);
    const orders = holders.sort((a, b) => by(a, b, "order_id"));
    const finished = orders.filter((row) => isFinal(row["status"] as OrderStatus));
    const forgotten = new Set(finished.slice(0, Math.max(0, finished.length - finishedMax)));
    const kept = orders.filter((row) => !forgotten.has(row));
    inPages("orders", kept, page, pageRows);
  }

  private accountsWithSequence(): Row[] {
    // Rows come in the order of their numbers.
    const last = new Map(this.rows("journal").map((row) => [row["account"], row]));
    return this.rows("accounts").map((row) => ({
      ...row,
      sequence: last.get(row["account"])?.["last_sequence"] ?? 0,
      counted: last.get(row["account"])?.["counted"] ?? "",
    }));
  }

  private write(name: string, part: Part, row: Row): void {
    const table = this.of(part.table);
    const key = part.key.map((column) => String(row[column])).join("/");
    const old = table.get(key);
    if (part.write === "insert" && old) throw new Error(`${name}: ${key} is there already`);
    if ((part.write === "update" || part.write === "delete") && !old) {
      throw new Error(`${name}: ${key} is not there`);
    }
    if (part.table === "orders" && part.write === "insert") this.release(table, row);
    if (part.write === "delete") table.delete(key);
    else table.set(key, part.write === "insert" ? row : { ...old, ...row });
  }

  /** Whoever has a new order's client order id has ended a day ago, and lets it go. */
  private release(orders: Map<string, Row>, { account, client_order_id, created, order_id }: Row) {
    const id = `${account as number}/${client_order_id as string}`;
    const key = this.holders.get(id);
    this.holders.set(id, String(order_id));
    if (key === undefined) return;
    const row = orders.get(key)!;
    const keptUntil = (row["updated"] as number) + CLIENT_ORDER_ID_FREE_AFTER_MICROS;
    if (!isFinal(row["status"] as OrderStatus) || keptUntil > (created as number)) {
      throw new Error(`orders: the client order id ${id} is used`);
    }
    orders.set(key, { ...row, released: 1 });
  }

  private of(name: string): Map<string, Row> {
    let table = this.tables.get(name);
    if (!table) {
      table = new Map();
      this.tables.set(name, table);
    }
    return table;
  }

  private copies(): [string, Map<string, Row>][] {
    return [...this.tables].map(([name, table]) => [name, new Map(table)]);
  }
}

/** The rows of a part as objects; `blob` names the column that its bytes are cut into. */
export function rowsOf(set: RowSet, blob?: string): Row[] {
  const rows: Row[] = [];
  for (const [name, column] of Object.entries(set.columns)) {
    if (column.length !== set.count) {
      throw new Error(`column ${name} has ${column.length} values, not ${set.count}`);
    }
  }
  for (let at = 0; at < set.count; at++) {
    const row: Record<string, number | string | Uint8Array | null> = {};
    for (const [name, column] of Object.entries(set.columns)) row[name] = column[at]!;
    if (blob) {
      const offset = row["offset"] as number;
      row[blob] = set.bytes!.slice(offset, offset + (row["length"] as number));
      delete row["offset"];
      delete row["length"];
    }
    rows.push(row);
  }
  return rows;
}

function by(a: Row, b: Row, column: string): number {
  return (a[column] as number) - (b[column] as number);
}

function inPages(table: string, rows: readonly Row[], page: LoadPage, pageRows: number): void {
  for (let at = 0; at < rows.length; at += pageRows) page(table, rows.slice(at, at + pageRows));
}
