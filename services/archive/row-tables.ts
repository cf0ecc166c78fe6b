/** The rows that say which trades and orders were archived, to which files, and what they add up to. */
import type pg from "pg";
import type { Range } from "./filed-rows.js";
import {
  FILED_FILLS,
  FILED_FLOWS,
  FILED_SETTLEMENTS,
  NOT_ALL_FILLED,
  NOT_ITS_FILLS,
} from "./filed-sql.js";
import type { RowHead, RowKind } from "./row-file.js";

export interface RowArchiveRow extends Range {
  readonly kind: RowKind;
  readonly actor: number;
  readonly number: number;
  readonly file: string;
  readonly sha256: string;
}

const COLUMNS = "kind, actor, number, first, last, rows, file, sha256";

/** An actor's files of a kind, in their order. */
export async function rowArchivesOf(
  client: pg.ClientBase,
  kind: RowKind,
  actor: number,
): Promise<RowArchiveRow[]> {
  const text = `SELECT ${COLUMNS} FROM row_archives WHERE kind = $1 AND actor = $2 ORDER BY number`;
  return (await client.query<RowArchiveRow>(text, [kind, actor])).rows;
}

export async function allRowArchives(client: pg.ClientBase): Promise<RowArchiveRow[]> {
  const text = `SELECT ${COLUMNS} FROM row_archives ORDER BY kind, actor, number`;
  return (await client.query<RowArchiveRow>(text)).rows;
}

/** Orders that filed rows and what is kept say different things of. An order is filed after its trades. */
export const WRONG_FILED: Readonly<Record<RowKind, string>> = {
  trades: `SELECT f.order_id AS order FROM (${FILED_FILLS}) f LEFT JOIN orders o USING (order_id) WHERE ${NOT_ITS_FILLS} LIMIT 1`,
  orders: `SELECT o.order_id AS order FROM filed_orders o LEFT JOIN archived_fills f USING (order_id) WHERE ${NOT_ALL_FILLED} LIMIT 1`,
};

const ADD_FLOWS = `
  INSERT INTO archived_flows AS a (actor, peer, base_in, base_out, quote_in, quote_out) ${FILED_FLOWS}
  ON CONFLICT (actor, peer) DO UPDATE SET base_in = a.base_in + excluded.base_in, base_out = a.base_out + excluded.base_out,
    quote_in = a.quote_in + excluded.quote_in, quote_out = a.quote_out + excluded.quote_out`;

const ADD_SETTLEMENTS = `
  INSERT INTO archived_settlements AS a (account, asset, amount) ${FILED_SETTLEMENTS}
  ON CONFLICT (account, asset) DO UPDATE SET amount = a.amount + excluded.amount`;

const ADD_FILLS = `
  INSERT INTO archived_fills AS a
    (order_id, account, market, is_buyer, quantity, maker_value, taker_value, lowest_price, highest_price) ${FILED_FILLS}
  ON CONFLICT (order_id) DO UPDATE SET quantity = a.quantity + excluded.quantity,
    maker_value = a.maker_value + excluded.maker_value, taker_value = a.taker_value + excluded.taker_value,
    lowest_price = least(a.lowest_price, excluded.lowest_price), highest_price = greatest(a.highest_price, excluded.highest_price)`;

/** An order that is filed has said in its own row what filled it. */
const FORGET_FILLS =
  "DELETE FROM archived_fills USING filed_orders f WHERE archived_fills.order_id = f.order_id";

/** Notes a file and adds what is filed to the sums. */
export async function addFiled(
  client: pg.ClientBase,
  archive: Omit<RowHead, "previous"> & Range & { readonly file: string; readonly sha256: string },
): Promise<void> {
  const { kind, actor, number, first, last, rows, file, sha256 } = archive;
  await client.query(
    `INSERT INTO row_archives (${COLUMNS}) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`,
    [kind, actor, number, first, last, rows, file, sha256],
  );
  for (const text of [ADD_FLOWS, ADD_SETTLEMENTS, ADD_FILLS, FORGET_FILLS]) {
    await client.query(text);
  }
}
