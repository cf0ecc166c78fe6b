/**
 * The rows that the checker judges, and where they may come from: the database itself, or the files that were written
 * from it. A row is plain JSON, the same from both.
 */

export interface ActorRow {
  readonly actor: number;
  readonly name: string;
  readonly kind: string;
}

export interface OrderRow {
  readonly order_id: number;
  readonly account: number;
  readonly client_order_id: string;
  readonly instrument: number;
  readonly side: number;
  readonly price: number;
  readonly quantity: number;
  readonly leaves: number;
  readonly status: number;
  /** Microseconds since 1970. */
  readonly created: number;
  readonly updated: number;
  /** The other order of its pair; null or 0: it has none. */
  readonly pair: number | null;
  /** Rates in millionths, what was traded as maker and as taker, and fees: null where there are none. */
  readonly maker_fee: number | null;
  readonly taker_fee: number | null;
  readonly maker_value: number | null;
  readonly taker_value: number | null;
  readonly fees: number | null;
}

export interface TradeRow {
  readonly actor: number;
  readonly trade_id: number;
  readonly sequence: number;
  readonly batch: number;
  readonly price: number;
  readonly quantity: number;
  readonly taker_side: number;
  readonly maker_order: number;
  readonly taker_order: number;
}

export interface JournalRow {
  readonly account: number;
  readonly first_sequence: number;
  readonly last_sequence: number;
  /** The bytes in hexadecimal. */
  readonly events: string;
  /** By how much they change what the account owns and holds, asset by asset; null: by nothing. */
  readonly assets: readonly number[] | null;
  readonly total_changes: readonly number[] | null;
  readonly held_changes: readonly number[] | null;
}

export interface InstrumentRow {
  readonly instrument: number;
  readonly symbol: string;
  readonly base_asset: number;
  readonly quote_asset: number;
  readonly notional_factor: number;
}

/** An order that rests in a market. */
export interface BookRow {
  readonly actor: number;
  readonly order_id: number;
  readonly side: number;
  readonly price: number;
  readonly leaves: number;
}

export interface LinkRow {
  readonly actor: number;
  readonly peer: number;
  readonly received: number;
  readonly sent: number;
}

export interface BatchRow {
  readonly actor: number;
  readonly batch: number;
  readonly token: number;
  readonly time: number;
  /** What a market has read, in hexadecimal; null: it is no market's. */
  readonly commands: string | null;
}

/** That an actor's token was raised, and the last batch before that. */
export interface ClaimRow {
  readonly actor: number;
  readonly token: number;
  readonly batch: number;
}

export interface BalanceRow {
  readonly account: number;
  readonly asset: number;
  readonly total: number;
  readonly held: number;
}

export interface CashRow {
  readonly account: number;
  readonly asset: number;
  readonly amount: number;
}

export interface Tables {
  readonly actors: ActorRow;
  readonly orders: OrderRow;
  readonly trades: TradeRow;
  readonly journal: JournalRow;
  readonly instruments: InstrumentRow;
  readonly book: BookRow;
  readonly links: LinkRow;
  readonly batch_log: BatchRow;
  readonly claims: ClaimRow;
  readonly balances: BalanceRow;
  readonly deposits: CashRow;
  readonly withdrawals: CashRow & { readonly status: number };
}

export type TableName = keyof Tables;

/** Each table's columns, and the order of its rows. */
export const TABLES: { readonly [Name in TableName]: { columns: string; by: string } } = {
  actors: { columns: "actor, name, kind", by: "actor" },
  orders: {
    columns:
      "order_id, account, client_order_id, instrument, side, price, quantity, leaves, status, created, updated, pair, " +
      "maker_fee, taker_fee, maker_value, taker_value, fees",
    by: "order_id",
  },
  trades: {
    columns:
      "actor, trade_id, sequence, batch, price, quantity, taker_side, maker_order, taker_order",
    by: "actor, trade_id",
  },
  journal: {
    columns:
      "account, first_sequence, last_sequence, encode(events, 'hex') AS events, to_json(assets) AS assets, " +
      "to_json(total_changes) AS total_changes, to_json(held_changes) AS held_changes",
    by: "account, first_sequence",
  },
  instruments: {
    columns: "instrument, symbol, base_asset, quote_asset, notional_factor",
    by: "instrument",
  },
  book: { columns: "actor, order_id, side, price, leaves", by: "actor, order_id" },
  links: { columns: "actor, peer, received, sent", by: "actor, peer" },
  batch_log: {
    columns:
      "actor, batch, token, time, (SELECT encode(commands, 'hex') FROM actors a " +
      "WHERE a.actor = batch_log.actor AND a.kind = 'market') AS commands",
    by: "actor, batch",
  },
  claims: { columns: "actor, token, batch", by: "actor, token" },
  balances: { columns: "account, asset, total, held", by: "account, asset" },
  deposits: { columns: "account, asset, amount", by: "account, key" },
  withdrawals: { columns: "account, asset, amount, status", by: "account, key" },
};

export interface Source {
  /** All rows of a table in its order, in pages. */
  pages<Name extends TableName>(table: Name): AsyncIterable<readonly Tables[Name][]>;
}

export async function each<Name extends TableName>(
  source: Source,
  table: Name,
  take: (row: Tables[Name]) => void,
): Promise<void> {
  for await (const page of source.pages(table)) for (const row of page) take(row);
}
