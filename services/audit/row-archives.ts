/**
 * Archive files of trades and orders against what the database says of them, and what the rules say of both together: all files are read
 * into tables of the session, and judged in SQL (R7, R10).
 */
import { join } from "node:path";
import type { Client } from "pg";
import { CLIENT_ORDER_ID_KEPT_MICROS } from "../../actors/kernel/limits.js";
import { OrderStatus } from "../../actors/kernel/order.js";
import { FiledRows, type Range } from "../archive/filed-rows.js";
import {
  FILED_FILLS,
  FILED_FLOWS,
  FILED_SETTLEMENTS,
  NOT_ALL_FILLED,
  NOT_ITS_FILLS,
} from "../archive/filed-sql.js";
import { ArchiveError } from "../archive/format.js";
import { readRows } from "../archive/row-file.js";
import { allRowArchives, type RowArchiveRow } from "../archive/row-tables.js";
import { feesWrong } from "./rules.js";

type WrongRow = Readonly<Record<string, unknown>>;

interface Check {
  readonly wrong: string;
  readonly rows: string;
}

const CHECKS: readonly Check[] = [
  {
    wrong: "the files of a market's trades have a hole, or a trade twice",
    rows: `SELECT actor, trade_id FROM (
        SELECT actor, trade_id, lag(trade_id, 1, 0::bigint) OVER (PARTITION BY actor ORDER BY trade_id) AS previous FROM filed_trades
      ) t WHERE trade_id <> previous + 1`,
  },
  {
    wrong: "a trade is in a file and in the database",
    rows: "SELECT actor, trade_id FROM filed_trades JOIN trades USING (actor, trade_id)",
  },
  {
    wrong: "an order is in two files, or in one and in the database",
    rows: `SELECT order_id FROM (
        SELECT order_id FROM filed_orders UNION ALL SELECT o.order_id FROM orders o JOIN filed_orders USING (order_id)
      ) o GROUP BY order_id HAVING count(*) > 1`,
  },
  {
    wrong: "what archived trades moved in and out of a shard is noted otherwise",
    rows: `SELECT actor, peer, to_jsonb(f) AS in_files, to_jsonb(a) AS in_table
      FROM (${FILED_FLOWS}) f FULL JOIN archived_flows a USING (actor, peer)
      WHERE (f.base_in, f.base_out, f.quote_in, f.quote_out) IS DISTINCT FROM (a.base_in, a.base_out, a.quote_in, a.quote_out)`,
  },
  {
    wrong: "what archived trades and fees moved of an account is noted otherwise",
    rows: `SELECT account, asset, f.amount AS in_files, a.amount AS in_table
      FROM (${FILED_SETTLEMENTS}) f FULL JOIN archived_settlements a USING (account, asset)
      WHERE coalesce(f.amount, 0) <> coalesce(a.amount, 0)`,
  },
  {
    wrong: "what archived trades filled of an order that is kept is noted otherwise",
    rows: `SELECT order_id, to_jsonb(f) AS in_files, to_jsonb(a) AS in_table
      FROM (SELECT * FROM (${FILED_FILLS}) f WHERE NOT EXISTS (SELECT FROM filed_orders o WHERE o.order_id = f.order_id)) f
      FULL JOIN archived_fills a USING (order_id)
      WHERE f IS DISTINCT FROM a`,
  },
  {
    wrong: "an archived order was not ended, or not filled by just its trades",
    rows: `SELECT order_id, o.filled, f.quantity FROM filed_orders o LEFT JOIN (${FILED_FILLS}) f USING (order_id) WHERE ${NOT_ALL_FILLED}`,
  },
  {
    wrong: "an archived trade is of no order of its account and instrument, or beyond its limit",
    rows: `SELECT order_id, f.account, f.market FROM (${FILED_FILLS}) f
      LEFT JOIN (SELECT * FROM filed_orders UNION ALL SELECT * FROM orders) o USING (order_id) WHERE ${NOT_ITS_FILLS}`,
  },
  {
    wrong: "an archived order was charged other fees than its rates say",
    rows: `SELECT order_id, o.fees FROM filed_orders o WHERE o.maker_fee IS NOT NULL AND ${feesWrong("o")}`,
  },
  {
    wrong: "an archived order's id was another's too soon",
    rows: `SELECT order_id, account, client_order_id, next_order_id FROM (
        SELECT order_id, account, client_order_id, status, updated, lead(order_id) OVER w AS next_order_id, lead(created) OVER w AS next_created
        FROM (SELECT * FROM filed_orders UNION ALL SELECT * FROM orders) o
        WINDOW w AS (PARTITION BY account, client_order_id ORDER BY order_id)
      ) o WHERE status < ${OrderStatus.Filled} AND next_order_id IS NOT NULL OR next_created - updated < ${CLIENT_ORDER_ID_KEPT_MICROS}`,
  },
];

/** What is wrong with the files of a folder. */
export async function wrongRowArchives(client: Client, folder: string): Promise<WrongRow[]> {
  const filed = await FiledRows.open(client);
  const found: WrongRow[] = [];
  let previous: RowArchiveRow | null = null;
  for (const archive of await allRowArchives(client)) {
    const isFirst = previous?.kind !== archive.kind || previous.actor !== archive.actor;
    const wrong = await wrongIn(filed, folder, archive, isFirst ? null : previous);
    if (wrong) found.push({ actor: archive.actor, file: archive.file, wrong });
    previous = archive;
  }
  // Of what cannot be read whole nothing more is known.
  if (found.length > 0) return found;
  await filed.analyze();
  for (const { wrong, rows } of CHECKS) {
    const broken = await client.query<WrongRow>(rows);
    found.push(...broken.rows.map((row) => ({ wrong, ...row })));
  }
  return found;
}

async function wrongIn(
  filed: FiledRows,
  folder: string,
  { kind, actor, number, file, sha256, first, last, rows }: RowArchiveRow,
  previous: RowArchiveRow | null,
): Promise<string | null> {
  if (number !== (previous?.number ?? 0) + 1) return `it follows number ${previous?.number ?? 0}`;
  const head = { kind, actor, number, previous: previous?.sha256 ?? "" };
  let range: Range;
  try {
    range = await filed.add(kind, readRows(join(folder, file), sha256, head));
  } catch (error) {
    if (error instanceof ArchiveError) return error.message;
    throw error;
  }
  const isSame = range.first === first && range.last === last && range.rows === rows;
  return isSame ? null : `it has other ${kind} than is noted: ${JSON.stringify(range)}`;
}
