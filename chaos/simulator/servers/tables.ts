/** The rows of an exchange, in memory: tables with a primary key, changed all at once or not at all. */
import type { Row } from "../../../services/ports/store.js";

export type Key = number | string;

export class Table {
  readonly name: string;
  /** Never changed in place: a changed row is another object, so that a list of rows is a snapshot. */
  readonly rows = new Map<Key, Row>();
  readonly keyColumns: readonly string[];
  private readonly groups = new Map<string, Map<Key, Row[]>>();

  /** `groups`: columns by which rows that are never changed are found. */
  constructor(name: string, keyColumns: readonly string[], groups: readonly string[] = []) {
    this.name = name;
    this.keyColumns = keyColumns;
    for (const column of groups) this.groups.set(column, new Map());
  }

  keyOf(row: Row): Key {
    const [one, two, three] = this.keyColumns as [string, string?, string?];
    if (two === undefined) return row[one] as Key;
    if (three === undefined) return `${row[one] as Key}/${row[two] as Key}`;
    return `${row[one] as Key}/${row[two] as Key}/${row[three] as Key}`;
  }

  set(key: Key, row: Row): void {
    this.rows.set(key, row);
    for (const [column, group] of this.groups) {
      const of = row[column] as Key;
      const rows = group.get(of);
      if (rows) rows.push(row);
      else group.set(of, [row]);
    }
  }

  /** The rows of a group, in the order in which they came. */
  group(column: string, of: Key): readonly Row[] {
    return this.groups.get(column)!.get(of) ?? [];
  }

  /** An actor's rows, in the order in which they first came. */
  of(actor: number): Row[] {
    const found: Row[] = [];
    for (const row of this.rows.values()) if (row["actor"] === actor) found.push(row);
    return found;
  }
}

const APPENDED: Readonly<Record<string, readonly string[]>> = {
  journal: ["actor", "account"],
  batch_log: ["actor"],
  trades: ["actor"],
};

const KEYS: Readonly<Record<string, readonly string[]>> = {
  assets: ["asset"],
  instruments: ["instrument"],
  slots: ["slot"],
  claims: ["actor", "token"],
  links: ["actor", "peer"],
  outbox: ["actor", "destination", "last"],
  batch_log: ["actor", "batch"],
  accounts: ["account"],
  account_limits: ["account"],
  review_limits: ["account", "asset"],
  balances: ["account", "asset"],
  orders: ["order_id"],
  journal: ["account", "last_sequence"],
  deposits: ["account", "key"],
  withdrawals: ["account", "key"],
  transfers: ["account", "key"],
  credits: ["account", "sequence"],
  shard_totals: ["actor", "asset"],
  shard_instruments: ["actor", "instrument"],
  book: ["actor", "order_id"],
  order_terms: ["actor", "order_id"],
  trades: ["actor", "trade_id"],
};

/** All tables but `actors` and `exchange`, which have one row for each actor, and one. */
export class Tables {
  private readonly tables = new Map<string, Table>();
  /** The unique index of `orders`: order ids by account and client order id. */
  readonly clientOrderIds = new Map<string, number>();

  constructor() {
    for (const [name, key] of Object.entries(KEYS)) {
      this.tables.set(name, new Table(name, key, APPENDED[name]));
    }
  }

  get(name: string): Table {
    const table = this.tables.get(name);
    if (!table) throw new Error(`there is no table ${name}`);
    return table;
  }

  get names(): string[] {
    return [...this.tables.keys()];
  }
}
