/**
 * What the trades of each market have moved into and out of the shard's accounts: running totals that an audit
 * compares with the market's own trades (R7). They count turnover, which has no limit, so they wrap at 2^53; the
 * differences and comparisons that an audit makes hold modulo 2^53.
 */
import { NO_ROWS, type RowSet } from "../kernel/actor.js";
import type { StateHash } from "../kernel/hash.js";
import { UNITS_MAX } from "../kernel/limits.js";
import { HashKind } from "./hash-kinds.js";
import { numberIn, rowSetOf, type TableRow } from "./rows.js";

/** Units of the market's base and quote asset. */
export interface Flow {
  readonly peer: number;
  baseIn: number;
  baseOut: number;
  quoteIn: number;
  quoteOut: number;
}

/** a + b modulo 2^53, both from 0 to 2^53 − 1, without leaving the exact integers. */
export function wrappingSum(a: number, b: number): number {
  const room = UNITS_MAX - a;
  return b <= room ? a + b : b - room - 1;
}

export class Flows {
  private readonly hash: StateHash;
  private readonly byPeer = new Map<number, Flow>();
  private readonly touched = new Set<Flow>();

  constructor(hash: StateHash) {
    this.hash = hash;
  }

  all(): Iterable<Flow> {
    return this.byPeer.values();
  }

  /** An account of the shard bought `base` for `quote` at the market. */
  bought(peer: number, base: number, quote: number): void {
    const flow = this.change(peer);
    flow.baseIn = wrappingSum(flow.baseIn, base);
    flow.quoteOut = wrappingSum(flow.quoteOut, quote);
    this.rehash(flow);
  }

  /** An account of the shard sold `base` for `quote` at the market. */
  sold(peer: number, base: number, quote: number): void {
    const flow = this.change(peer);
    flow.baseOut = wrappingSum(flow.baseOut, base);
    flow.quoteIn = wrappingSum(flow.quoteIn, quote);
    this.rehash(flow);
  }

  takeRows(): RowSet {
    if (this.touched.size === 0) return NO_ROWS;
    const rows = rowSetOf([...this.touched], {
      peer: (flow) => flow.peer,
      base_in: (flow) => flow.baseIn,
      base_out: (flow) => flow.baseOut,
      quote_in: (flow) => flow.quoteIn,
      quote_out: (flow) => flow.quoteOut,
    });
    this.dropRows();
    return rows;
  }

  dropRows(): void {
    this.touched.clear();
  }

  /** A market that has moved nothing yet is not a part of the state. */
  restore(row: TableRow): void {
    const flow: Flow = {
      peer: numberIn(row, "peer"),
      baseIn: numberIn(row, "base_in"),
      baseOut: numberIn(row, "base_out"),
      quoteIn: numberIn(row, "quote_in"),
      quoteOut: numberIn(row, "quote_out"),
    };
    if (flow.baseIn + flow.baseOut + flow.quoteIn + flow.quoteOut === 0) return;
    this.byPeer.set(flow.peer, flow);
    this.rehash(flow);
  }

  private change(peer: number): Flow {
    let flow = this.byPeer.get(peer);
    if (flow) {
      const { baseIn, baseOut, quoteIn, quoteOut } = flow;
      this.hash.remove(HashKind.Flow, peer, baseIn, baseOut, quoteIn, quoteOut);
    } else {
      flow = { peer, baseIn: 0, baseOut: 0, quoteIn: 0, quoteOut: 0 };
      this.byPeer.set(peer, flow);
    }
    this.touched.add(flow);
    return flow;
  }

  private rehash({ peer, baseIn, baseOut, quoteIn, quoteOut }: Flow): void {
    this.hash.add(HashKind.Flow, peer, baseIn, baseOut, quoteIn, quoteOut);
  }
}
