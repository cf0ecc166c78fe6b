/** What a test of the reads' contract needs of an adapter. */
import type { InstrumentDefinition, Reads } from "../../services/ports/reads.js";
import type { Row, Store } from "../../services/ports/store.js";
import { SYMBOL } from "./actors.js";

export interface ReadsBench {
  readonly reads: Reads;
  /** What another gateway has. */
  readonly rival: Reads;
  /** For the actors whose rows are read. */
  readonly store: Store;
  contents(): Promise<Readonly<Record<string, readonly Row[]>>>;
  close(): Promise<void>;
}

export interface OpenReadsBench {
  (): Promise<ReadsBench>;
}

export const COMMITS_WHILE_READING = 50;

export const DEFINITION: InstrumentDefinition = {
  symbol: SYMBOL,
  base: { name: "2330", decimals: 0 },
  quote: { name: "TWD", decimals: 2 },
  priceDecimals: 2,
  quantityDecimals: 0,
  tick: 1,
  lot: 1,
  notionalFactor: 1,
  referencePrice: 100,
  makerFee: 0,
  takerFee: 0,
  feeTiers: [{ makerFee: 0, takerFee: 7 }],
};

/** Does something again and again until the work is done. */
export async function during(work: Promise<void>, task: () => Promise<void>): Promise<void> {
  const state = { isDone: false };
  const ended = work.finally(() => {
    state.isDone = true;
  });
  while (!state.isDone) await task();
  await ended;
}
