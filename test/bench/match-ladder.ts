/** The variants of `match-variants.ts` side by side, and how rates are taken. */
import { TimeInForce } from "../../actors/kernel/order.js";
import { type Flow, MessageKind } from "./match-flow.js";
import { ObjectBook, type Variant } from "./match-variants.js";
import { TypedBook } from "./match-variants-typed.js";

const MS_PER_SECOND = 1_000;
const MILLION = 1e6;
const HUNDRED = 100;

const VARIANTS: readonly (readonly [string, () => Variant])[] = [
  ["objects", () => new ObjectBook(false)],
  ["pooledObjects", () => new ObjectBook(true)],
  ["typedArrays", () => new TypedBook(false, false)],
  ["ownIndex", () => new TypedBook(true, false)],
  ["priceWindow", () => new TypedBook(true, true)],
];

/** Rates of several runs, in million messages a second. */
export class Rates {
  private readonly all: number[] = [];

  add(rate: number): void {
    this.all.push(rate);
  }

  get last(): number {
    return this.all[this.all.length - 1] ?? 0;
  }

  get fastest(): number {
    return Math.max(...this.all);
  }

  get median(): number {
    const sorted = [...this.all].sort((a, b) => a - b);
    return sorted[Math.floor(sorted.length / 2)]!;
  }
}

/** At what rate something goes through the counted messages of a flow, in millions a second. */
export function inMillions(flow: Flow, work: () => void): number {
  const started = performance.now();
  work();
  const seconds = (performance.now() - started) / MS_PER_SECOND;
  return Math.round(((flow.length - flow.standing) / seconds / MILLION) * HUNDRED) / HUNDRED;
}

export interface LadderReport {
  readonly rates: Readonly<Record<string, number>>;
  /** Did all trade the same? */
  readonly isSame: boolean;
}

export function measureLadder(flow: Flow, runs: number, log: (line: string) => void): LadderReport {
  const rates = VARIANTS.map(() => new Rates());
  const traded = new Set<number>();
  for (let run = 0; run <= runs; run++) {
    VARIANTS.forEach(([, create], at) => {
      const book = create();
      runVariant(book, flow, 0, flow.standing);
      const rate = inMillions(flow, () => runVariant(book, flow, flow.standing, flow.length));
      if (run > 0) rates[at]!.add(rate);
      traded.add(book.traded);
    });
    log(`run ${run} of ${runs} of the variants`);
  }
  const medians = VARIANTS.map(([name], at) => [name, rates[at]!.median] as const);
  return { rates: Object.fromEntries(medians), isSame: traded.size === 1 };
}

function runVariant(book: Variant, flow: Flow, from: number, to: number): void {
  const { kinds, orderIds, sides, prices, quantities, timesInForce } = flow;
  for (let at = from; at < to; at++) {
    const kind = kinds[at]!;
    if (kind === MessageKind.Enter) {
      const isImmediate = timesInForce[at] === TimeInForce.ImmediateOrCancel;
      book.enter(orderIds[at]!, sides[at]!, prices[at]!, quantities[at]!, isImmediate);
    } else if (kind === MessageKind.Cancel) {
      book.cancel(orderIds[at]!);
    } else {
      book.amend(orderIds[at]!, prices[at]!, quantities[at]!);
    }
  }
}
