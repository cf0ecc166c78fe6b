/** One thing that happened to an order, in one batch of one actor. */
import type pg from "pg";
import type { OrderRow } from "../ports/reads.js";
import type { BatchLog, BatchRange, AppliedCommand } from "./batch-log.js";
import type { OrderWords } from "./order-words.js";
import type { Message, Senders } from "./senders.js";

export interface Step {
  /** When its batch was begun, in microseconds since 1970. */
  readonly time: number;
  /** `ledger.1`, `market.2330.TW`. */
  readonly actor: string;
  readonly batch: number;
  /** Null: the batch is no longer kept. */
  readonly token: number | null;
  /** Null: it is not known; claims were not noted then. */
  readonly node: string | null;
  /** A client asked; the account was told; the market took a command; it traded. */
  readonly kind: "asked" | "told" | "taken" | "traded";
  /** The command that it came of, where that is known. */
  readonly message: Message | null;
  readonly what: string;
  /** What the batch moved of what the account has. */
  readonly money: readonly string[];
}

/** What is needed to tell of an order. */
export interface Telling {
  readonly pool: pg.Pool;
  readonly order: OrderRow;
  /** Nothing more can happen to it. */
  readonly isOver: boolean;
  readonly words: OrderWords;
  readonly senders: Senders;
  /** What cannot be told, and why: added to as it is found. */
  readonly gaps: string[];
}

/** What a log has of the order; what it has no more, or is too much to search, is added to the gaps. */
export async function searchLog(
  { senders, gaps }: Telling,
  { id }: { readonly id: number },
  log: BatchLog,
  range: BatchRange,
  bytes: readonly Uint8Array[],
): Promise<readonly AppliedCommand[]> {
  const { found, left } = await log.search(range, bytes);
  if (left) {
    const batches = `batches ${left.from} to ${left.to} of ${senders.nameOf(id)}`;
    gaps.push(`${batches} were not searched: the order lived for too long to look at each`);
  }
  return found;
}

export function trimmed(
  { senders }: Telling,
  { id }: { readonly id: number },
  log: BatchLog,
): string {
  const kept = log.oldest === 0 ? "is empty" : `begins at batch ${log.oldest}`;
  return `the batch log of ${senders.nameOf(id)} ${kept}: what was applied before is no longer kept`;
}
