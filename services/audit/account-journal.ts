/** One account's journal as it is stored: its rows, and the names of what they speak of. All of one snapshot. */
import pg from "pg";
import type { Instrument } from "../../actors/kernel/instrument.js";
import { urlOfAccount } from "../adapters/instances/url-of-account.js";
import { EXACT_INTEGERS } from "../adapters/postgres/connections.js";
import { formatDecimal } from "../common/decimal.js";
import { JournalReader } from "./journal-reader.js";

/** The journal and its columns do not say the same. */
export class JournalError extends Error {}

/**
 * Reads what is asked for in one snapshot; null: there is no such account. `archives`: the folder of the archive files, for who wants to
 * read what is older than what is kept.
 */
export async function onJournal<T>(
  postgresUrl: string,
  account: number,
  archives: string | undefined,
  read: (journal: JournalReader, books: Books) => Promise<T>,
): Promise<T | null> {
  const client = new pg.Client({
    connectionString: await urlOfAccount(postgresUrl, account),
    application_name: "palisade-journal",
    types: EXACT_INTEGERS,
  });
  await client.connect();
  try {
    await client.query("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY");
    const known = await client.query("SELECT FROM accounts WHERE account = $1", [account]);
    if (known.rowCount === 0) return null;
    const journal = await JournalReader.open(client, account, archives);
    return await read(journal, await Books.read(client));
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
