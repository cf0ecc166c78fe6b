/** The store on Postgres (see `services/ports/store.ts`). */
import type pg from "pg";
import { FIRST_MARKET_ID } from "../../../actors/kernel/ids.js";
import { FINISHED_ORDERS_RECOVERED_MAX } from "../../../actors/kernel/limits.js";
import type { Link } from "../../../actors/kernel/links.js";
import {
  type ActorRecord,
  type Batch,
  ClientOrderIdConflict,
  CommitUnknownError,
  FencedError,
  type OutboxRow,
  type Row,
  type Store,
} from "../../ports/store.js";
import { inTransaction, openPool, PAGE_TIMEOUT_MS } from "./connections.js";
import { isOwnBug, sqlState } from "./errors.js";
import { commitStatement } from "./sql.js";

const PAGE_ROWS_MAX = 2_000;
const FETCH_PAGE = {
  text: `FETCH ${PAGE_ROWS_MAX} FROM loaded`,
  query_timeout: PAGE_TIMEOUT_MS,
};
const UNIQUE_VIOLATION = "23505";

const RECORD_COLUMNS = `actor AS id, name, kind, incarnation, token, batch, event_batch AS "eventBatch", anchor,
  stream_created AS "streamCreated", position, position_stored AS "positionStored", time, hash, state`;

export class PostgresStore implements Store {
  private readonly pool: pg.Pool;

  constructor(url: string, holder: string) {
    this.pool = openPool(url, holder);
  }

  async close(): Promise<void> {
    await this.pool.end();
  }

  async actors(): Promise<ActorRecord[]> {
    return this.read<ActorRecord>(`SELECT ${RECORD_COLUMNS} FROM actors ORDER BY actor`);
  }

  async record(actor: number): Promise<ActorRecord | null> {
    const text = `SELECT ${RECORD_COLUMNS} FROM actors WHERE actor = $1`;
    return (await this.read<ActorRecord>(text, [actor]))[0] ?? null;
  }

  async raise(
    actor: number,
    fromToken: number,
    holder: string,
    leaseRevision: number,
  ): Promise<ActorRecord | null> {
    const rows = await this.read<ActorRecord>(
      `UPDATE actors SET token = $2::bigint + 1, holder = $3,
         lease_revision = CASE WHEN $4::bigint = 0 THEN lease_revision ELSE $4 END
       WHERE actor = $1 AND token = $2 RETURNING ${RECORD_COLUMNS}`,
      [actor, fromToken, holder, leaseRevision],
    );
    return rows[0] ?? null;
  }

  async commit(batch: Batch): Promise<{ readonly time: number }> {
    const statement = commitStatement(batch);
    let row: { readonly now: number; readonly fence: number };
    try {
      row = (await this.pool.query<typeof row>(statement)).rows[0]!;
    } catch (error) {
      throw await this.commitError(batch, error);
    }
    if (row.fence !== 1) {
      throw new FencedError(
        `${batch.actor.name}: token ${batch.token} or batch ${batch.number - 1} is not current`,
      );
    }
    return { time: row.now };
  }

  links(actor: number): Promise<Link[]> {
    return this.read<Link>("SELECT peer, token, received, sent FROM links WHERE actor = $1", [
      actor,
    ]);
  }

  outbox(actor: number): Promise<OutboxRow[]> {
    return this.read<OutboxRow>(
      "SELECT destination, first, last, frame FROM outbox WHERE actor = $1 ORDER BY destination, last",
      [actor],
    );
  }

  /** By cursors: each table's rows are found and put in order once, however many pages they fill. */
  async load(
    record: ActorRecord,
    page: (table: string, rows: readonly Row[]) => void,
  ): Promise<void> {
    await inTransaction(this.pool, async (client) => {
      for (const { table, text } of record.kind === "ledger" ? LEDGER_TABLES : MARKET_TABLES) {
        await client.query(`DECLARE loaded NO SCROLL CURSOR FOR ${text}`, [record.id]);
        for (;;) {
          const { rows } = await client.query<Row>(FETCH_PAGE);
          if (rows.length > 0) page(table, rows);
          if (rows.length < PAGE_ROWS_MAX) break;
        }
        await client.query("CLOSE loaded");
      }
    });
  }

  orders(orderIds: readonly number[]): Promise<Row[]> {
    return this.read<Row>("SELECT * FROM orders WHERE order_id = ANY ($1::bigint[])", [
      `{${orderIds.join(",")}}`,
    ]);
  }

  async now(): Promise<number> {
    const text = "SELECT (extract(epoch FROM clock_timestamp()) * 1000000)::bigint AS now";
    return (await this.read<{ now: number }>(text))[0]!.now;
  }

  private async read<T>(text: string, values: readonly unknown[] = []): Promise<T[]> {
    const config = { text, values: [...values], query_timeout: PAGE_TIMEOUT_MS };
    return (await this.pool.query(config)).rows as T[];
  }

  /** What a failed commit means: another id's owner, a bug of ours, or that nobody knows. */
  private async commitError(batch: Batch, error: unknown): Promise<Error> {
    const state = sqlState(error);
    const { message, constraint } = error as Error & { constraint?: string };
    if (state === UNIQUE_VIOLATION && constraint === "orders_by_client_id") {
      try {
        return new ClientOrderIdConflict(await this.conflicting(batch));
      } catch (lookup) {
        return new CommitUnknownError(`looking up client order ids: ${(lookup as Error).message}`);
      }
    }
    if (state !== undefined && isOwnBug(state)) return new Error(`${state}: ${message}`);
    return new CommitUnknownError(`${state ?? "connection"}: ${message}`);
  }

  private async conflicting(batch: Batch): Promise<number[]> {
    const columns = batch.effects.rows["orders_new"]!.columns;
    const rows = await this.read<{ order_id: number }>(
      `SELECT order_id FROM orders JOIN unnest($1::bigint[], $2::text[]) AS u (account, client_order_id)
       USING (account, client_order_id)`,
      [columns["account"], columns["client_order_id"]],
    );
    return rows.map((row) => row.order_id);
  }
}

interface LoadedTable {
  readonly table: string;
  /** Takes the actor. */
  readonly text: string;
}

const LEDGER_TABLES: readonly LoadedTable[] = [
  {
    table: "shard_instruments",
    text: `SELECT instrument, definition, reference_price FROM shard_instruments
           WHERE actor = $1 ORDER BY instrument`,
  },
  {
    table: "accounts",
    text: `SELECT account, opened, coalesce((SELECT last_sequence FROM journal j
             WHERE j.account = a.account ORDER BY last_sequence DESC LIMIT 1), 0) AS sequence
           FROM accounts a WHERE actor = $1 ORDER BY account`,
  },
  {
    table: "balances",
    text: `SELECT account, asset, total, held FROM balances WHERE actor = $1 ORDER BY account, asset`,
  },
  {
    table: "deposits",
    text: `SELECT account, key, asset, amount, sequence FROM deposits
           WHERE actor = $1 ORDER BY account, key`,
  },
  {
    table: "shard_totals",
    text: `SELECT asset, deposits FROM shard_totals WHERE actor = $1 ORDER BY asset`,
  },
  {
    table: "flows",
    text: `SELECT peer, base_in, base_out, quote_in, quote_out FROM links
           WHERE actor = $1 AND peer >= ${FIRST_MARKET_ID} ORDER BY peer`,
  },
  {
    // Live orders, and the newest of the finished: from the oldest one on that is still kept.
    table: "orders",
    text: `SELECT * FROM orders WHERE actor = $1 AND (status < 4 OR order_id >= coalesce((
             SELECT order_id FROM orders WHERE actor = $1 AND status >= 4 ORDER BY order_id DESC
             OFFSET ${FINISHED_ORDERS_RECOVERED_MAX - 1} LIMIT 1), 0))
           ORDER BY order_id`,
  },
];

const MARKET_TABLES: readonly LoadedTable[] = [
  {
    table: "book",
    text: `SELECT order_id, account, side, price, leaves, priority FROM book
           WHERE actor = $1 ORDER BY side, price, priority`,
  },
];
