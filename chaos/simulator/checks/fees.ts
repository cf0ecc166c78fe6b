/** R7 of fees: an order is charged its rates' part of all that it has traded, rounded for the house, and its shard's house account has just that. */
import type { SeenEvent } from "./decode.js";
import type { Verdict } from "./verdict.js";

const PARTS = 1_000_000n;
/** House accounts have numbers beyond those of all others. */
const HOUSE_ACCOUNT_BASE = 2 ** 49;

/** In millionths of what is traded; below zero: a rebate. */
export interface Rates {
  readonly makerFee: number;
  readonly takerFee: number;
}

/** What an order has traded as maker and as taker, and was charged for it. */
interface Charged {
  maker: bigint;
  taker: bigint;
  fees: bigint;
}

export class FeesCheck {
  private readonly verdict: Verdict;
  private readonly orders = new Map<number, Charged>();
  /** By order and trade: what the open batch has charged, less what its house account was given. */
  private readonly open = new Map<string, number>();

  constructor(verdict: Verdict) {
    this.verdict = verdict;
  }

  /** A fill that says which fee was charged for it. */
  charge(fill: SeenEvent, isMaker: boolean, value: number, rates: Rates): void {
    const { orderId, amount: fee } = fill;
    const charged = this.orders.get(orderId) ?? { maker: 0n, taker: 0n, fees: 0n };
    this.orders.set(orderId, charged);
    charged[isMaker ? "maker" : "taker"] += BigInt(value);
    charged.fees += BigInt(fee);
    const due = partOf(charged.maker, rates.makerFee) + partOf(charged.taker, rates.takerFee);
    this.verdict.expect(
      charged.fees === due,
      "R7",
      () =>
        `order ${orderId} was charged ${charged.fees}, and owes ${due}: ${JSON.stringify(fill)}`,
    );
    this.move(fill, fee);
  }

  /** What a house account was given of it. */
  keep(given: SeenEvent, account: number): void {
    this.verdict.expect(
      isHouse(account),
      "R7",
      () => `account ${account}, which is no house account, is given a fee`,
    );
    this.move(given, -given.amount);
  }

  judgeCommit(): void {
    this.verdict.expect(
      this.open.size === 0,
      "R7",
      () =>
        `fees that were charged and not given, or otherwise: ${[...this.open.keys()].join(", ")}`,
    );
  }

  private move({ orderId, tradeId }: SeenEvent, amount: number): void {
    const key = `order ${orderId}, trade ${tradeId}`;
    const left = (this.open.get(key) ?? 0) + amount;
    if (left === 0) this.open.delete(key);
    else this.open.set(key, left);
  }
}

/** A house account may owe in one shard what it has in another. */
export function isHouse(account: number): boolean {
  return account > HOUSE_ACCOUNT_BASE;
}

/** Rounded up: a fee to more, a rebate to less. */
function partOf(value: bigint, rate: number): bigint {
  const parts = value * BigInt(rate);
  return parts > 0n ? (parts + PARTS - 1n) / PARTS : parts / PARTS;
}
