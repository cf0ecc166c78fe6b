/** One account's journal as it is stored: its rows, page by page, and the names of what they speak of. All of one snapshot. */
import pg from "pg";
import type { Instrument } from "../../actors/kernel/instrument.js";
import { formatDecimal } from "../common/decimal.js";

/** Rows of the journal that are held in memory at once. */
const PAGE_ROWS = 1_000;

/** Microseconds since 1970; `to` is no part of it. */
export interface Period {
  readonly from: number;
  readonly to: number;
}

/** The journal and its columns do not say the same. */
export class JournalError extends Error {}

export interface JournalRow {
  readonly time: number;
  readonly first: number;
  readonly last: number;
  readonly events: Buffer;
  readonly assets: readonly number[];
  readonly changes: readonly number[];
}

/** Reads what is asked for in one snapshot; null: there is no such account. */
export async function onJournal<T>(
  postgresUrl: string,
  account: number,
  read: (client: pg.Client, books: Books) => Promise<T>,
): Promise<T | null> {
  const client = new pg.Client({
    connectionString: postgresUrl,
    application_name: "palisade-journal",
  });
  await client.connect();
  try {
    await client.query("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY");
    const known = await client.query("SELECT FROM accounts WHERE account = $1", [account]);
    if (known.rowCount === 0) return null;
    return await read(client, await Books.read(client));
  } finally {
    await client.end();
  }
}

/** The assets and instruments that journals name by number. */
export class Books {
  private readonly assets: ReadonlyMap<
    number,
    { readonly name: string; readonly decimals: number }
  >;
  private readonly instruments: ReadonlyMap<number, Instrument>;

  private constructor(assets: Books["assets"], instruments: Books["instruments"]) {
    this.assets = assets;
    this.instruments = instruments;
  }

  static async read(client: pg.Client): Promise<Books> {
    const assets = await client.query<{ asset: number; name: string; decimals: number }>(
      "SELECT asset, name, decimals FROM assets",
    );
    const instruments = await client.query<Instrument>(
      `SELECT instrument AS id, symbol, base_asset AS "baseAsset", quote_asset AS "quoteAsset",
         notional_factor::integer AS "notionalFactor", price_decimals AS "priceDecimals" FROM instruments`,
    );
    return new Books(
      new Map(assets.rows.map((row) => [row.asset, row])),
      new Map(instruments.rows.map((row) => [row.id, row])),
    );
  }

  instrument(id: number): Instrument {
    const found = this.instruments.get(id);
    if (!found) throw new JournalError(`the journal names instrument ${id}, which is not there`);
    return found;
  }

  nameOf(asset: number): string {
    return this.assets.get(asset)?.name ?? `asset ${asset}`;
  }

  amount(asset: number, units: number | bigint): string {
    return formatDecimal(units, this.assets.get(asset)?.decimals ?? 0);
  }

  inWords(balances: ReadonlyMap<number, number>): Record<string, string> {
    const named = [...balances].map(([asset, units]) => [
      this.nameOf(asset),
      this.amount(asset, units),
    ]);
    return Object.fromEntries(named) as Record<string, string>;
  }
}

export async function* journalRows(
  client: pg.Client,
  account: number,
  { from, to }: Period,
): AsyncGenerator<JournalRow> {
  for (let after = 0; ; ) {
    const { rows } = await client.query<
      Record<"time" | "first" | "last", string> & {
        readonly events: Buffer;
        readonly assets: number[];
        readonly changes: string[];
      }
    >(
      `SELECT time, first_sequence AS first, last_sequence AS last, events, assets, total_changes AS changes
       FROM journal WHERE account = $1 AND last_sequence > $2 AND time >= $3 AND time < $4
       ORDER BY last_sequence LIMIT ${PAGE_ROWS}`,
      [account, after, from, to],
    );
    for (const row of rows) {
      const [time, first, last] = [Number(row.time), Number(row.first), Number(row.last)];
      yield { ...row, time, first, last, changes: row.changes.map(Number) };
      after = last;
    }
    if (rows.length < PAGE_ROWS) return;
  }
}
