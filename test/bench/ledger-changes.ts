/** Balance changes for the ledger to make: deposits, each with an idempotency key of its own, to accounts drawn from a set. */
import { encodeLedgerCommand } from "../../actors/ledger/messages.js";

/** Beyond those that gateways give out. */
const FIRST_ACCOUNT = 10_000_000;
const AMOUNT_MAX = 1_000;
const NO_DEADLINE = 0;

/** One change of one account's balance, in units of some asset. */
export interface Change {
  readonly account: number;
  readonly amount: number;
  readonly key: string;
}

/** That many accounts' numbers. */
export function accountNumbers(count: number): number[] {
  return Array.from({ length: count }, (_, at) => FIRST_ACCOUNT + at);
}

/** Draws changes; `name` makes its keys different from those of all others. */
export class Changes {
  private readonly name: string;
  private readonly accounts: readonly number[];
  private readonly random: (below: number) => number;
  private drawn = 0;

  constructor(name: string, accounts: readonly number[], random: (below: number) => number) {
    this.name = name;
    this.accounts = accounts;
    this.random = random;
  }

  next(): Change {
    this.drawn += 1;
    return {
      account: this.accounts[this.random(this.accounts.length)]!,
      amount: 1 + this.random(AMOUNT_MAX),
      key: `${this.name}-${this.drawn}`,
    };
  }
}

export function openingOf(account: number): Uint8Array {
  return encodeLedgerCommand({ kind: "open", account, deadline: NO_DEADLINE });
}

export function depositOf({ account, amount, key }: Change, asset: number): Uint8Array {
  return encodeLedgerCommand({
    kind: "deposit",
    account,
    deadline: NO_DEADLINE,
    asset,
    amount,
    key,
  });
}
