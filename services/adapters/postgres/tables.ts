/**
 * The parts of a batch's row sets and the tables they go to: the one place where the names of actors' effects and the
 * names of SQL meet. `commit-statement.ts` makes the commit's statement from it.
 */
import type { ActorKind } from "../../../actors/kernel/ids.js";
import { LEDGER } from "./ledger-tables.js";

export type SqlType = "bigint" | "integer" | "smallint" | "text";

export interface PartTable {
  /** The name of the row set in `Effects.rows`. */
  readonly part: string;
  readonly table: string;
  readonly mode: "insert" | "upsert" | "update" | "delete";
  /** Columns that arrive as arrays. */
  readonly columns: Readonly<Record<string, SqlType>>;
  /** Columns that name a row (of those above, or `actor`). */
  readonly key: readonly string[];
  /** Columns that the batch itself gives. */
  readonly fromBatch: readonly ("actor" | "batch" | "token" | "time")[];
  /** The column that is cut out of the row set's bytes by `offset` and `length`. */
  readonly bytesColumn?: string;
  /** Text columns that hold array literals, with the type they are cast to. */
  readonly casts?: Readonly<Record<string, string>>;
}

export type Columns = PartTable["columns"];

/** Where an open order stands, and with how much. */
const STANDING: Columns = {
  price: "bigint",
  leaves: "bigint",
  shown: "bigint",
  priority: "bigint",
};

const MARKET: readonly PartTable[] = [
  {
    part: "book",
    table: "book",
    mode: "insert",
    columns: { order_id: "bigint", account: "bigint", side: "smallint", ...STANDING },
    key: ["actor", "order_id"],
    fromBatch: ["actor"],
  },
  {
    // No order is in this part and in the one above.
    part: "book_changed",
    table: "book",
    mode: "update",
    columns: { order_id: "bigint", ...STANDING },
    key: ["actor", "order_id"],
    fromBatch: ["actor"],
  },
  {
    part: "book_removed",
    table: "book",
    mode: "delete",
    columns: { order_id: "bigint" },
    key: ["actor", "order_id"],
    fromBatch: ["actor"],
  },
  {
    // When an order is first stored, and when its terms change.
    part: "order_terms",
    table: "order_terms",
    mode: "upsert",
    columns: {
      order_id: "bigint",
      owner: "bigint",
      type: "smallint",
      time_in_force: "smallint",
      stop_price: "bigint",
      display: "bigint",
      expires: "bigint",
      pair: "bigint",
      self_trade: "smallint",
      post_only: "smallint",
      trail: "bigint",
    },
    key: ["actor", "order_id"],
    fromBatch: ["actor"],
  },
  {
    part: "order_terms_removed",
    table: "order_terms",
    mode: "delete",
    columns: { order_id: "bigint" },
    key: ["actor", "order_id"],
    fromBatch: ["actor"],
  },
  {
    part: "trades",
    table: "trades",
    mode: "insert",
    columns: {
      trade_id: "bigint",
      sequence: "bigint",
      price: "bigint",
      quantity: "bigint",
      taker_side: "smallint",
      maker_order: "bigint",
      taker_order: "bigint",
      maker_account: "bigint",
      taker_account: "bigint",
      maker_number: "bigint",
      taker_number: "bigint",
    },
    key: ["actor", "trade_id"],
    fromBatch: ["actor", "batch", "time"],
  },
];

/** What every batch may write. */
const COMMON: readonly PartTable[] = [
  {
    part: "links",
    table: "links",
    mode: "upsert",
    columns: { peer: "integer", token: "bigint", received: "bigint", sent: "bigint" },
    key: ["actor", "peer"],
    fromBatch: ["actor"],
  },
  {
    part: "outbox",
    table: "outbox",
    mode: "insert",
    columns: { destination: "integer", first: "bigint", last: "bigint" },
    key: ["actor", "destination", "last"],
    fromBatch: ["actor"],
    bytesColumn: "frame",
  },
];

export const PARTS: Readonly<Record<ActorKind, readonly PartTable[]>> = {
  ledger: [...COMMON, ...LEDGER],
  market: [...COMMON, ...MARKET],
};
