/**
 * Which accounts trade which symbols. Where an account owns some symbols only, funding many accounts of an exchange with
 * many symbols ends: symbols are dealt out in groups, and accounts to the groups in turn.
 */
import type { Instrument } from "../../proto/gen/exchange/v1/exchange.js";

export class Holdings {
  readonly groups: readonly (readonly Instrument[])[];
  private readonly groupOf: ReadonlyMap<string, number>;

  /** `perAccount`: how many symbols an account owns; 0: all. */
  constructor(instruments: readonly Instrument[], perAccount: number) {
    const size = perAccount === 0 ? instruments.length : perAccount;
    const count = Math.max(1, Math.ceil(instruments.length / size));
    this.groups = Array.from({ length: count }, (_, group) =>
      instruments.slice(group * size, (group + 1) * size),
    );
    this.groupOf = new Map(
      this.groups.flatMap((group, at) => group.map(({ symbol }) => [symbol, at] as const)),
    );
  }

  /** How many of so many accounts own a symbol; each group has the same number of them. */
  ownersAmong(accounts: number): number {
    return Math.floor(accounts / this.groups.length);
  }

  /** The n-th account that owns a symbol, counted from the first account of all. */
  owner(symbol: string, n: number): number {
    return n * this.groups.length + this.groupOf.get(symbol)!;
  }
}
