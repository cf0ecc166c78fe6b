/**
 * Deposits: what came into the shard from outside. A deposit's key is kept for as long as its account lives, so a repeated deposit is
 * the same deposit. There are very many of them, so they are rows of columns and no objects.
 */
import { NO_ROWS, type RowSet } from "../kernel/actor.js";
import { assert } from "../kernel/assert.js";
import type { Account } from "./accounts.js";
import { KeyTable } from "./key-table.js";
import { numberIn, type TableRow, textIn } from "./rows.js";

export interface Deposit {
  readonly asset: number;
  /** In the asset's units. */
  readonly amount: number;
  /** The number of its event in the account's journal. */
  readonly sequence: number;
}

/** What there is to a deposit besides its account and key: so many numbers of its row. */
const WIDTH = 3;
const INITIAL_ROWS = 256;

export class Deposits {
  private readonly keys = new KeyTable();
  private values = new Float64Array(INITIAL_ROWS * WIDTH);
  /** The first row of the open batch, and the keys from there on. */
  private fresh = 0;
  private freshKeys: string[] = [];

  find(account: Account, key: string): Deposit | undefined {
    const row = this.keys.find(account.id, key);
    return row < 0 ? undefined : this.at(row);
  }

  *all(): Generator<Deposit> {
    for (let row = 0; row < this.keys.size; row++) yield this.at(row);
  }

  add(account: Account, key: string, { asset, amount, sequence }: Deposit): void {
    const row = this.keys.add(account.id, key);
    assert(row >= 0, "a deposit key of account %s is used", account.id);
    if (row * WIDTH === this.values.length) {
      const larger = new Float64Array(this.values.length * 2);
      larger.set(this.values);
      this.values = larger;
    }
    this.freshKeys.push(key);
    this.values[row * WIDTH] = asset;
    this.values[row * WIDTH + 1] = amount;
    this.values[row * WIDTH + 2] = sequence;
  }

  takeRows(): RowSet {
    const { keys, values, fresh, freshKeys } = this;
    if (freshKeys.length === 0) return NO_ROWS;
    const columns = {
      account: freshKeys.map((_, at) => keys.accountAt(fresh + at)),
      key: freshKeys,
      asset: freshKeys.map((_, at) => values[(fresh + at) * WIDTH]!),
      amount: freshKeys.map((_, at) => values[(fresh + at) * WIDTH + 1]!),
      sequence: freshKeys.map((_, at) => values[(fresh + at) * WIDTH + 2]!),
    };
    this.dropRows();
    return { count: columns.key.length, columns };
  }

  restore(account: Account, row: TableRow): void {
    this.add(account, textIn(row, "key"), {
      asset: numberIn(row, "asset"),
      amount: numberIn(row, "amount"),
      sequence: numberIn(row, "sequence"),
    });
    this.dropRows();
  }

  dropRows(): void {
    this.fresh = this.keys.size;
    this.freshKeys = [];
  }

  private at(row: number): Deposit {
    const at = row * WIDTH;
    const [asset, amount, sequence] = [
      this.values[at]!,
      this.values[at + 1]!,
      this.values[at + 2]!,
    ];
    return { asset, amount, sequence };
  }
}
