/** What a test of the store's contract needs of an adapter. */
import type { Row, Store } from "../../services/ports/store.js";

export interface StoreBench {
  readonly store: Store;
  /** A store of another node on the same rows. */
  readonly rival: Store;
  /** Adds the row of a market, as an operator's definition does, and gives its id. */
  addMarket(name: string): Promise<number>;
  /** Everything that is stored, by table, in some fixed order. */
  contents(): Promise<Readonly<Record<string, readonly Row[]>>>;
  /** Voids every claim, as an operator does who has restored a backup. */
  reincarnate(): Promise<void>;
  close(): Promise<void>;
}

export interface OpenStoreBench {
  (): Promise<StoreBench>;
}

/** Effects of nothing but these rows, each part as a list of objects. */
export function rowSets(parts: Readonly<Record<string, readonly Row[]>>) {
  return Object.fromEntries(
    Object.entries(parts).map(([part, rows]) => {
      const names = Object.keys(rows[0] ?? {});
      const columns = Object.fromEntries(
        names.map((name) => [name, rows.map((row) => row[name] as number | string)]),
      );
      return [part, { count: rows.length, columns }];
    }),
  );
}
